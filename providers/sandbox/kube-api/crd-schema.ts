import { clone, isMap, type Obj, same } from './objects.js';
import type { Cause } from './status.js';

/** Of OpenAPI v3, what definitions use and is held to here. Rules in CEL are not run. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
}

/** An object without the fields that its schema does not know, with those that it defaults. */
export function shaped(schema: Schema, object: Obj): Obj {
  const { apiVersion, kind, metadata, ...rest } = object;
  return { apiVersion, kind, metadata, ...(within(schema, rest) as object) };
}

function within(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => within(schema.items!, item)) : value;
  if (!isMap(value)) return value;
  const { properties = {}, additionalProperties } = schema;
  const result: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    const own = properties[field] ?? (isMap(additionalProperties) ? additionalProperties : undefined);
    if (own) result[field] = within(own, inner);
    else if (isOpen(schema) || additionalProperties === true) result[field] = inner;
  }
  for (const [field, own] of Object.entries(properties))
    if (own.default !== undefined && (result[field] === undefined || (result[field] === null && !own.nullable)))
      result[field] = within(own, clone(own.default));
  return result;
}

/** A schema that says nothing of an object's fields but that they are kept. */
const isOpen = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-embedded-resource'] === true;

/** What breaks the schema. */
export function schemaCauses(
  schema: Schema,
  { apiVersion: _version, kind: _kind, metadata: _meta, ...rest }: Obj,
): Cause[] {
  const { required = [] } = schema;
  const own = { ...schema, required: required.filter((field) => !['apiVersion', 'kind', 'metadata'].includes(field)) };
  return causesOf(own, rest, '');
}

function causesOf(schema: Schema, value: unknown, field: string): Cause[] {
  if (value === null && schema.nullable) return [];
  const sort = typeOf(value);
  if (!fitsType(schema, sort)) {
    const message = `Invalid value: "${sort}": ${field} in body must be of type ${schema.type}: "${sort}"`;
    return [{ field: field === '' ? '<nil>' : field, message }];
  }
  const bad = (rule: string): Cause => ({
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${field} in body ${rule}`,
  });
  const causes: Cause[] = [];
  if (schema.enum && !schema.enum.some((one) => same(one, value)))
    causes.push({
      field,
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`,
    });
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum)
      causes.push(bad(`should be greater than or equal to ${schema.minimum}`));
    if (schema.maximum !== undefined && value > schema.maximum)
      causes.push(bad(`should be less than or equal to ${schema.maximum}`));
  }
  if (typeof value === 'string') {
    if (schema.minLength !== undefined && value.length < schema.minLength)
      causes.push(bad(`should be at least ${schema.minLength} chars long`));
    if (schema.maxLength !== undefined && value.length > schema.maxLength)
      causes.push({ field, message: `Too long: may not be more than ${schema.maxLength} bytes` });
    if (schema.pattern !== undefined && !matches(schema.pattern, value))
      causes.push(bad(`should match '${schema.pattern}'`));
  }
  if (Array.isArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems)
      causes.push(bad(`should have at least ${schema.minItems} items`));
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      causes.push({ field, message: `Too many: ${value.length}: must have at most ${schema.maxItems} items` });
    if (schema.items)
      value.forEach((item, index) => causes.push(...causesOf(schema.items!, item, `${field}[${index}]`)));
  }
  if (isMap(value)) causes.push(...fieldCauses(schema, value, field));
  return causes;
}

function fieldCauses(schema: Schema, value: Readonly<Record<string, unknown>>, path: string): Cause[] {
  const inside = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const { properties = {}, additionalProperties, required = [] } = schema;
  return [
    ...required
      .filter((field) => value[field] === undefined)
      .map((field) => ({ field: inside(field), message: 'Required value' })),
    ...Object.entries(value).flatMap(([field, inner]) => {
      const own = properties[field] ?? (isMap(additionalProperties) ? additionalProperties : undefined);
      return own && inner !== undefined ? causesOf(own, inner, inside(field)) : [];
    }),
  ];
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

function fitsType(schema: Schema, sort: string): boolean {
  if (schema['x-kubernetes-int-or-string']) return sort === 'integer' || sort === 'string';
  return schema.type === undefined || schema.type === sort || (schema.type === 'number' && sort === 'integer');
}

/** Go's expressions are not all JavaScript's: one that cannot be read here refuses nothing. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}
