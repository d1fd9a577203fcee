import { bytesOf } from '../../domain/quantity.js';

/** What helpers may look at beside their arguments. */
export interface HelperContext {
  /** The root of the template's context. */
  readonly root: Readonly<Record<string, unknown>>;
  /** Text of a file in the component's folder, read with the template. */
  readonly file: (path: string) => string;
}

export interface Helper {
  readonly arguments: readonly [least: number, most: number];
  /** Whether arguments may be without a value: such a helper asks whether there is one. */
  readonly asks?: boolean;
  /** Whether it takes `name=value`. */
  readonly named?: boolean;
  /** @throws TypeError in words, for arguments it cannot take. */
  call(args: readonly unknown[], named: Readonly<Record<string, unknown>>, context: HelperContext): unknown;
}

/** As Handlebars has it: nothing, false, 0, empty text and empty lists are not there; empty maps neither. */
export function isThere(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const any = Number.MAX_SAFE_INTEGER;

function scalar(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError('takes text and numbers only');
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('takes numbers only');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('takes text only');
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('takes a list');
  return value;
}

function map(value: unknown): Readonly<Record<string, unknown>> {
  if (!isMap(value)) throw new TypeError('takes maps only');
  return value;
}

function bytes(value: unknown): number {
  const found = bytesOf(text(value));
  if (found === undefined) throw new TypeError(`takes sizes such as 20Gi, not ${JSON.stringify(value)}`);
  return found;
}

/** Values, for the arguments of other helpers and of `q` and `yaml`. */
export const helpers: Readonly<Record<string, Helper>> = {
  eq: { arguments: [2, 2], asks: true, call: ([a, b]) => a === b },
  ne: { arguments: [2, 2], asks: true, call: ([a, b]) => a !== b },
  gt: { arguments: [2, 2], call: ([a, b]) => number(a) > number(b) },
  lt: { arguments: [2, 2], call: ([a, b]) => number(a) < number(b) },
  or: { arguments: [2, any], asks: true, call: (all) => all.find(isThere) ?? all.at(-1) },
  and: {
    arguments: [2, any],
    asks: true,
    call: (all) => (all.every(isThere) ? all.at(-1) : all.find((value) => !isThere(value))),
  },
  not: { arguments: [1, 1], asks: true, call: ([value]) => !isThere(value) },
  default: {
    arguments: [2, any],
    asks: true,
    call: (all) => all.find((value) => value !== undefined && value !== null) ?? all.at(-1),
  },
  has: {
    arguments: [1, 1],
    asks: true,
    call: ([name], _named, { root }) => isMap(root['has']) && Object.hasOwn(root['has'], scalar(name)),
  },
  lookup: {
    arguments: [2, any],
    asks: true,
    call: ([from, ...keys]) =>
      keys.reduce<unknown>((here, key) => (key === undefined ? undefined : member(here, scalar(key))), from),
  },
  dict: { arguments: [0, 0], named: true, call: (_all, named) => named },
  list: { arguments: [0, any], call: (all) => all },
  merge: { arguments: [2, any], call: (all) => Object.fromEntries(all.flatMap((one) => Object.entries(map(one)))) },
  concat: { arguments: [1, any], call: (all) => all.map(scalar).join('') },
  join: { arguments: [2, 2], call: ([values, by]) => list(values).map(scalar).join(text(by)) },
  split: {
    arguments: [2, 2],
    call: ([value, by]) =>
      text(value)
        .split(text(by))
        .map((part) => part.trim())
        .filter((part) => part !== ''),
  },
  add: { arguments: [2, any], call: (all) => all.map(number).reduce((a, b) => a + b, 0) },
  min: { arguments: [2, any], call: (all) => Math.min(...all.map(number)) },
  max: { arguments: [2, any], call: (all) => Math.max(...all.map(number)) },
  share: {
    arguments: [2, 2],
    call: ([size, percent]) => `${Math.floor((bytes(size) * number(percent)) / 100 / 2 ** 20)}Mi`,
  },
  gib: { arguments: [1, 1], call: ([size]) => bytes(size) / 2 ** 30 },
  placement: { arguments: [0, 0], call: (_all, _named, { root }) => root['placement'] ?? {} },
  file: { arguments: [1, 1], call: ([path], _named, { file }) => file(text(path)) },
};

/** What puts something into the output, with the named arguments each takes. */
export const outputs: Readonly<Record<string, readonly string[]>> = {
  q: [],
  text: [],
  yaml: ['indent'],
  file: ['indent'],
};

export const blocks: readonly string[] = ['if', 'unless', 'each', 'with'];

/** What is under a key; undefined for what has none. Only what the value itself holds, never its prototype. */
export function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined;
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
