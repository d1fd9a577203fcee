import type { Obj } from './objects.js';
import type { ObjectStore } from './store.js';

/** What it takes to describe a kind of one's own. */
export interface KindForm {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly short?: readonly string[];
}

/** A CustomResourceDefinition, as a chart or k3s itself brings it. */
export function definitionOf({ group, version, kind, plural, namespaced, short = [] }: KindForm): Obj {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames: [...short] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          subresources: { status: {} },
        },
      ],
    },
  };
}

const establishedTypes = ['NamesAccepted', 'Established'];

/** Serves a definition at once, and says so in its status; other objects are left alone. */
export function establish(store: ObjectStore, object: Obj): Obj {
  if (object.kind !== 'CustomResourceDefinition') return object;
  store.resources.define(object);
  const { versions } = object.spec as { versions: { name: string; storage: boolean }[] };
  const before = (object.status?.['conditions'] ?? []) as { type: string }[];
  const conditions = establishedTypes.map(
    (type) =>
      before.find((known) => known.type === type) ?? {
        type,
        status: 'True',
        reason: type === 'Established' ? 'InitialNamesAccepted' : 'NoConflicts',
        message: type === 'Established' ? 'the initial names have been accepted' : 'no conflicts found',
        lastTransitionTime: store.stamp(),
      },
  );
  const { kind, plural, singular, shortNames, listKind } = (object.spec as { names: Record<string, unknown> }).names;
  return (
    store.change(
      store.resource(object.apiVersion, object.kind),
      '',
      object.metadata.name,
      (one) =>
        void (one.status = {
          conditions,
          acceptedNames: { kind, plural, singular, shortNames, listKind },
          storedVersions: versions.filter(({ storage }) => storage).map(({ name }) => name),
        }),
    ) ?? object
  );
}

/** Kinds that a k3s brings: its own definitions. */
export const k3sKinds: readonly KindForm[] = [
  { group: 'helm.cattle.io', version: 'v1', kind: 'HelmChart', plural: 'helmcharts', namespaced: true },
  { group: 'helm.cattle.io', version: 'v1', kind: 'HelmChartConfig', plural: 'helmchartconfigs', namespaced: true },
  { group: 'k3s.cattle.io', version: 'v1', kind: 'Addon', plural: 'addons', namespaced: true },
  { group: 'k3s.cattle.io', version: 'v1', kind: 'ETCDSnapshotFile', plural: 'etcdsnapshotfiles', namespaced: false },
];
