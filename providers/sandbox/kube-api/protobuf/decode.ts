import protobuf from 'protobufjs/minimal.js';

import { type FieldDescriptor, messageNamed, messageOfKind } from './descriptors.js';

type Reader = protobuf.Reader;
type Fields = Record<string, unknown>;

/** What every body begins with, before the envelope that says which kind is in it. */
const magic = Buffer.from('k8s\0');

/** As deep as objects may be. */
const deepest = 100;

export class ProtobufError extends Error {}

/** Has no prototype: every key is only a key. */
const fieldsOf = (): Fields => Object.create(null) as Fields;

const scalars: Readonly<Record<string, (reader: Reader) => unknown>> = {
  string: (reader) => reader.string(),
  bool: (reader) => reader.bool(),
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  int64: (reader) => Number(reader.int64()),
  uint64: (reader) => Number(reader.uint64()),
  double: (reader) => reader.double(),
  float: (reader) => reader.float(),
  bytes: (reader) => Buffer.from(reader.bytes()).toString('base64'),
};

const json = (base64: unknown): unknown =>
  JSON.parse(typeof base64 === 'string' && base64 !== '' ? Buffer.from(base64, 'base64').toString('utf8') : 'null');

function time({ seconds = 0, nanos = 0 }: Fields, digits: number): string | null {
  if (seconds === 0 && nanos === 0) return null;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new ProtobufError('a time is out of range');
  const fraction = digits === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, digits)}`;
  return `${date.toISOString().slice(0, 19)}${fraction}Z`;
}

const schemaOr =
  (field: string) =>
  (fields: Fields): unknown =>
    fields['schema'] ?? fields[field];

/** Messages that JSON writes in another form than their fields, each with how. */
const forms: Readonly<Record<string, (fields: Fields) => unknown>> = {
  'apimachinery.meta.v1.Time': (fields) => time(fields, 0),
  'apimachinery.meta.v1.MicroTime': (fields) => time(fields, 6),
  'apimachinery.api.resource.Quantity': (fields) => fields['string'] ?? '0',
  'apimachinery.util.intstr.IntOrString': (fields) =>
    fields['type'] === 1 ? (fields['strVal'] ?? '') : (fields['intVal'] ?? 0),
  'apimachinery.meta.v1.FieldsV1': (fields) => json(fields['-']),
  'apiextensions_apiserver.apiextensions.v1.JSON': (fields) => json(fields['-']),
  'apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrArray': schemaOr('jSONSchemas'),
  'apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrBool': schemaOr('allows'),
  'apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrStringArray': schemaOr('property'),
  'api.authentication.v1.ExtraValue': (fields) => fields['items'] ?? [],
};

/** Whether JSON writes a message in another form than its fields. */
export const hasOwnForm = (message: string): boolean => forms[message] !== undefined;

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** A message up to `end`, in the form that JSON has of it. */
function message(reader: Reader, type: string, end: number, depth: number): unknown {
  if (depth > deepest) throw new ProtobufError('exceeded max depth');
  const known = messageNamed(type);
  if (!known) throw new ProtobufError(`no message ${type}`);
  const fields = fieldsOf();
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = known.get(tag >>> 3);
    if (field) take(reader, field, tag & 7, fields, depth);
    else reader.skipType(tag & 7);
  }
  if (reader.pos !== end) throw new ProtobufError(`a message ${type} is longer than it says`);
  const form = forms[type];
  if (form) return form(fields);
  for (const { name, omitEmpty } of known.values()) if (omitEmpty && isEmpty(fields[name])) delete fields[name];
  return fields;
}

function take(reader: Reader, field: FieldDescriptor, wire: number, fields: Fields, depth: number): void {
  const { name, isInline, isList, isMap } = field;
  if (isMap) {
    const [key, value] = entry(reader, field, depth);
    ((fields[name] ??= fieldsOf()) as Fields)[key] = value;
  } else if (isList) {
    const list = (fields[name] ??= []) as unknown[];
    const packed = wire === 2 && scalars[field.type] !== undefined && !['string', 'bytes'].includes(field.type);
    if (!packed) list.push(one(reader, field.type, depth));
    else for (const end = reader.uint32() + reader.pos; reader.pos < end;) list.push(one(reader, field.type, depth));
  } else if (isInline) {
    Object.assign(fields, one(reader, field.type, depth));
  } else {
    fields[name] = one(reader, field.type, depth);
  }
}

function one(reader: Reader, type: string, depth: number): unknown {
  const scalar = scalars[type];
  if (scalar) return scalar(reader);
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new ProtobufError('unexpected EOF');
  return message(reader, type, end, depth + 1);
}

/** A map is a list of pairs: 1 is the key, 2 the value. */
function entry(reader: Reader, { type }: FieldDescriptor, depth: number): readonly [string, unknown] {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let value: unknown = scalars[type] ? (type === 'string' || type === 'bytes' ? '' : 0) : fieldsOf();
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = one(reader, type, depth);
    else reader.skipType(tag & 7);
  }
  return [key, value];
}

/**
 * The object in a body of `application/vnd.kubernetes.protobuf`, as it would be in JSON.
 * @throws ProtobufError
 */
export function decodeProtobuf(body: Buffer): unknown {
  if (!body.subarray(0, magic.length).equals(magic))
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  try {
    const envelope = whole(body.subarray(magic.length), 'apimachinery.runtime.Unknown');
    const { apiVersion = '', kind = '', '-': raw = '' } = envelope as Record<string, string>;
    const type = messageOfKind(apiVersion, kind);
    if (type === undefined) return { apiVersion, kind };
    return { apiVersion, kind, ...(whole(Buffer.from(raw, 'base64'), type) as Fields) };
  } catch (error) {
    if (error instanceof ProtobufError) throw error;
    throw new ProtobufError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function whole(bytes: Buffer, type: string): unknown {
  const reader = protobuf.Reader.create(bytes);
  return message(reader, type, reader.len, 0);
}
