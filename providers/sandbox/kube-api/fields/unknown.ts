import { isMap } from '../objects.js';
import { keysOf } from '../patches.js';
import type { Shape } from './shape.js';

/** One step towards a field: a field's name, or an item's place with what identifies it. */
type Step = string | { readonly index: number; readonly keys: string };
export type Path = readonly Step[];

/** Fields of a value that its shape does not have, in the order of the value. */
export function unknownFields(shape: Shape, value: unknown, at: Path = []): Path[] {
  if (shape.isOpen) return [];
  if (Array.isArray(value)) {
    const list = value as readonly unknown[];
    const keys = typeof at.at(-1) === 'string' ? keysOf(at.at(-1) as string, list) : undefined;
    return list.flatMap((item, index) =>
      unknownFields(shape.item(), item, [...at, { index, keys: keysText(keys, item) ?? String(index) }]),
    );
  }
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = shape.field(name);
    return own ? unknownFields(own, inner, [...at, name]) : [[...at, name]];
  });
}

/** The same value without these fields. */
export function without<Value>(value: Value, paths: readonly Path[]): Value {
  if (paths.length === 0) return value;
  const copy = structuredClone(value);
  for (const path of paths) {
    const parent = path.slice(0, -1).reduce<unknown>((inner, step) => inside(inner, step), copy);
    delete (parent as Record<string, unknown>)[path.at(-1) as string];
  }
  return copy;
}

const inside = (value: unknown, step: Step): unknown =>
  typeof step === 'string' ? (value as Record<string, unknown>)[step] : (value as unknown[])[step.index];

/** `spec.containers[0].foo` */
export const dotted = (path: Path): string =>
  path
    .map((step) => (typeof step === 'string' ? `.${step}` : `[${step.index}]`))
    .join('')
    .slice(1);

/** `.spec.containers[name="c"].foo`, as server-side apply names fields. */
export const typed = (path: Path): string =>
  path.map((step) => (typeof step === 'string' ? `.${step}` : `[${step.keys}]`)).join('');

function keysText(keys: readonly string[] | undefined, item: unknown): string | undefined {
  if (!keys || !isMap(item)) return undefined;
  const values = keys.map((key) => [key, item[key] ?? (key === 'protocol' ? 'TCP' : null)] as const);
  return values.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',');
}
