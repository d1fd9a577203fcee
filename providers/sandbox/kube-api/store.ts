import { contained } from '../report-fault.js';
import { clone, type Obj, same } from './objects.js';
import { fullName, type Resource, type Resources } from './resources.js';
import { alreadyExists, conflict, notFound, StatusError } from './status.js';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Obj;
  /** What it was before; for watches with selectors. */
  readonly before: Obj | undefined;
  readonly resource: Resource;
  readonly version: number;
}

export interface StoreOptions {
  readonly now: () => number;
  readonly uid: () => string;
}

/** Of each kind: one that changes often makes nobody forget another. */
const keptChanges = 4000;
/** The older groups do not count how often a specification changed; pods have come to. */
const hasGeneration = ({ group, plural }: Resource): boolean =>
  plural === 'pods' || !['', 'autoscaling', 'coordination.k8s.io'].includes(group);

/** Versions of a kind share their objects. */
const tableName = ({ view, ...own }: Resource): string => {
  const { group, plural } = view ?? own;
  return `${group}/${plural}`;
};

/** Whether two resources are the same objects, in whatever version or shape. */
export const isSameTable = (a: Resource, b: Resource): boolean => tableName(a) === tableName(b);

/** An object in the shape of its resource, and as it is kept. */
const shapedAs = ({ view }: Resource, object: Obj): Obj => (view ? view.fromStored(object) : object);
const storedAs = ({ view }: Resource, object: Obj): Obj => (view ? view.toStored(object) : object);

const nameOf = ({ type, resource, object }: Change): string => `${type} ${resource.kind} ${object.metadata.name}`;

/** Versions never go back: so many changes, such as renewals of leases, may not have been saved when the sandbox was killed. */
const unsavedAtMost = 1_000_000;

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** All objects of a cluster with their versions, and what changed lately. */
export class ObjectStore {
  /** By kind, then by namespace and name. */
  readonly #tables = new Map<string, Map<string, Obj>>();
  #version = 1;
  readonly #changes = new Map<string, Change[]>();
  /** The last version, by kind, of which it is not known any more what changed; of all kinds before the last start. */
  readonly #forgotten = new Map<string, number>();
  #begun = 1;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #untold: Change[] = [];
  #isTelling = false;

  constructor(
    readonly resources: Resources,
    private readonly options: StoreOptions,
  ) {}

  get version(): number {
    return this.#version;
  }

  stamp(): string {
    return `${new Date(this.options.now()).toISOString().slice(0, 19)}Z`;
  }

  resource(apiVersion: string, kind: string): Resource {
    const found = this.resources.byKind(apiVersion, kind);
    if (!found) throw new StatusError(404, 'NotFound', `no kind ${kind} in ${apiVersion}`);
    return found;
  }

  /** The object itself is not handed out; a copy is. */
  get(resource: Resource, namespace: string, name: string): Obj {
    const object = this.table(resource).get(keyOf(namespace, name));
    if (!object) throw notFound(fullName(resource), name);
    return clone(shapedAs(resource, object));
  }

  find(resource: Resource, namespace: string, name: string): Obj | undefined {
    const object = this.table(resource).get(keyOf(namespace, name));
    return object && clone(shapedAs(resource, object));
  }

  /** As `find`, without copying: for reading only. */
  look(resource: Resource, namespace: string, name: string): Obj | undefined {
    const object = this.table(resource).get(keyOf(namespace, name));
    return object && shapedAs(resource, object);
  }

  /** Copies, in name order; `namespace` empty: of all. */
  list(resource: Resource, namespace = ''): Obj[] {
    return this.peek(resource, namespace).map(clone);
  }

