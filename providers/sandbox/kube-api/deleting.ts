import type { ApiContext, Reply } from './api-context.js';
import { parseObject } from './bodies.js';
import type { Propagation } from './controllers/garbage.js';
import type { Obj } from './objects.js';
import { selected } from './reading.js';
import type { Target } from './request.js';
import { fullName, groupVersion } from './resources.js';
import { StatusError } from './status.js';

/** How something is to be deleted. */
export interface DeleteOptions {
  readonly dry: boolean;
  /** What becomes of what an object owns. */
  readonly propagation: Propagation;
  /** A pod is deleted without waiting for its kubelet. */
  readonly isImmediate: boolean;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

interface DeleteBody {
  readonly gracePeriodSeconds?: number | null;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** Reads them from the query and the body. @throws StatusError 400, 415 */
export function deleteOptions(query: URLSearchParams, text: string, type: string): DeleteOptions {
  const body = parseObject(text, type, 'DeleteOptions') as DeleteBody;
  const grace = query.get('gracePeriodSeconds') ?? body.gracePeriodSeconds;
  const policy = query.get('propagationPolicy') ?? body.propagationPolicy;
  return {
    dry: query.getAll('dryRun').includes('All'),
    propagation: policy === 'Foreground' || policy === 'Orphan' ? policy : 'Background',
    isImmediate: grace !== undefined && grace !== null && Number(grace) === 0,
    uid: body.preconditions?.uid,
    resourceVersion: body.preconditions?.resourceVersion,
  };
}

/** Namespaces that every cluster has. */
const lasting = new Set(['default', 'kube-system', 'kube-public']);

/** Deletes one object, or marks it. @throws StatusError 404, 409 */
export function remove(
  { store, controllers }: ApiContext,
  { resource, namespace, name }: Target,
  { dry, propagation, isImmediate, uid, resourceVersion }: DeleteOptions,
): unknown {
  const object = store.get(resource, namespace, name);
  const met = (what: string, desired: string | undefined, is: string | undefined, since: string): void => {
    if (desired === undefined || desired === is) return;
    throw new StatusError(
      409,
      'Conflict',
      // By the kind, here alone.
      `Operation cannot be fulfilled on ${fullName({ ...resource, plural: resource.kind })} "${name}": the ${what} in the precondition (${desired}) does not match the ${what} in record (${is}). The object might have been ${since}`,
      { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.kind },
    );
  };
  met('UID', uid, object.metadata.uid, 'deleted and then recreated');
  met('ResourceVersion', resourceVersion, object.metadata.resourceVersion, 'modified');
  if (resource.group === '' && resource.plural === 'namespaces' && lasting.has(name))
    throw new StatusError(403, 'Forbidden', `namespaces "${name}" is forbidden: this namespace may not be deleted`, {
      name,
      kind: 'namespaces',
    });
  if (dry) return object;
  if (resource.group === '' && resource.plural === 'pods') {
    if (!isImmediate) return controllers.terminate(object);
    controllers.cluster.removePod(object);
    const deletionTimestamp = store.stamp();
    return { ...object, metadata: { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } };
  }
  if (resource.group === '' && resource.plural === 'namespaces') {
    return store.change(resource, '', name, (one) => {
      one.metadata.deletionTimestamp = store.stamp();
      one.status = { phase: 'Terminating' };
    });
  }
  if (resource.plural === 'customresourcedefinitions') {
    undefine({ store }, object);
    controllers.delete(object, propagation);
    // It waits for its objects to be gone, so that the answer is the definition.
    return { ...object, metadata: { ...object.metadata, deletionTimestamp: store.stamp() } };
  }
  const gone = controllers.delete(object, propagation);
  return gone.metadata.deletionTimestamp
    ? gone
    : {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: {
          name,
          ...(resource.group === '' ? {} : { group: resource.group }),
          kind: resource.plural,
          uid: gone.metadata.uid,
        },
      };
}

/** A definition goes with all that was made by it. */
function undefine({ store }: Pick<ApiContext, 'store'>, definition: Obj): void {
  const { group, names } = definition.spec as { group: string; names: { plural: string } };
  for (const own of store.resources.all().filter((one) => one.group === group && one.plural === names.plural)) {
    for (const instance of store.peek(own))
      store.remove(own, instance.metadata.namespace ?? '', instance.metadata.name);
  }
  store.resources.undefine(group, names.plural);
}

export function removeAll(context: ApiContext, target: Target, query: URLSearchParams, options: DeleteOptions): Reply {
  const items = selected(context, target, query);
  for (const { metadata } of items)
    remove(context, { ...target, namespace: metadata.namespace ?? '', name: metadata.name }, options);
  return {
    code: 200,
    body: {
      kind: `${target.resource.kind}List`,
      apiVersion: groupVersion(target.resource),
      metadata: { resourceVersion: String(context.store.version) },
      items,
    },
  };
}
