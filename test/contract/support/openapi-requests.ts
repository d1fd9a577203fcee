import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: object;
}
interface Operation {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: unknown;
}

/** The provider's official description, which is not part of this repository; undefined where it is absent. */
export function officialDocument(name: string): string | undefined {
  const path = resolve(import.meta.dirname, '../../../../shared/specs', name);
  return existsSync(path) ? path : undefined;
}

/** Judges requests by an OpenAPI document: path, method, query and body. */
export class RequestJudge {
  readonly #document: Document;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(path: string) {
    this.#document = JSON.parse(readFileSync(path, 'utf8')) as Document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, coerceTypes: false, logger: false });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'document', components: this.#document.components });
  }

  /** What is wrong with a request; nothing when the document allows it. */
  violations(method: string, url: URL, body: unknown): string[] {
    const what = `${method} ${url.pathname}`;
    const found = this.#operation(method, url.pathname);
    if (!found) return [`${what}: no such operation`];
    const [template, operation] = found;
    return [...this.#query(operation, url.searchParams), ...this.#body(`${method} ${template}`, operation, body)].map(
      (text) => `${what}: ${text}`,
    );
  }

  #operation(method: string, path: string): [template: string, operation: Operation] | undefined {
    const wanted = path.split('/');
    const fits = (template: string): boolean => {
      const parts = template.split('/');
      return parts.length === wanted.length && parts.every((part, i) => part.startsWith('{') || part === wanted[i]);
    };
    // A fixed word before a placeholder: /servers/actions is no server called "actions".
    const template = Object.keys(this.#document.paths)
      .filter((one) => fits(one) && this.#document.paths[one]?.[method.toLowerCase()])
      .sort((a, b) => a.split('{').length - b.split('{').length)[0];
    const operation = template === undefined ? undefined : this.#document.paths[template]?.[method.toLowerCase()];
    return template === undefined || !operation ? undefined : [template, operation];
  }

  #query(operation: Operation, query: URLSearchParams): string[] {
    const known = (operation.parameters ?? []).map((one) => ('$ref' in one ? this.#resolve<Parameter>(one.$ref) : one));
    const allowed = new Map(known.filter((one) => one.in === 'query').map((one) => [one.name, one]));
    const unknown = [...new Set(query.keys())].filter((name) => !allowed.has(name));
    const missing = [...allowed.values()].filter((one) => one.required && !query.has(one.name));
    return [
      ...unknown.map((name) => `unknown query parameter ${name}`),
      ...missing.map(({ name }) => `query parameter ${name} is missing`),
    ];
  }

  #body(key: string, operation: Operation, body: unknown): string[] {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (!schema) return body === undefined ? [] : ['a body where none is described'];
    if (body === undefined) return operation.requestBody?.required ? ['the body is missing'] : [];
    const validate = this.#validators.get(key) ?? this.#ajv.compile(rebased(schema));
    this.#validators.set(key, validate);
    if (validate(body)) return [];
    return (validate.errors ?? []).map((error) => `body${error.instancePath} ${error.message ?? 'is wrong'}`);
  }

  #resolve<T>(ref: string): T {
    const parts = ref.replace('#/', '').split('/');
    return parts.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], this.#document) as T;
  }
}

/** A schema whose references into the document work from outside of it. */
const rebased = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/components', '"$ref":"document#/components')) as object;
