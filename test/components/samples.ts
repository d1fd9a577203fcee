import type { JsonSchema } from '../../src/domain/source/json-schema.js';

export type Options = Readonly<Record<string, unknown>>;

/** A schema with the keywords our own reader of schemas has no use for. */
interface Schema extends JsonSchema {
  readonly examples?: readonly unknown[];
}

/** Text for patterns that are told by no example. */
const texts = [
  'example',
  'example.com',
  '10Gi',
  '256Mi',
  '5m',
  '24h',
  '14d',
  '60s',
  'https://example.com/path',
  's3.example.com',
  'ops@acme.dev',
  'eu-central-1',
  '10.0.0.0/16',
  '10.0.0.5',
  '0 2 * * *',
  '10001',
  'tcp:4222',
  'example.com:443',
  'a'.repeat(40),
];

const propertiesOf = (schema: Schema): [string, Schema][] => Object.entries(schema.properties ?? {});

/** A value of the schema; with `all`, every optional part of it too. */
export function sample(schema: Schema, all: boolean): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf?.[0]) return sample(schema.anyOf[0], all);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
    case 'number':
      return schema.minimum ?? Math.min(3, schema.maximum ?? 3);
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () => sample(schema.items ?? {}, all));
    case undefined:
    default:
      return mapOf(schema, all);
  }
}

function mapOf(schema: Schema, all: boolean): Options {
  const required = new Set(schema.required ?? []);
  const own = propertiesOf(schema).filter(([key]) => all || required.has(key));
  const more = schema.additionalProperties;
  const open = all && typeof more === 'object' && own.length === 0 ? { example: sample(more, all) } : {};
  return { ...open, ...Object.fromEntries(own.map(([key, inner]) => [key, sample(inner, all)])) };
}

function text({ pattern, minLength = 0, maxLength = Infinity, default: fallback }: Schema): string {
  const fits = (one: string): boolean =>
    one.length >= minLength && one.length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(one));
  const found = [...texts, ...(typeof fallback === 'string' ? [fallback] : [])].find(fits);
  if (found === undefined)
    throw new Error(`no sample for text that matches ${pattern ?? ''}; give the option an example`);
  return found;
}

/** Values an option may take that differ in what they make: each of an enum, both booleans, each example. */
function choices(schema: Schema): readonly unknown[] {
  if (schema.enum) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.examples) return schema.examples;
  return [sample(schema, false), sample(schema, true)];
}

export interface Variant {
  /** The option that differs: `dns.provider=cloudflare`. */
  readonly name: string;
  readonly path: string;
  readonly options: Options;
}

/** Options that differ from a base in one place, one for each choice of each option. */
export function variants(schema: JsonSchema, base: Options, path: readonly string[] = []): Variant[] {
  return propertiesOf(schema).flatMap(([key, inner]) => {
    const here = [...path, key];
    const deeper = inner.properties && Object.keys(inner.properties).length > 0;
    if (deeper) return variants(inner, withParents(base, here, inner), here);
    return choices(inner).map((value) => ({
      name: `${here.join('.')}=${JSON.stringify(value)}`.slice(0, 80),
      path: here.join('.'),
      options: set(base, here, value),
    }));
  });
}

/** The required neighbours of what is about to be set. */
function withParents(base: Options, path: readonly string[], schema: Schema): Options {
  const present = path.reduce<unknown>((at, key) => (at as Options | undefined)?.[key], base);
  return present === undefined ? set(base, path, sample(schema, false)) : base;
}

function set(base: Options, [first, ...rest]: readonly string[], value: unknown): Options {
  if (first === undefined) return base;
  const inner = base[first];
  return { ...base, [first]: rest.length === 0 ? value : set((inner ?? {}) as Options, rest, value) };
}
