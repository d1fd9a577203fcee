import { clone, isMap, same } from './objects.js';
import { badRequest, StatusError } from './status.js';

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return clone(patch);
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that strategic merge and server-side apply treat as maps, by field name, with the keys of their items. */
export const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  imagePullSecrets: ['name'],
  conditions: ['type'],
  addresses: ['type'],
  taints: ['key', 'effect'],
  ownerReferences: ['uid'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  secrets: ['name'],
};

/** Ports have different keys in containers and in Services. */
export function keysOf(field: string, items: readonly unknown[]): readonly string[] | undefined {
  if (field === 'ports') {
    const first = items.find(isMap);
    if (first && 'containerPort' in first) return ['containerPort', 'protocol'];
    return first && 'port' in first ? ['port', 'protocol'] : undefined;
  }
  return mergeKeys[field];
}

/** What identifies an item; a missing protocol is TCP. */
export const itemKey = (keys: readonly string[], item: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key] ?? (key === 'protocol' ? 'TCP' : null)])));

/** Strategic merge patch: as merge patch, but lists with keys are merged item by item; `$patch` and deletions are known. */
export function strategicPatch(
  target: unknown,
  patch: unknown,
  field = '',
  order: readonly unknown[] = Array.isArray(patch) ? (patch as unknown[]) : [],
): unknown {
  if (Array.isArray(patch))
    return strategicList(Array.isArray(target) ? (target as unknown[]) : [], patch as unknown[], field, order);
  if (!isMap(patch)) return clone(patch);
  if (patch['$patch'] === 'replace') return without(patch, ['$patch']);
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys') {
      for (const own of Object.keys(result)) if (!(value as string[]).includes(own)) delete result[own];
    } else if (key.startsWith('$deleteFromPrimitiveList/')) {
      const list = key.slice('$deleteFromPrimitiveList/'.length);
      result[list] = ((result[list] ?? []) as unknown[]).filter((item) => !(value as unknown[]).includes(item));
    } else if (key.startsWith('$setElementOrder/') || key === '$patch') continue;
    else if (value === null) delete result[key];
    else {
      const order = patch[`$setElementOrder/${key}`];
      result[key] = strategicPatch(result[key], value, key, Array.isArray(order) ? (order as unknown[]) : undefined);
    }
  }
  return result;
}

function strategicList(
  target: readonly unknown[],
  patch: readonly unknown[],
  field: string,
  order: readonly unknown[],
): unknown[] {
  if (patch.some((item) => isMap(item) && item['$patch'] === 'replace'))
    return patch.filter((item) => !isMap(item) || item['$patch'] !== 'replace');
  if (field === 'finalizers') return [...new Set([...target, ...patch])];
  const keys = keysOf(field, [...patch, ...target]);
  if (!keys || patch.some((item) => !isMap(item))) return clone([...patch]);
  const result = [...target] as Record<string, unknown>[];
  for (const item of patch as Record<string, unknown>[]) {
    const index = result.findIndex((own) =>
      keys.length > 1 && !(keys[1]! in item)
        ? own[keys[0]!] === item[keys[0]!]
        : itemKey(keys, own) === itemKey(keys, item),
    );
    if (item['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicPatch(result[index], item) as Record<string, unknown>;
    else result.push(clone(item));
  }
  const place = (list: readonly unknown[], item: Record<string, unknown>): number =>
    list.findIndex((one) => isMap(one) && one[keys[0]!] === item[keys[0]!]);
  return interleaved(
    result.filter((item) => place(order, item) < 0),
    result.filter((item) => place(order, item) >= 0).sort((a, b) => place(order, a) - place(order, b)),
    (item) => place(target, item),
  );
}

/**
 * Items that a patch leaves alone between those that it names, each in their order: one goes before the next of the
 * patch when it was before it, so that what is new comes first.
 */
function interleaved<Item>(left: readonly Item[], named: readonly Item[], place: (item: Item) => number): Item[] {
  const merged: Item[] = [];
  let next = 0;
  for (const item of named) {
    while (next < left.length && place(item) >= 0 && place(left[next]!) >= 0 && place(left[next]!) < place(item))
      merged.push(left[next++]!);
    merged.push(item);
  }
  return [...merged, ...left.slice(next)];
}

const without = (map: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));

interface JsonOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const isOperation = (value: unknown): value is JsonOperation => {
  if (typeof value !== 'object' || value === null) return false;
  const { op, path, from = '' } = value as Readonly<Record<string, unknown>>;
  return typeof op === 'string' && typeof path === 'string' && typeof from === 'string';
};

/** RFC 6902. @throws StatusError 400 for what is no list of operations; StatusError 422 when a path does not exist or a test fails */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch is a list of operations');
  const root = { document: clone(target) } as Record<string, unknown>;
  for (const operation of operations as readonly unknown[]) {
    if (!isOperation(operation)) throw badRequest('an operation of a JSON patch has an op and a path');
    const { op, path, from, value } = operation;
    if (op === 'test') {
      if (!same(read(root, path), value)) throw refused();
    } else if (op === 'add' || op === 'replace') write(root, path, clone(value), op);
    else if (op === 'remove') take(root, path);
    else if (op === 'copy') write(root, path, clone(read(root, from ?? '')), 'add');
    else if (op === 'move') write(root, path, take(root, from ?? ''), 'add');
    else throw refused();
  }
  return root['document'];
}

/** The server does not say which operation failed. */
const refused = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

const parts = (path: string): string[] => [
  'document',
  ...path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
];

/** What an object has by itself: a path does not lead into what all objects have. */
const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

function parentOf(
  root: Record<string, unknown>,
  path: string,
): { parent: Record<string, unknown> | unknown[]; last: string } {
  const keys = parts(path);
  let at: unknown = root;
  for (const key of keys.slice(0, -1)) at = own(at, key);
  if (typeof at !== 'object' || at === null) throw refused();
  return { parent: at as Record<string, unknown>, last: keys.at(-1)! };
}

function read(root: Record<string, unknown>, path: string): unknown {
  const { parent, last } = parentOf(root, path);
  return own(parent, last);
}

function write(root: Record<string, unknown>, path: string, value: unknown, how: 'add' | 'replace'): void {
  const { parent, last } = parentOf(root, path);
  if (last === '__proto__' || (how === 'replace' && !Object.hasOwn(parent, last))) throw refused();
  if (Array.isArray(parent) && how === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, value);
  else (parent as Record<string, unknown>)[last] = value;
}

function take(root: Record<string, unknown>, path: string): unknown {
  const { parent, last } = parentOf(root, path);
  if (!Object.hasOwn(parent, last)) throw refused();
  if (Array.isArray(parent)) return parent.splice(Number(last), 1)[0];
  const value = parent[last];
  delete parent[last];
  return value;
}
