import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule, { type FormatsPlugin } from 'ajv-formats';

type Json = Record<string, unknown>;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Json };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Json }>>;
}

/** Checks what goes over the wire against Hetzner's own description of its API. Each list is empty when all is well. */
export interface OpenApi {
  checkRequest(method: string, url: string | URL, body: unknown): string[];
  checkResponse(method: string, url: string | URL, status: number, body: unknown): string[];
}

const documentUrl = new URL('../../../shared/specs/hetzner-cloud.openapi.json', import.meta.url);

/** Why the checks can't be made here, or undefined when they can. */
export const openApiAbsence = (): string | undefined =>
  existsSync(documentUrl) ? undefined : 'Hetzner’s OpenAPI document is not beside this project (../shared/specs)';

const ajvFormats = addFormatsModule as unknown as FormatsPlugin;

const readDocument = () =>
  JSON.parse(readFileSync(fileURLToPath(documentUrl), 'utf8')) as Json & {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };

/** Every operation as `METHOD /path/{id}`, each number in the path named `{id}`; empty when the document is absent. */
export function operationsOf(): string[] {
  if (openApiAbsence()) return [];
  return Object.entries(readDocument().paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(action_)?id\}/g, '{id}')}`),
  );
}

/** The words of errors that any operation can answer with; empty when the document is absent. */
export function generalErrorWords(): string[] {
  if (openApiAbsence()) return [];
  const { info } = readDocument() as unknown as { readonly info: { readonly description: string } };
  return [...info.description.matchAll(/^\| `[45]\d\d` \| `([a-z_]+)`/gm)].map(([, word]) => word!);
}

/** @returns undefined when the document is not there; `openApiAbsence` says so in words. */
export function loadOpenApi(): OpenApi | undefined {
  if (openApiAbsence()) return undefined;
  return new Checker(amended(readDocument()));
}

/** A network's members, which came after this copy of the document. */
const memberList = {
  parameters: [
    ...['type', 'status', 'subnet'].map((name) => ({
      name,
      in: 'query',
      schema: { type: 'array', items: { type: 'string' } },
    })),
    ...['page', 'per_page'].map((name) => ({ name, in: 'query', schema: { type: 'integer' } })),
  ],
  responses: {
    '200': {
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['members', 'meta'],
            properties: {
              members: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['type', 'id', 'ip', 'status', 'alias_ips', 'subnet'],
                  properties: {
                    type: { enum: ['server', 'load_balancer'] },
                    id: { type: 'integer' },
                    ip: { type: 'string' },
                    status: { enum: ['ok', 'attaching', 'detaching', 'updating', 'error'] },
                    alias_ips: { type: 'array', items: { type: 'string' } },
                    subnet: { type: 'string' },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

/**
 * What the document's prose says and its schemas do not: a free primary IP's assignee, ids where the schema knows
 * only names, and a load balancer's service whose missing parts have defaults. And what has changed since this copy of
 * it, by the change logs of the official clients: load balancers hold Primary IPs and are deleted by an action.
 */
function amended<T extends object>(document: T): T {
  const schemas = at(document, ['components', 'schemas']);
  at(schemas, ['PrimaryIp', 'properties', 'assignee_type'])['enum'] = ['server', 'load_balancer', 'unassigned'];
  const deleteBalancer = at(document, ['paths', '/load_balancers/{id}', 'delete', 'responses']);
  deleteBalancer['201'] = at(document, [
    'paths',
    '/load_balancers/{id}/actions/add_target',
    'post',
    'responses',
    '201',
  ]);
  delete deleteBalancer['204'];
  at(document, ['paths'])['/networks/{id}/members'] = { get: memberList };
  const idOrName = { type: ['string', 'integer'] };
  const body = (path: string) =>
    at(document, ['paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema', 'properties']);
  for (const field of ['location', 'server_type', 'image']) Object.assign(at(body('/servers'), [field]), idOrName);
  Object.assign(at(body('/servers'), ['ssh_keys', 'items']), idOrName);
  Object.assign(at(body('/servers/{id}/actions/rebuild'), ['image']), idOrName);
  Object.assign(at(body('/servers/{id}/actions/change_type'), ['server_type']), idOrName);
  Object.assign(at(body('/volumes'), ['location']), idOrName);
  for (const field of ['location', 'load_balancer_type']) {
    Object.assign(at(body('/load_balancers'), [field]), idOrName);
  }
  return document;
}

function at(value: object, path: readonly string[]): Json {
  return path.reduce<Json>((inner, key) => {
    const next = inner[key];
    if (typeof next !== 'object' || next === null) throw new Error(`the OpenAPI document has no ${path.join('.')}`);
    return next as Json;
  }, value as Json);
}

const escaped = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');
const pointer = (...segments: string[]): string =>
  `hetzner#/${segments.map(escaped).map(encodeURIComponent).join('/')}`;

