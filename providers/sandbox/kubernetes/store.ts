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

const keptChanges = 4000;
const keyOf = (resource: Resource, namespace: string, name: string): string =>
  `${resource.group}/${resource.plural}/${namespace}/${name}`;

/** All objects of a cluster with their versions, and what changed lately. */
export class ObjectStore {
  readonly #objects = new Map<string, { resource: Resource; object: Obj }>();
  #version = 1;
  #changes: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

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
    const entry = this.#objects.get(keyOf(resource, namespace, name));
    if (!entry) throw notFound(fullName(resource), name);
    return clone(entry.object);
  }

  find(resource: Resource, namespace: string, name: string): Obj | undefined {
    const entry = this.#objects.get(keyOf(resource, namespace, name));
    return entry && clone(entry.object);
  }

  /** Copies, in name order; `namespace` empty: of all. */
  list(resource: Resource, namespace = ''): Obj[] {
    return this.peek(resource, namespace).map(clone);
  }

  /** As `list`, without copying: for reading only. */
  peek(resource: Resource, namespace = ''): readonly Obj[] {
    const prefix = `${resource.group}/${resource.plural}/${namespace === '' ? '' : `${namespace}/`}`;
    const found: [string, Obj][] = [];
    for (const [key, { object }] of this.#objects) if (key.startsWith(prefix)) found.push([key, object]);
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  create(resource: Resource, object: Obj): Obj {
    const stored = clone(object);
    const { metadata } = stored;
    if (!metadata.name && metadata.generateName)
      metadata.name = `${metadata.generateName}${this.options.uid().slice(0, 5)}`;
    const key = keyOf(resource, metadata.namespace ?? '', metadata.name);
    if (this.#objects.has(key)) throw alreadyExists(fullName(resource), metadata.name);
    Object.assign(metadata, { uid: this.options.uid(), creationTimestamp: this.stamp() });
    if (stored.spec !== undefined) metadata.generation = 1;
    this.put('ADDED', resource, key, stored, undefined);
    return clone(stored);
  }

  /**
   * Replaces an object. `resourceVersion` in it must fit, if it has one. Nothing is stored when nothing differs.
   * @throws StatusError 404, 409
   */
  update(resource: Resource, object: Obj): Obj {
    const { metadata } = object;
    const key = keyOf(resource, metadata.namespace ?? '', metadata.name);
    const before = this.#objects.get(key)?.object;
    if (!before) throw notFound(fullName(resource), metadata.name);
    if (metadata.resourceVersion && metadata.resourceVersion !== before.metadata.resourceVersion)
      throw conflict(fullName(resource), metadata.name);
    const stored = clone(object);
    const { uid, creationTimestamp, deletionTimestamp, resourceVersion, generation } = before.metadata;
    Object.assign(stored.metadata, {
      uid,
      creationTimestamp,
      resourceVersion,
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    });
    if (generation !== undefined) stored.metadata.generation = generation + (same(stored.spec, before.spec) ? 0 : 1);
    if (same(stored, before)) return clone(before);
    // The last finalizer of something on its way out lets it go.
    if (
      deletionTimestamp &&
      (stored.metadata.finalizers ?? []).length === 0 &&
      (before.metadata.finalizers ?? []).length > 0
    ) {
      return this.remove(resource, metadata.namespace ?? '', metadata.name);
    }
    this.put('MODIFIED', resource, key, stored, before);
    return clone(stored);
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
    const object = this.get(resource, namespace, name);
    if ((object.metadata.finalizers ?? []).length === 0) return this.remove(resource, namespace, name);
    if (object.metadata.deletionTimestamp) return object;
    const key = keyOf(resource, namespace, name);
    const before = this.#objects.get(key)!.object;
    object.metadata.deletionTimestamp = this.stamp();
    this.put('MODIFIED', resource, key, object, before);
    return clone(object);
  }

  remove(resource: Resource, namespace: string, name: string): Obj {
    const key = keyOf(resource, namespace, name);
    const before = this.#objects.get(key)?.object;
    if (!before) throw notFound(fullName(resource), name);
    this.#objects.delete(key);
    const gone = clone(before);
    this.#version += 1;
    gone.metadata.resourceVersion = String(this.#version);
    this.tell({ type: 'DELETED', object: gone, before, resource, version: this.#version });
    return clone(gone);
  }

  /** Changes after a version; undefined when that is too long ago. */
  since(version: number): readonly Change[] | undefined {
    const oldest = this.#changes[0]?.version ?? this.#version + 1;
    if (version < this.#version && version + 1 < oldest) return undefined;
    return this.#changes.filter((change) => change.version > version);
  }

  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): { version: number; objects: Obj[] } {
    return { version: this.#version, objects: [...this.#objects.values()].map(({ object }) => object) };
  }

  restore({ version, objects }: { version: number; objects: Obj[] }): void {
    this.#version = version;
    const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    for (const definition of definitions) this.resources.define(definition);
    for (const object of objects) {
      const resource = this.resources.byKind(object.apiVersion, object.kind);
      if (resource)
        this.#objects.set(keyOf(resource, object.metadata.namespace ?? '', object.metadata.name), { resource, object });
    }
    this.#changes = [];
  }

  private put(type: Change['type'], resource: Resource, key: string, object: Obj, before: Obj | undefined): void {
    this.#version += 1;
    object.metadata.resourceVersion = String(this.#version);
    this.#objects.set(key, { resource, object });
    this.tell({ type, object, before, resource, version: this.#version });
  }

  private tell(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > keptChanges) this.#changes.splice(0, keptChanges / 4);
    for (const listener of [...this.#listeners]) listener(change);
  }
}
