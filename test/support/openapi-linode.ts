import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule, { type FormatsPlugin } from 'ajv-formats';

import type { OpenApi } from './openapi.js';

type Json = Record<string, unknown>;

interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

type Document = Json & { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

const documentUrl = new URL('../../../shared/specs/linode-v4.openapi.json', import.meta.url);

/** Why the checks can't be made here, or undefined when they can. */
export const linodeApiAbsence = (): string | undefined =>
  existsSync(documentUrl) ? undefined : 'Linode’s OpenAPI document is not beside this project (../shared/specs)';

/** @returns undefined when the document is not there; `linodeApiAbsence` says so in words. */
export const loadLinodeApi = (): OpenApi | undefined =>
  linodeApiAbsence()
    ? undefined
    : new LinodeChecker(amended(JSON.parse(readFileSync(fileURLToPath(documentUrl), 'utf8')) as Document));

const verbs = ['get', 'post', 'put', 'delete'];
const paging = ['page', 'page_size'];

/** What the recorded answers of the real API show, and its document does not: these may be null. */
const nullable = new Set([
  'last_successful',
  'placement_group',
  'nat_1_1',
  'secondary_entity',
  'monitors',
  'gateway',
  'devices',
]);
const nullableDevice = /^sd[a-h]$/;

/**
 * A schema of the document in the words of JSON Schema. OpenAPI 3.0 says `nullable`; and where schemas are joined by
 * `allOf`, each forbids what the others have, which can't be meant: there unknown fields are refused by the whole.
 */
function translated(document: Json, value: unknown, isPart = false, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => translated(document, one, isPart));
  if (typeof value !== 'object' || value === null) return value;
  const given = (isPart ? resolved(document, value as Json) : value) as Json;
  const parts = ['allOf', 'oneOf', 'anyOf'].filter((name) => Array.isArray(given[name]));
  const result: Json = {};
  for (const [name, inner] of Object.entries(given)) {
    if (name === 'example' || name === 'examples' || name.startsWith('x-')) continue;
    if (name === 'pattern' && typeof inner === 'string' && !isReadable(inner)) continue;
    if (name === 'additionalProperties' && inner === false && (isPart || parts.length > 0)) continue;
    if (name === 'properties') {
      const all = Object.entries(inner as Json).map(
        ([field, schema]) => [field, translated(document, schema, false, field)] as const,
      );
      result[name] = Object.fromEntries(all);
    } else result[name] = translated(document, inner, parts.includes(name));
  }
  const mayBeNull = given['nullable'] === true || nullable.has(key) || nullableDevice.test(key);
  delete result['nullable'];
  return mayBeNull && Object.keys(result).length > 0 ? { anyOf: [result, { type: 'null' }] } : result;
}

function resolved(document: Json, value: Json | undefined): Json | undefined {
  const reference = value?.['$ref'];
  if (typeof reference !== 'string') return value;
  const parts = reference
    .split('/')
    .slice(1)
    .map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~'));
  return resolved(
    document,
    parts.reduce<Json>((inner, key) => inner[key] as Json, document),
  );
}

