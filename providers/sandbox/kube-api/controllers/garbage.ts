import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { isOwnedBy } from './conditions.js';

const foreground = 'foregroundDeletion';
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/** Background garbage collection: what an object that is gone owned alone goes too. */
export function collectOrphans(cluster: ClusterState, owner: Obj): void {
  for (const object of dependents(cluster, owner)) discard(cluster, object);
}

/** Deletes an object as asked; what it owns first, after it, or not at all. */
export function deleteWith(cluster: ClusterState, object: Obj, propagation: Propagation): Obj {
  const { store } = cluster;
  const resource = cluster.kind(object.apiVersion, object.kind);
  const { name, namespace = '', uid } = object.metadata;
  if (propagation === 'Orphan') {
    for (const dependent of dependents(cluster, object))
      cluster.change(dependent, (one) => {
        one.metadata.ownerReferences = (one.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
      });
  }
  if (propagation === 'Foreground' && dependents(cluster, object).length > 0) {
    cluster.change(object, (one) => {
      one.metadata.finalizers = [...new Set([...(one.metadata.finalizers ?? []), foreground])];
    });
    const marked = store.delete(resource, namespace, name);
    for (const dependent of dependents(cluster, object)) discard(cluster, dependent);
    return marked;
  }
  return store.delete(resource, namespace, name);
}

/** Objects that waited for what they own to be gone first. */
export function finishForeground(cluster: ClusterState, gone: Obj): void {
  for (const { apiVersion, kind, name, uid } of gone.metadata.ownerReferences ?? []) {
    const resource = cluster.store.resources.byKind(apiVersion, kind);
    const owner = resource && cluster.store.look(resource, gone.metadata.namespace ?? '', name);
    if (owner?.metadata.uid !== uid || !owner?.metadata.finalizers?.includes(foreground)) continue;
    if (dependents(cluster, owner).length > 0) continue;
    cluster.change(owner, (one) => {
      one.metadata.finalizers = (one.metadata.finalizers ?? []).filter((name) => name !== foreground);
    });
  }
}

/** Empties a namespace that is on its way out, and lets it go once it is empty. */
export function emptyNamespace(cluster: ClusterState, name: string): void {
  const { store } = cluster;
  let left = 0;
  for (const resource of kinds(cluster)) {
    if (!resource.namespaced) continue;
    for (const object of store.peek(resource, name)) {
      discard(cluster, object);
      if (store.look(resource, name, object.metadata.name)) left += 1;
    }
  }
  const namespaces = cluster.kind('v1', 'Namespace');
  if (left === 0 && store.look(namespaces, '', name)) store.remove(namespaces, '', name);
}

function dependents(cluster: ClusterState, owner: Obj): readonly Obj[] {
  const { uid, namespace = '' } = owner.metadata;
  return kinds(cluster).flatMap((resource) =>
    cluster.store.peek(resource, namespace).filter((object) => isOwnedBy(object, uid)),
  );
}

/** Each kind once, whatever its versions and shapes. */
function kinds(cluster: ClusterState) {
  const stored = cluster.store.resources.all().filter(({ view }) => !view);
  return [...new Map(stored.map((one) => [`${one.group}/${one.plural}`, one] as const)).values()];
}

/**
 * Deletes an object of a list that may be out of date: a delete is seen at once by all that watch, who may have deleted
 * others of the list by the time their turn comes.
 */
function discard(cluster: ClusterState, listed: Obj): void {
  const { name, namespace = '', uid } = listed.metadata;
  const resource = cluster.kind(listed.apiVersion, listed.kind);
  const object = cluster.store.look(resource, namespace, name);
  if (!object || object.metadata.uid !== uid) return;
  if (object.kind === 'Pod') {
    cluster.terminate(object);
    return;
  }
  if (!object.metadata.deletionTimestamp) cluster.store.delete(resource, namespace, name);
}
