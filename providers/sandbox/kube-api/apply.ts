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

/** Which part of an object a write concerns, and how its kind is described. */
export interface WriteScope {
  readonly subresource?: string;
  /** Its status has a way of its own, so that other writes leave it alone. */
  readonly hasStatus?: boolean;
  /** Made by a CustomResourceDefinition. */
  readonly custom?: boolean;
}

export function fieldsOf(object: Obj, { subresource, hasStatus }: WriteScope = {}): Fields {
  const { metadata, ...rest } = object;
  const own = Object.fromEntries(
    Object.entries(rest).filter(
      ([key]) => !notOwned.has(key) && (subresource === 'status' ? key === 'status' : !(hasStatus && key === 'status')),
    ),
  );
  const meta = Object.fromEntries(Object.entries(metadata).filter(([key]) => !notOwnedMeta.has(key)));
  const withMeta = subresource !== 'status' && Object.keys(meta).length > 0;
  return tree({ ...own, ...(withMeta ? { metadata: meta } : {}) }, '');
}

/** Maps that belong to one manager as a whole: selectors of all sorts, and references. */
const atomic = new Set([
  ...['selector', 'labelSelector', 'namespaceSelector', 'nodeSelector', 'podSelector'],
  ...['configMapKeyRef', 'fieldRef', 'resourceFieldRef', 'roleRef', 'scaleTargetRef', 'secretKeyRef'],
]);

function tree(value: unknown, field: string): Fields {
  if (atomic.has(field)) return {};
  if (isMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, tree(inner, key)]));
  if (Array.isArray(value)) {
    if (field === 'finalizers') return Object.fromEntries(value.map((item) => [`v:${JSON.stringify(item)}`, {}]));
    const keys = keysOf(field, value);
    if (keys && value.every(isMap))
      return Object.fromEntries(
        value.map((item) => [
          `k:${itemKey(keys, item)}`,
          field === 'ownerReferences' ? {} : { '.': {}, ...tree(item, '') },
        ]),
      );
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
  desired: Obj,
  manager: string,
  force: boolean,
  time: string,
  scope: WriteScope = {},
): Obj {
  const fields = fieldsOf(desired, scope);
  const owned = Object.keys(fields).length > 0;
  const applied = { ...entry(desired, manager, fields, scope), operation: 'Apply' as const };
  if (!current)
    return {
      ...clone(desired),
      metadata: { ...clone(desired.metadata), ...(owned ? { managedFields: [{ ...applied, time }] } : {}) },
    };
  const isMine = (one: ManagedFields): boolean =>
    one.manager === manager && one.operation === 'Apply' && one.subresource === scope.subresource;
  const others = (current.metadata.managedFields ?? []).filter((one) => !isMine(one));
  const mine = (current.metadata.managedFields ?? []).find(isMine);
  const clashes = others.flatMap((other) =>
    leaves(intersect(other.fieldsV1, fields))
      .filter((path) => !isOpenMap(path, at(current, path)) && !same(at(current, path), at(desired, path)))
      .map((path) => ({ manager: titleOf(other), path })),
  );
  if (clashes.length > 0 && !force) throw conflictOf(clashes);
  const kept = others.map((other) => {
    const taken = clashes.filter(({ manager: owner }) => owner === titleOf(other)).map(({ path }) => path);
    return { ...other, fieldsV1: remaining(other.fieldsV1, taken) };
  });
  const result = merge(clone(current), desired, '') as Obj;
  // What this manager applied before and no longer does goes, unless somebody else owns it too.
  for (const path of members(mine?.fieldsV1 ?? {})) {
    if (has(fields, path) || others.some((other) => has(other.fieldsV1, path))) continue;
    drop(result, path);
  }
  const isSame = same(unmanaged(result), unmanaged(current));
  // An apply that changes nothing leaves the time as it was; one who never changed anything has none.
  const since = isSame ? mine?.time : time;
  result.metadata.managedFields = [
    ...kept.filter((one) => Object.keys(one.fieldsV1).length > 0),
    ...(owned ? [{ ...applied, ...(since === undefined ? {} : { time: since }) }] : []),
  ];
  return result;
}

const unmanaged = ({ metadata: { managedFields: _owners, ...metadata }, ...rest }: Obj): unknown => ({
  ...rest,
  metadata,
});

const entry = (
  object: Obj,
  manager: string,
  fields: Fields,
  { subresource }: WriteScope,
): Omit<ManagedFields, 'operation'> => ({
  manager,
  apiVersion: object.apiVersion,
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
  ...(subresource === undefined ? {} : { subresource }),
});

/** Ownership after a plain write: fields that it changed belong to the writer, those that it took away to nobody. */
export function trackUpdate(
  before: Obj | undefined,
  after: Obj,
  manager: string,
  time: string,
  scope: WriteScope = {},
): void {
  const changed = leaves(fieldsOf(after, scope)).filter((path) => !before || !same(at(before, path), at(after, path)));
  const isGone = before !== undefined && leaves(fieldsOf(before, scope)).some((path) => at(after, path) === undefined);
  if (changed.length === 0 && !isGone) return;
  const entries = after.metadata.managedFields ?? before?.metadata.managedFields ?? [];
  const mine = entries.find(
    (one) => one.manager === manager && one.operation === 'Update' && one.subresource === scope.subresource,
  );
  const own = remaining(mine?.fieldsV1 ?? {}, [], after);
  for (const path of changed) plant(own, path, before, scope);
  const rest = entries
    .filter((one) => one !== mine)
    .map((one) => ({ ...one, fieldsV1: remaining(one.fieldsV1, before ? changed : [], after) }))
    .filter((one) => Object.keys(one.fieldsV1).length > 0);
  const next: ManagedFields = { ...entry(after, manager, own, scope), operation: 'Update', time };
  const all = [...rest, ...(Object.keys(own).length > 0 ? [next] : [])];
  if (all.length > 0) after.metadata.managedFields = all;
  else delete after.metadata.managedFields;
}