  /** As `list`, without copying: for reading only. */
  peek(resource: Resource, namespace = ''): readonly Obj[] {
    const prefix = namespace === '' ? '' : `${namespace}/`;
    const found = [...this.table(resource)].filter(([key]) => key.startsWith(prefix));
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => shapedAs(resource, object));
  }

  /** An object as it would be made: with its name, its uid and its time. */
  draft(object: Obj): Obj {
    const made = clone(object);
    const { metadata } = made;
    if (!metadata.name && metadata.generateName)
      metadata.name = `${metadata.generateName}${this.options.uid().slice(0, 5)}`;
    Object.assign(metadata, { uid: this.options.uid(), creationTimestamp: this.stamp() });
    return made;
  }

  create(resource: Resource, object: Obj): Obj {
    const stored = this.draft(storedAs(resource, object));
    const { metadata } = stored;
    const key = keyOf(metadata.namespace ?? '', metadata.name);
    if (this.table(resource).has(key)) throw alreadyExists(fullName(resource), metadata.name);
    if (stored.spec !== undefined && hasGeneration(resource)) metadata.generation = 1;
    this.put('ADDED', resource, key, stored, undefined);
    return clone(shapedAs(resource, stored));
  }

  /**
   * Replaces an object. `resourceVersion` in it must fit, if it has one. Nothing is stored when nothing differs.
   * @throws StatusError 404, 409
   */
  update(resource: Resource, object: Obj): Obj {
    const { metadata } = object;
    const key = keyOf(metadata.namespace ?? '', metadata.name);
    const before = this.table(resource).get(key);
    if (!before) throw notFound(fullName(resource), metadata.name);
    if (metadata.resourceVersion && metadata.resourceVersion !== before.metadata.resourceVersion)
      throw conflict(fullName(resource), metadata.name);
    const stored = clone(storedAs(resource, object));
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, resourceVersion, generation } =
      before.metadata;
    Object.assign(stored.metadata, {
      uid,
      creationTimestamp,
      resourceVersion,
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
      ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
    });
    if (generation !== undefined) stored.metadata.generation = generation + (same(stored.spec, before.spec) ? 0 : 1);
    if (same(stored, before)) return clone(shapedAs(resource, before));
    // The last finalizer of something on its way out lets it go.
    if (
      deletionTimestamp &&
      (stored.metadata.finalizers ?? []).length === 0 &&
      (before.metadata.finalizers ?? []).length > 0
    ) {
      this.remove(resource, metadata.namespace ?? '', metadata.name);
      return shapedAs(resource, stored);
    }
    this.put('MODIFIED', resource, key, stored, before);
    return clone(shapedAs(resource, stored));
  }

  /** Reads, changes and stores; an object that does not exist is left alone. */
  change(resource: Resource, namespace: string, name: string, change: (object: Obj) => void): Obj | undefined {
    const object = this.find(resource, namespace, name);
    if (!object) return undefined;
    change(object);
    return this.update(resource, object);
  }

  /** Takes an object out at once, or marks it when it has finalizers. */
  delete(resource: Resource, namespace: string, name: string): Obj {
    const key = keyOf(namespace, name);
    const before = this.table(resource).get(key);
    if (!before) throw notFound(fullName(resource), name);
    if ((before.metadata.finalizers ?? []).length === 0) return this.remove(resource, namespace, name);
    const object = clone(before);
    if (object.metadata.deletionTimestamp) return shapedAs(resource, object);
    Object.assign(object.metadata, { deletionTimestamp: this.stamp(), deletionGracePeriodSeconds: 0 });
    this.put('MODIFIED', resource, key, object, before);
    return clone(shapedAs(resource, object));
  }

  remove(resource: Resource, namespace: string, name: string): Obj {
    const key = keyOf(namespace, name);
    const before = this.table(resource).get(key);
    if (!before) throw notFound(fullName(resource), name);
    this.table(resource).delete(key);
    const gone = clone(before);
    this.#version += 1;
    gone.metadata.resourceVersion = String(this.#version);
    this.tell({ type: 'DELETED', object: gone, before, resource, version: this.#version });
    return clone(shapedAs(resource, gone));
  }

  /** Changes of a kind after a version; undefined when that is too long ago. */
  since(version: number, resource: Resource): readonly Change[] | undefined {
    const table = tableName(resource);
    if (version < (this.#forgotten.get(table) ?? this.#begun)) return undefined;
    return (this.#changes.get(table) ?? []).filter((change) => change.version > version);
  }

  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): { version: number; objects: Obj[] } {
    return { version: this.#version, objects: [...this.#tables.values()].flatMap((table) => [...table.values()]) };
  }

  restore({ version: saved, objects }: { version: number; objects: Obj[] }): void {
    const version = saved + unsavedAtMost;
    this.#version = version;
    const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    for (const definition of definitions)
      contained(`CustomResourceDefinition ${definition.metadata.name}`, () => this.resources.define(definition));
    for (const object of objects) {
      const resource = this.resources.byKind(object.apiVersion, object.kind);
      if (resource) this.table(resource).set(keyOf(object.metadata.namespace ?? '', object.metadata.name), object);
    }
    this.#changes.clear();
    this.#forgotten.clear();
    this.#begun = version;
  }

  private table(resource: Resource): Map<string, Obj> {
    const name = tableName(resource);
    const known = this.#tables.get(name);
    if (known) return known;
    const made = new Map<string, Obj>();
    this.#tables.set(name, made);
    return made;
  }

  private put(type: Change['type'], resource: Resource, key: string, object: Obj, before: Obj | undefined): void {
    this.#version += 1;
    object.metadata.resourceVersion = String(this.#version);
    this.table(resource).set(key, object);
    this.tell({ type, object, before, resource, version: this.#version });
  }

  private remember(change: Change): void {
    const table = tableName(change.resource);
    const changes = this.#changes.get(table) ?? [];
    changes.push(change);
    this.#changes.set(table, changes);
    if (changes.length <= keptChanges) return;
    this.#forgotten.set(table, changes.splice(0, keptChanges / 4).at(-1)!.version);
  }

  /**
   * Tells all that watch, in the order of versions: what a listener changes is told after what it was told of. One that
   * throws keeps nobody else from hearing it.
   */
  private tell(change: Change): void {
    this.remember(change);
    this.#untold.push(change);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#untold.shift(); next; next = this.#untold.shift())
        for (const listener of [...this.#listeners]) contained(nameOf(next), () => listener(next));
    } finally {
      this.#isTelling = false;
    }
  }
}
