import { establish } from '../kube-api/definitions.js';
import { serverSideApply } from '../kube-api/apply.js';
import type { Obj } from '../kube-api/objects.js';
import { StatusError } from '../kube-api/status.js';
import type { ObjectStore } from '../kube-api/store.js';
import { admit, refuseImmutable } from '../kube-api/validate.js';
import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { deleteWith } from '../kube-api/controllers/garbage.js';

const manager = 'helm';
const releaseName = 'meta.helm.sh/release-name';
const releaseNamespace = 'meta.helm.sh/release-namespace';
const managedBy = 'app.kubernetes.io/managed-by';

/** Ends a helm command; the message is helm's, without what stands in front of it. */
export class HelmError extends Error {}

export interface Owner {
  readonly release: string;
  readonly namespace: string;
}

/** An object as helm puts it in: with its namespace, and marked as the release's. */
export function marked(store: ObjectStore, object: Obj, { release, namespace }: Owner): Obj {
  const resource = store.resources.byKind(object.apiVersion, object.kind);
  const isNamespaced = resource?.namespaced ?? object.metadata.namespace !== undefined;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(isNamespaced ? { namespace: object.metadata.namespace ?? namespace } : {}),
      labels: { ...object.metadata.labels, [managedBy]: 'Helm' },
      annotations: { ...object.metadata.annotations, [releaseName]: release, [releaseNamespace]: namespace },
    },
  };
}

/** @throws HelmError for kinds that the cluster does not serve */
export function assertKinds(store: ObjectStore, manifest: readonly Obj[]): void {
  const coming = manifest.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const isComing = ({ apiVersion, kind }: Obj): boolean =>
    coming.some(({ spec }) => {
      const { group, names } = spec as { group: string; names: { kind: string } };
      return apiVersion.startsWith(`${group}/`) && names.kind === kind;
    });
  const unknown = manifest.find(
    (object) => !store.resources.byKind(object.apiVersion, object.kind) && !isComing(object),
  );
  if (!unknown) return;
  const { apiVersion, kind, metadata } = unknown;
  throw new HelmError(
    `unable to build kubernetes objects from release manifest: resource mapping not found for name: "${metadata.name}" namespace: "${metadata.namespace ?? ''}" from "": no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`,
  );
}

/** @throws HelmError for what is there already and is not this release's */
export function assertOwnership(
  store: ObjectStore,
  manifest: readonly Obj[],
  owner: Owner,
  known: readonly Obj[],
): void {
  for (const object of manifest) {
    if (known.some((one) => sameObject(one, object))) continue;
    const resource = store.resources.byKind(object.apiVersion, object.kind);
    const { name, namespace = '' } = object.metadata;
    const found = resource && store.look(resource, namespace, name);
    if (!found) continue;
    const problems = ownershipProblems(found, owner);
    if (problems === '') continue;
    throw new HelmError(
      `Unable to continue with install: ${object.kind} "${name}" in namespace "${namespace}" exists and cannot be imported into the current release: invalid ownership metadata; ${problems}`,
    );
  }
}

function ownershipProblems({ metadata }: Obj, { release, namespace }: Owner): string {
  const desired = [
    ['label', managedBy, metadata.labels?.[managedBy], 'Helm'],
    ['annotation', releaseName, metadata.annotations?.[releaseName], release],
    ['annotation', releaseNamespace, metadata.annotations?.[releaseNamespace], namespace],
  ] as const;
  return desired
    .filter(([, , found, value]) => found !== value)
    .map(([what, key, found, value]) =>
      found === undefined
        ? `${what} validation error: missing key "${key}": must be set to "${value}"`
        : `${what} validation error: key "${key}" must equal "${value}": current value is "${found}"`,
    )
    .join('; ');
}

export const sameObject = (a: Obj, b: Obj): boolean =>
  a.kind === b.kind &&
  a.metadata.name === b.metadata.name &&
  (a.metadata.namespace ?? '') === (b.metadata.namespace ?? '') &&
  a.apiVersion.split('/')[0] === b.apiVersion.split('/')[0];

/** Definitions first, then what others need, as helm orders kinds. */
const order = [
  'CustomResourceDefinition',
  'Namespace',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'StorageClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Deployment',
  'StatefulSet',
];
const rank = ({ kind }: Obj): number => {
  const index = order.indexOf(kind);
  return index < 0 ? order.length : index;
};

/** Puts a manifest in. @throws HelmError in the API's words, prefixed as helm does it */
export function applyManifest(cluster: ClusterState, manifest: readonly Obj[], verb: 'create' | 'patch'): void {
  for (const object of [...manifest].sort((a, b) => rank(a) - rank(b))) {
    try {
      applyOne(cluster.store, object);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const { name } = object.metadata;
      throw new HelmError(
        verb === 'create' ? error.message : `cannot patch "${name}" with kind ${object.kind}: ${error.message}`,
      );
    }
  }
}

function applyOne(store: ObjectStore, object: Obj): void {
  const resource = store.resource(object.apiVersion, object.kind);
  const { namespace = '', name } = object.metadata;
  const desired = admit(resource, object, namespace);
  const before = store.find(resource, namespace, name);
  const next = serverSideApply(before, desired, manager, true, store.stamp());
  if (before) refuseImmutable(resource, before, next);
  establish(store, before ? store.update(resource, next) : store.create(resource, next));
}

/** Takes out what a revision had and the next one has not. */
export function prune(cluster: ClusterState, before: readonly Obj[], after: readonly Obj[]): readonly Obj[] {
  const gone = before.filter((old) => !after.some((one) => sameObject(one, old)));
  return removeAll(cluster, gone);
}

/** Deletes a release's objects, the last kinds first; returns those it was told to keep. */
export function removeAll(cluster: ClusterState, manifest: readonly Obj[]): readonly Obj[] {
  const { store } = cluster;
  const kept: Obj[] = [];
  for (const object of [...manifest].sort((a, b) => rank(b) - rank(a))) {
    if (object.metadata.annotations?.['helm.sh/resource-policy'] === 'keep') {
      kept.push(object);
      continue;
    }
    const resource = store.resources.byKind(object.apiVersion, object.kind);
    const { name, namespace = '' } = object.metadata;
    const found = resource && store.look(resource, namespace, name);
    if (!found || found.metadata.deletionTimestamp) continue;
    if (object.kind === 'CustomResourceDefinition') removeDefinition(cluster, found);
    else deleteWith(cluster, found, 'Background');
  }
  return kept;
}

/** A definition takes its objects along. */
function removeDefinition({ store }: ClusterState, definition: Obj): void {
  const { group, names } = definition.spec as { group: string; names: { plural: string } };
  const own = store.resources.all().find((one) => one.group === group && one.plural === names.plural);
  for (const instance of own ? store.peek(own) : [])
    store.remove(own!, instance.metadata.namespace ?? '', instance.metadata.name);
  store.resources.undefine(group, names.plural);
  store.remove(store.resource(definition.apiVersion, definition.kind), '', definition.metadata.name);
}
