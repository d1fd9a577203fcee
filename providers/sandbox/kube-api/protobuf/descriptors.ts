import { kinds, messages } from './messages.js';

/** One field of a message. */
export interface FieldDescriptor {
  readonly name: string;
  /** `string`, `int32`, …, or a message's name. */
  readonly type: string;
  readonly isList: boolean;
  readonly isMap: boolean;
  /** JSON leaves it out when it is empty. */
  readonly omitEmpty: boolean;
  /** Its fields stand in its place. */
  readonly isInline: boolean;
}

export type MessageDescriptor = ReadonlyMap<number, FieldDescriptor>;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function fieldOf(text: string): readonly [number, FieldDescriptor] {
  const [, number, signs = '', name = '', type = ''] = /^(\d+)([*%?~]*)([^:]+):(.+)$/.exec(text)!;
  const field = {
    name,
    type,
    isList: signs.includes('*'),
    isMap: signs.includes('%'),
    omitEmpty: signs.includes('?'),
    isInline: signs.includes('~'),
  };
  return [Number(number), field];
}

let byName: Map<string, string> | undefined;
let byKind: Map<string, string> | undefined;
const read = new Map<string, MessageDescriptor>();

/** A message by its name; undefined for a scalar type. Lines are read when somebody asks for them. */
export function messageNamed(name: string): MessageDescriptor | undefined {
  byName ??= new Map(lines(messages).map((line) => [line.split(' ', 1)[0]!, line]));
  const known = read.get(name);
  if (known) return known;
  const line = byName.get(name);
  if (line === undefined) return undefined;
  const made = new Map(line.split(' ').slice(1).map(fieldOf));
  read.set(name, made);
  return made;
}

const named = new Map<string, ReadonlyMap<string, FieldDescriptor>>();

/** Fields of a message by the names that JSON has for them; undefined for a scalar type. */
export function fieldsByName(name: string): ReadonlyMap<string, FieldDescriptor> | undefined {
  const known = named.get(name);
  if (known) return known;
  const message = messageNamed(name);
  if (!message) return undefined;
  const made = new Map(
    [...message.values()].flatMap((field) =>
      field.isInline ? [...(fieldsByName(field.type) ?? [])] : [[field.name, field] as const],
    ),
  );
  named.set(name, made);
  return made;
}

let kindMessages: Set<string> | undefined;

/** Whether a message is a whole object, which says its kind. */
export function isKindMessage(name: string): boolean {
  kindMessages ??= new Set(lines(kinds).map((line) => line.split(' ')[2]!));
  return kindMessages.has(name);
}

/** The message of a kind. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  byKind ??= new Map(
    lines(kinds).map((line) => {
      const [version, one, message] = line.split(' ');
      return [`${version} ${one}`, message!];
    }),
  );
  // Each group has these under its own version.
  return byKind.get(kind === 'DeleteOptions' ? `meta.k8s.io/v1 ${kind}` : `${apiVersion} ${kind}`);
}