/** A field tree without some leaves, and without what the object no longer has. */
function remaining(fields: Fields, lost: readonly Path[], object?: Obj, path: Path = []): Fields {
  const result: Fields = {};
  for (const [key, inner] of Object.entries(fields)) {
    const here = [...path, key];
    if (key === '.') result[key] = {};
    else if (object && at(object, here) === undefined) continue;
    else if (isLeaf(inner)) {
      if (!lost.some((one) => same(one, here))) result[key] = inner;
    } else {
      const left = remaining(inner as Fields, lost, object, here);
      // A map that is owned itself stays when nothing in it is.
      if (Object.keys(left).length > 0) result[key] = isLeaf(left) ? {} : left;
    }
  }
  return result;
}

type Path = readonly string[];

function leaves(fields: Fields, path: Path = []): Path[] {
  const inner = Object.entries(fields).filter(([key]) => key !== '.');
  if (inner.length === 0) return path.length === 0 ? [] : [path];
  return inner.flatMap<Path>(([key, value]) => leaves(value as Fields, [...path, key]));
}

/** Leaves, and before them the items of keyed lists that they are in. */
function members(fields: Fields, path: Path = []): Path[] {
  return Object.entries(fields).flatMap<Path>(([key, value]) => {
    if (key === '.') return [];
    const here = [...path, key];
    const inner = members(value as Fields, here);
    return key.startsWith('k:') || inner.length === 0 ? [here, ...inner] : inner;
  });
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

/** Fields of built-in kinds that are there, if empty, in every object: nobody comes to own them by writing into them. */
const always = new Set([
  'f:metadata',
  'f:spec',
  'f:status',
  'f:template',
  'f:jobTemplate',
  'f:containers',
  'f:strategy',
  'f:updateStrategy',
]);

/** Adds a path; maps that the object did not have before are the writer's too. */
function plant(fields: Fields, path: Path, before: Obj | undefined, { custom = false }: WriteScope): void {
  let here = fields;
  path.forEach((key, index) => {
    const isNew = !(key in here);
    here = (here[key] ??= {}) as Fields;
    const isInside = index < path.length - 1 && !(custom ? index === 0 && key === 'f:metadata' : always.has(key));
    if (isNew && isInside && (!before || at(before, path.slice(0, index + 1)) === undefined)) here['.'] = {};
  });
}

/** Reads the value that a field path leads to. */
function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, key, index) => step(here, key, path[index - 1] ?? ''), value);
}

function step(here: unknown, key: string, field: string): unknown {
  if (key.startsWith('f:')) return isMap(here) && Object.hasOwn(here, key.slice(2)) ? here[key.slice(2)] : undefined;
  const list: unknown[] = Array.isArray(here) ? here : [];
  if (key.startsWith('v:')) return list.find((item) => JSON.stringify(item) === key.slice(2));
  const keys = keysOf(field.slice(2), list) ?? [];
  return list.find((item) => isMap(item) && itemKey(keys, item) === key.slice(2));
}

function drop(root: Record<string, unknown>, path: Path): void {
  const last = path.at(-1)!;
  const parent = at(root, path.slice(0, -1));
  if (last.startsWith('f:')) {
    if (isMap(parent)) delete parent[last.slice(2)];
    return;
  }
  if (!Array.isArray(parent)) return;
  const keys = keysOf((path.at(-2) ?? '').slice(2), parent) ?? [];
  const index = parent.findIndex((item) =>
    last.startsWith('v:')
      ? JSON.stringify(item) === last.slice(2)
      : isMap(item) && itemKey(keys, item) === last.slice(2),
  );
  if (index >= 0) parent.splice(index, 1);
}

function merge(target: unknown, desired: unknown, field: string): unknown {
  if (Array.isArray(desired)) {
    const own = Array.isArray(target) ? (target as unknown[]) : [];
    if (field === 'finalizers') return [...new Set([...own, ...(desired as unknown[])])];
    const keys = keysOf(field, [...(desired as unknown[]), ...own]);
    if (!keys || !desired.every(isMap)) return clone<unknown>(desired);
    const result = [...own] as Record<string, unknown>[];
    for (const item of desired) {
      const index = result.findIndex((other) => itemKey(keys, other) === itemKey(keys, item));
      if (index >= 0) result[index] = merge(result[index], item, '') as Record<string, unknown>;
      else result.push(clone(item));
    }
    return result;
  }
  if (!isMap(desired) || atomic.has(field)) return clone(desired);
  const result: Record<string, unknown> = isMap(target) ? target : {};
  for (const [key, value] of Object.entries(desired)) {
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
  if (key.startsWith('v:')) return `[=${key.slice(2)}]`;
  const item = JSON.parse(key.slice(2)) as Record<string, unknown>;
  return `[${Object.entries(item)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

/** As conflicts name a manager: one that wrote plainly with the version it used. */
const titleOf = ({ manager, operation, apiVersion }: ManagedFields): string =>
  operation === 'Apply' ? `"${manager}"` : `"${manager}" using ${apiVersion}`;