class Checker implements OpenApi {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, coerceTypes: false });
  readonly #queryAjv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, coerceTypes: 'array' });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(
    private readonly document: {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    },
  ) {
    for (const ajv of [this.#ajv, this.#queryAjv]) {
      ajvFormats(ajv);
      for (const name of ['int32', 'int64', 'double']) ajv.addFormat(name, true);
      ajv.addFormat('decimal', /^-?\d+(\.\d+)?$/);
      ajv.addSchema({ ...document, $id: 'hetzner' });
    }
  }

  checkRequest(method: string, url: string | URL, body: unknown): string[] {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const found = this.find(method, pathname);
    if (!found) return [`${method} ${pathname} is no operation of the document`];
    const { path, operation } = found;
    const verb = method.toLowerCase();
    const problems = this.checkQuery(path, verb, operation, searchParams);
    if (!operation.requestBody) {
      return body === undefined ? problems : [...problems, `${method} ${pathname} takes no body`];
    }
    if (body === undefined) return operation.requestBody.required ? [...problems, 'the body is missing'] : problems;
    const schema = pointer('paths', path, verb, 'requestBody', 'content', 'application/json', 'schema');
    return [...problems, ...this.check(this.#ajv, schema, body, 'request')];
  }

  checkResponse(method: string, url: string | URL, status: number, body: unknown): string[] {
    const { pathname } = new URL(url, 'http://localhost');
    const found = this.find(method, pathname);
    if (status >= 400) {
      const shared = pointer('components', 'responses', status < 500 ? 'UserError' : 'ServerError');
      return this.check(this.#ajv, `${shared}/content/application~1json/schema`, body, `${status}`);
    }
    if (!found) return [`${method} ${pathname} is no operation of the document, yet answered ${status}`];
    const { path, operation } = found;
    const response = operation.responses[String(status)];
    if (!response) return [`${status} is no answer of ${method} ${path}`];
    if (!response.content) return body === undefined ? [] : [`${status} of ${method} ${path} has no body`];
    const schema = pointer(
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      'application/json',
      'schema',
    );
    return this.check(this.#ajv, schema, body, `${status}`);
  }

  private checkQuery(path: string, verb: string, operation: Operation, query: URLSearchParams): string[] {
    const problems: string[] = [];
    const known = new Map(
      (operation.parameters ?? []).map((parameter, index) => [parameter.name, { parameter, index }]),
    );
    for (const { parameter } of known.values()) {
      if (parameter.in === 'query' && parameter.required && !query.has(parameter.name)) {
        problems.push(`query parameter ${parameter.name} is missing`);
      }
    }
    for (const name of new Set(query.keys())) {
      const entry = known.get(name);
      if (entry?.parameter.in !== 'query') {
        problems.push(`query parameter ${name} is unknown`);
        continue;
      }
      const values = query.getAll(name);
      const schema = pointer('paths', path, verb, 'parameters', String(entry.index), 'schema');
      // Wrapped, so that text can be read as the number that the schema asks for.
      const value = values.length > 1 ? values : values[0];
      const validate = this.compile(this.#queryAjv, `query ${schema}`, {
        type: 'object',
        properties: { value: { $ref: schema } },
      });
      if (!validate({ value })) problems.push(...this.texts(validate, `query parameter ${name}`));
    }
    return problems;
  }

  private find(method: string, pathname: string) {
    const segments = pathname.replace(/^\/v1/, '').split('/');
    const fits = Object.entries(this.document.paths).filter(([path, operations]) => {
      const desired = path.split('/');
      if (desired.length !== segments.length || !operations[method.toLowerCase()]) return false;
      return desired.every((segment, i) =>
        segment.startsWith('{') ? /^\d+$/.test(segments[i] ?? '') : segment === segments[i],
      );
    });
    const [path, operations] = fits[0] ?? [];
    const operation = operations?.[method.toLowerCase()];
    return path !== undefined && operation ? { path, operation } : undefined;
  }

  private check(ajv: Ajv2020, schema: string, value: unknown, where: string): string[] {
    const validate = this.compile(ajv, schema, { $ref: schema });
    return validate(value) ? [] : this.texts(validate, where);
  }

  private compile(ajv: Ajv2020, key: string, schema: object): ValidateFunction {
    const known = this.#compiled.get(key);
    if (known) return known;
    const made = ajv.compile(schema);
    this.#compiled.set(key, made);
    return made;
  }

  private texts(validate: ValidateFunction, where: string): string[] {
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A `fetch` that holds every request and answer that pass through it to the document. */
export interface CheckedFetch {
  readonly fetch: typeof fetch;
  /** `METHOD path: what is wrong`; a test asks that it stays empty. */
  readonly problems: string[];
  /** The operations that were used, as `METHOD /path/{id}`. */
  readonly used: Set<string>;
}

/**
 * @param requests false where a test sends what is wrong on purpose.
 */
export function checkedFetch(
  api: OpenApi,
  inner: typeof fetch = fetch,
  options: { readonly requests?: boolean } = {},
): CheckedFetch {
  const problems: string[] = [];
  const used = new Set<string>();
  const checked: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const sent = request.body ? parse(await request.clone().text()) : undefined;
    const response = await inner(request);
    const { method, url } = request;
    const text = await response.clone().text();
    const found = [
      ...(options.requests === false || !response.ok ? [] : api.checkRequest(method, url, sent)),
      ...api.checkResponse(method, url, response.status, text === '' ? undefined : parse(text)),
    ];
    const { pathname } = new URL(url);
    problems.push(...found.map((problem) => `${method} ${pathname}: ${problem}`));
    used.add(`${method} ${pathname.replace(/^\/v1/, '').replace(/\/\d+/g, '/{id}')}`);
    return response;
  };
  return { fetch: checked, problems, used };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