function isReadable(pattern: string): boolean {
  try {
    return pattern !== 'a-z, A-Z, 0-9, /, _, -' && Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

/**
 * What the document's prose and the official clients say, and its schemas do not: configurations of a NodeBalancer come in
 * pages, a new firewall names its policies.
 */
function amended(document: Document): Document {
  const { schemas } = document['components'] as { readonly schemas: Record<string, Json> };
  const rules = (schemas['AddedPostFirewalls']!['properties'] as Record<string, Json>)['rules']!;
  const policy = { type: 'string', enum: ['ACCEPT', 'DROP'] };
  for (const part of [rules, ...((rules['allOf'] ?? []) as Json[])])
    Object.assign((part['properties'] ??= {}) as Json, { inbound_policy: policy, outbound_policy: policy });
  const listed = document.paths['/nodebalancers/{nodeBalancerId}/configs']!['get'] as Operation;
  (listed.responses as Record<string, Json>)['200'] = {
    content: {
      'application/json': {
        schema: {
          properties: { data: { type: 'array', items: { type: 'object', required: ['id', 'port', 'protocol'] } } },
          required: ['data', 'page', 'pages', 'results'],
        },
      },
    },
  };
  return document;
}

class LinodeChecker implements OpenApi {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false });
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #document: Document;

  constructor(document: Document) {
    (addFormatsModule as unknown as FormatsPlugin)(this.#ajv);
    // Times without a zone, addresses with a port, keys in one line: the document's formats are looser than their names.
    for (const name of ['date-time', 'ip', 'byte', 'password', 'ssh-key', 'ip/netmask', 'ipv6/128', 'url', 'phone'])
      this.#ajv.addFormat(name, true);
    this.#document = translated(document, document) as Document;
    this.#ajv.addSchema({ ...this.#document, $id: 'linode' });
  }

  checkRequest(method: string, url: string | URL, body: unknown): string[] {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const found = this.#find(method, pathname);
    if (!found) return [`${method} ${pathname} is no operation of the document`];
    const unknown = [...searchParams.keys()].filter((name) => !paging.includes(name));
    const problems = unknown.map((name) => `query parameter ${name} is unknown`);
    const schema = this.#schemaOf(found.operation.requestBody);
    if (!schema) return body === undefined ? problems : [...problems, `${method} ${pathname} takes no body`];
    if (body === undefined) return problems;
    return [...problems, ...this.#check(`${found.path} ${method} request`, schema, body, 'request')];
  }

  checkResponse(method: string, url: string | URL, status: number, body: unknown): string[] {
    const { pathname } = new URL(url, 'http://localhost');
    const found = this.#find(method, pathname);
    if (status >= 400) {
      const { errors } = (body ?? {}) as { errors?: readonly { reason?: unknown; field?: unknown }[] };
      const isRight = errors?.every(
        ({ reason, field }) => typeof reason === 'string' && ['string', 'undefined'].includes(typeof field),
      );
      return isRight ? [] : [`${status} of ${method} ${pathname} is no list of reasons`];
    }
    if (!found) return [`${method} ${pathname} is no operation of the document, yet answered ${status}`];
    const schema = this.#schemaOf(found.operation.responses[String(status)]);
    if (!schema) return [`${status} is no answer of ${method} ${found.path}`];
    return this.#check(`${found.path} ${method} ${status}`, schema, body, String(status));
  }

  #find(method: string, pathname: string): { readonly path: string; readonly operation: Operation } | undefined {
    const segments = pathname.replace(/^\/v4(beta)?(?=\/)/, '').split('/');
    const literal = (path: string): number => path.split('/').filter((one) => !one.startsWith('{')).length;
    const [path] = Object.keys(this.#document.paths)
      .filter((one) => {
        const desired = one.split('/');
        return (
          desired.length === segments.length &&
          desired.every((segment, i) =>
            /^\{\w*Id\}$/.test(segment)
              ? this.#isId(segment, segments[i]!)
              : segment.startsWith('{') || segment === segments[i],
          )
        );
      })
      .sort((a, b) => literal(b) - literal(a));
    const operation = path === undefined ? undefined : this.#document.paths[path]?.[method.toLowerCase()];
    return path !== undefined && operation && verbs.includes(method.toLowerCase())
      ? { path, operation: operation as Operation }
      : undefined;
  }

  /** Regions, types, images and nodes of LKE have words for ids, everything else numbers. */
  #isId = (name: string, segment: string): boolean =>
    /^\{(region|type|image|node)Id\}$/.test(name) ? segment !== '' : /^\d+$/.test(segment);

  #schemaOf(holder: Json | undefined): object | undefined {
    const whole = resolved(this.#document, holder);
    const content = whole?.['content'] as Readonly<Record<string, { readonly schema?: object }>> | undefined;
    return content && Object.values(content)[0]?.schema;
  }

  #check(key: string, schema: object, value: unknown, where: string): string[] {
    const validate = this.#compiled.get(key) ?? this.#ajv.compile(absolute(schema) as object);
    this.#compiled.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** References into the document, from outside of it. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' && inner.startsWith('#') ? `linode${inner}` : absolute(inner),
    ]),
  );
}
