import { clone, isMap, type ManagedFields, type Obj, same } from './objects.js';
import { itemKey, keysOf } from './patches.js';
import { StatusError } from './status.js';

/**
 * Server-side apply: each field belongs to the managers that applied it. A field tree is FieldsV1: `f:name` for a
 * field, `k:{…}` for an item of a keyed list; an empty object is a leaf.
 */
type Fields = Record<string, unknown>;

const notOwned = new Set(['apiVersion', 'kind']);
const notOwnedMeta = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'deletionTimestamp',
]);

export function fieldsOf(object: Obj): Fields {
  const { metadata, ...rest } = object;
  const own = Object.fromEntries(Object.entries(rest).filter(([key]) => !notOwned.has(key)));
  const meta = Object.fromEntries(Object.entries(metadata).filter(([key]) => !notOwnedMeta.has(key)));
  return tree({ ...own, ...(Object.keys(meta).length === 0 ? {} : { metadata: meta }) }, '');
}

/** Maps that belong to one manager as a whole. */
const atomic = new Set(['selector']);

function tree(value: unknown, field: string): Fields {
  if (atomic.has(field)) return {};
  if (isMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, tree(inner, key)]));
  if (Array.isArray(value)) {
    const keys = keysOf(field, value);
    if (keys && value.every(isMap))
      return Object.fromEntries(value.map((item) => [`k:${itemKey(keys, item)}`, { '.': {}, ...tree(item, '') }]));
  }
  return {};
}

/** A map whose fields have owners of their own: that two own the map itself is no disagreement. */
const isOpenMap = (path: Path, value: unknown): boolean => isMap(value) && !atomic.has(path.at(-1)!.slice(2));

/**
 * The object after an apply.
 * @throws StatusError 409 with a cause for each field that another manager owns with another value, unless forced.
 */
export function serverSideApply(
  current: Obj | undefined,
  wanted: Obj,
  manager: string,
  force: boolean,
  time: string,
): Obj {
  const fields = fieldsOf(wanted);
  if (!current)
    return {
      ...clone(wanted),
      metadata: { ...clone(wanted.metadata), managedFields: [entry(wanted, manager, fields, time)] },
    };
  const others = (current.metadata.managedFields ?? []).filter(
    (one) => one.manager !== manager || one.operation !== 'Apply',
  );
  const mine = (current.metadata.managedFields ?? []).find(
    (one) => one.manager === manager && one.operation === 'Apply',
  );
  const clashes = others.flatMap((other) =>
    leaves(intersect(other.fieldsV1, fields))
      .filter((path) => !isOpenMap(path, at(current, path)) && !same(at(current, path), at(wanted, path)))
      .map((path) => ({ manager: titleOf(other), path })),
  );
  if (clashes.length > 0 && !force) throw conflictOf(clashes);
  const kept = others.map((other) => ({
    ...other,
    fieldsV1: force
      ? subtract(
          other.fieldsV1,
          clashes.filter(({ manager: owner }) => owner === titleOf(other)).map(({ path }) => path),
        )
      : other.fieldsV1,
  }));
  const result = merge(clone(current), wanted, '') as Obj;
  // What this manager applied before and no longer does goes, unless somebody else owns it too.
  for (const path of leaves(mine?.fieldsV1 ?? {})) {
    if (has(fields, path) || others.some((other) => has(other.fieldsV1, path))) continue;
    drop(result, path);
  }
  const unchanged = mine !== undefined && same(mine.fieldsV1, fields);
  result.metadata.managedFields = [
    ...kept.filter((one) => Object.keys(one.fieldsV1).length > 0),
    unchanged ? mine : entry(wanted, manager, fields, time),
  ];
  return result;
}

const entry = (object: Obj, manager: string, fields: Fields, time: string): ManagedFields => ({
  manager,
  operation: 'Apply',
  apiVersion: object.apiVersion,
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
});

/** Ownership after a plain write: fields that it changed belong to the writer, those that it took away to nobody. */
export function trackUpdate(before: Obj | undefined, after: Obj, manager: string, time: string): void {
  const fields = fieldsOf(after);
  const changed = leaves(fields).filter((path) => !before || !same(at(before, path), at(after, path)));
  const gone = before ? leaves(fieldsOf(before)).filter((path) => at(after, path) === undefined) : [];
  if (changed.length === 0 && gone.length === 0) return;
  const entries = after.metadata.managedFields ?? before?.metadata.managedFields ?? [];
  const mine = entries.find((one) => one.manager === manager && one.operation === 'Update');
  const own = remaining(mine?.fieldsV1 ?? {}, gone, after);
  for (const path of changed) plant(own, path, before);
  const rest = entries
    .filter((one) => one !== mine)
    .map((one) => ({ ...one, fieldsV1: remaining(one.fieldsV1, before ? [...changed, ...gone] : [], after) }))
    .filter((one) => Object.keys(one.fieldsV1).length > 0);
  const next: ManagedFields = { ...entry(after, manager, own, time), operation: 'Update' };
  after.metadata.managedFields = [...rest, ...(Object.keys(own).length > 0 ? [next] : [])];
}

/** A field tree without some paths; a map that is still in the object stays, if empty. */
function remaining(fields: Fields, paths: readonly Path[], object: Obj): Fields {
  const result = clone(fields);
  for (const path of paths) prune(result, path, (upTo) => at(object, path.slice(0, upTo)) !== undefined);
  return result;
}

type Path = readonly string[];

function leaves(fields: Fields, path: Path = []): Path[] {
  const inner = Object.entries(fields).filter(([key]) => key !== '.');
  if (inner.length === 0) return path.length === 0 ? [] : [path];
  return inner.flatMap<Path>(([key, value]) => leaves(value as Fields, [...path, key]));
}

/** What both trees own as a leaf: an empty map beside another manager's entries is no disagreement. */
function intersect(a: Fields, b: Fields): Fields {
  const both: Fields = {};
  for (const key of Object.keys(a)) {
    if (key === '.' || !(key in b)) continue;
    const inner = intersect(a[key] as Fields, b[key] as Fields);
    if (Object.keys(inner).length > 0 || (isLeaf(a[key]) && isLeaf(b[key]))) both[key] = inner;
  }
  return both;
}

const isLeaf = (fields: unknown): boolean => Object.keys(fields as Fields).filter((key) => key !== '.').length === 0;

function has(fields: Fields, path: Path): boolean {
  let here: unknown = fields;
  for (const key of path) here = (here as Fields | undefined)?.[key];
  return here !== undefined;
}

/** Adds a path; maps that the object did not have before are the writer's too. */
function plant(fields: Fields, path: Path, before: Obj | undefined): void {
  let here = fields;
  path.forEach((key, index) => {
    const isNew = !(key in here);
    here = (here[key] ??= {}) as Fields;
    const isInside = index < path.length - 1 && !(index === 0 && ['f:metadata', 'f:spec', 'f:status'].includes(key));
    if (isNew && isInside && (!before || at(before, path.slice(0, index + 1)) === undefined)) here['.'] = {};
  });
}

function subtract(fields: Fields, paths: readonly Path[]): Fields {
  const result = clone(fields);
  for (const path of paths) prune(result, path);
  return result;
}

/** @param stays whether the map at the first so many keys of the path is kept when nothing is left in it */
function prune(fields: Fields, path: Path, stays: (upTo: number) => boolean = () => false, depth = 0): void {
  const key = path[depth];
  if (key === undefined || !(key in fields)) return;
  const isLast = depth === path.length - 1;
  if (!isLast) prune(fields[key] as Fields, path, stays, depth + 1);
  if (isLast || (isLeaf(fields[key]) && !stays(depth + 1))) delete fields[key];
}

/** Reads the value that a field path leads to. */
function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, key, index) => step(here, key, path[index - 1] ?? ''), value);
}

function step(here: unknown, key: string, field: string): unknown {
  if (key.startsWith('f:')) return isMap(here) ? here[key.slice(2)] : undefined;
  const list: unknown[] = Array.isArray(here) ? here : [];
  const keys = keysOf(field.slice(2), list) ?? [];
  return list.find((item) => isMap(item) && itemKey(keys, item) === key.slice(2));
}

function drop(root: Record<string, unknown>, path: Path): void {
  const last = path.at(-1)!;
  const parent = at(root, path.slice(0, -1));
  if (last.startsWith('f:')) {
    if (isMap(parent)) delete parent[last.slice(2)];
    // An item of a keyed list of which nothing but its keys is left goes with its last field.
    return;
  }
  if (!Array.isArray(parent)) return;
  const keys = keysOf((path.at(-2) ?? '').slice(2), parent) ?? [];
  const index = parent.findIndex((item) => isMap(item) && itemKey(keys, item) === last.slice(2));
  if (index >= 0) parent.splice(index, 1);
}

function merge(target: unknown, wanted: unknown, field: string): unknown {
  if (Array.isArray(wanted)) {
    const own = Array.isArray(target) ? (target as unknown[]) : [];
    const keys = keysOf(field, [...(wanted as unknown[]), ...own]);
    if (!keys || !wanted.every(isMap)) return clone<unknown>(wanted);
    const result = [...own] as Record<string, unknown>[];
    for (const item of wanted) {
      const index = result.findIndex((other) => itemKey(keys, other) === itemKey(keys, item));
      if (index >= 0) result[index] = merge(result[index], item, '') as Record<string, unknown>;
      else result.push(clone(item));
    }
    return result;
  }
  if (!isMap(wanted)) return clone(wanted);
  const result: Record<string, unknown> = isMap(target) ? target : {};
  for (const [key, value] of Object.entries(wanted)) {
    if (field === '' && key === 'managedFields') continue;
    result[key] = merge(result[key], value, key);
  }
  return result;
}

interface Clash {
  readonly manager: string;
  readonly path: Path;
}

function conflictOf(clashes: readonly Clash[]): StatusError {
  const causes = clashes.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path.map(segment).join(''),
  }));
  const byManager = new Map<string, string[]>();
  for (const { manager, path } of clashes)
    byManager.set(manager, [...(byManager.get(manager) ?? []), path.map(segment).join('')]);
  const list = [...byManager].map(([manager, fields]) =>
    fields.length === 1
      ? `conflict with ${manager}: ${fields[0]}`
      : `conflicts with ${manager}:\n${fields.map((field) => `- ${field}`).join('\n')}`,
  );
  return new StatusError(
    409,
    'Conflict',
    `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${list.join('\n')}`,
    { causes },
  );
}

/** `.spec`, `[name="web"]` */
function segment(key: string): string {
  if (key.startsWith('f:')) return `.${key.slice(2)}`;
  const item = JSON.parse(key.slice(2)) as Record<string, unknown>;
  return `[${Object.entries(item)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

/** As conflicts name a manager: one that wrote plainly with the version it used. */
const titleOf = ({ manager, operation, apiVersion }: ManagedFields): string =>
  operation === 'Apply' ? `"${manager}"` : `"${manager}" using ${apiVersion}`;
