import type { Schema } from './crd-schema.js';
import { eventView } from './events.js';
import type { Obj } from './objects.js';

/** A column of a table, as a definition describes it. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

/** Another shape of objects that are kept as those of another resource. */
export interface View {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  toStored(object: Obj): Obj;
  fromStored(object: Obj): Obj;
}

/** One kind of object that the API serves. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly short: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
  readonly categories?: readonly string[];
  readonly view?: View;
  /** Of a kind of one's own. */
  readonly schema?: Schema;
  readonly columns?: readonly PrinterColumn[];
}

type Row = readonly [
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced: boolean,
  short?: string,
  subresources?: string,
];

const rows: readonly Row[] = [
  ['', 'v1', 'namespaces', 'Namespace', false, 'ns', 'status'],
  ['', 'v1', 'nodes', 'Node', false, 'no', 'status'],
  ['', 'v1', 'pods', 'Pod', true, 'po', 'status,eviction,log,binding'],
  ['', 'v1', 'services', 'Service', true, 'svc', 'status'],
  ['', 'v1', 'endpoints', 'Endpoints', true, 'ep'],
  ['', 'v1', 'configmaps', 'ConfigMap', true, 'cm'],
  ['', 'v1', 'secrets', 'Secret', true],
  ['', 'v1', 'serviceaccounts', 'ServiceAccount', true, 'sa', 'token'],
  ['', 'v1', 'persistentvolumes', 'PersistentVolume', false, 'pv', 'status'],
  ['', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', true, 'pvc', 'status'],
  ['', 'v1', 'events', 'Event', true, 'ev'],
  ['', 'v1', 'resourcequotas', 'ResourceQuota', true, 'quota', 'status'],
  ['', 'v1', 'limitranges', 'LimitRange', true, 'limits'],
  ['apps', 'v1', 'deployments', 'Deployment', true, 'deploy', 'status,scale'],
  ['apps', 'v1', 'replicasets', 'ReplicaSet', true, 'rs', 'status,scale'],
  ['apps', 'v1', 'daemonsets', 'DaemonSet', true, 'ds', 'status'],
  ['apps', 'v1', 'statefulsets', 'StatefulSet', true, 'sts', 'status,scale'],
  ['batch', 'v1', 'jobs', 'Job', true, '', 'status'],
  ['batch', 'v1', 'cronjobs', 'CronJob', true, 'cj', 'status'],
  ['policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', true, 'pdb', 'status'],
  ['coordination.k8s.io', 'v1', 'leases', 'Lease', true],
  ['rbac.authorization.k8s.io', 'v1', 'roles', 'Role', true],
  ['rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding', true],
  ['rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false],
  ['rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false],
  ['networking.k8s.io', 'v1', 'ingresses', 'Ingress', true, 'ing', 'status'],
  ['networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', true, 'netpol'],
  ['storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', false, 'sc'],
  ['storage.k8s.io', 'v1', 'volumeattachments', 'VolumeAttachment', false, '', 'status'],
  ['storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', false],
  ['discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', true],
  ['networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', false],
  ['events.k8s.io', 'v1', 'events', 'Event', true, 'ev'],
  ['autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', true, 'hpa', 'status'],
  ['scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', false, 'pc'],
  ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', false, 'crd,crds', 'status'],
  ['admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', false],
  ['admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', false],
  [
    'admissionregistration.k8s.io',
    'v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    false,
    '',
    'status',
  ],
  [
    'admissionregistration.k8s.io',
    'v1',
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    false,
  ],
  ['apiregistration.k8s.io', 'v1', 'apiservices', 'APIService', false, '', 'status'],
];

export const builtIns: readonly Resource[] = rows.map(
  ([group, version, plural, kind, namespaced, short = '', subresources = '']) => ({
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced,
    short: short === '' ? [] : short.split(','),
    subresources: subresources === '' ? [] : subresources.split(','),
    ...(group === 'events.k8s.io' ? { view: eventView } : {}),
  }),
);

export const groupVersion = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** As messages name it: `deployments.apps`. */
export const fullName = ({ plural, group }: Resource): string => (group === '' ? plural : `${plural}.${group}`);

/** The resources served now: the built-in ones and those of CustomResourceDefinitions. */
export class Resources {
  #all: Resource[] = [...builtIns];

  all(): readonly Resource[] {
    return this.#all;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#all.find((one) => one.group === group && one.version === version && one.plural === plural);
  }

  byKind(apiVersion: string, kind: string): Resource | undefined {
    return this.#all.find((one) => groupVersion(one) === apiVersion && one.kind === kind);
  }

  /** Serves what a definition describes; the same definition again replaces it. */
  define(definition: Record<string, unknown>): void {
    const spec = definition['spec'] as {
      group: string;
      scope: string;
      names: { plural: string; kind: string; singular?: string; shortNames?: string[] };
      versions: {
        name: string;
        served: boolean;
        subresources?: { status?: unknown };
        schema?: { openAPIV3Schema?: Schema };
        additionalPrinterColumns?: PrinterColumn[];
      }[];
    };
    this.undefine(spec.group, spec.names.plural);
    for (const { name, served, subresources, schema, additionalPrinterColumns } of spec.versions) {
      if (!served) continue;
      this.#all.push({
        group: spec.group,
        version: name,
        plural: spec.names.plural,
        singular: spec.names.singular ?? spec.names.kind.toLowerCase(),
        kind: spec.names.kind,
        namespaced: spec.scope === 'Namespaced',
        short: spec.names.shortNames ?? [],
        subresources: subresources?.status ? ['status'] : [],
        ...(schema?.openAPIV3Schema ? { schema: schema.openAPIV3Schema } : {}),
        ...(additionalPrinterColumns ? { columns: additionalPrinterColumns } : {}),
      });
    }
  }

  undefine(group: string, plural: string): void {
    this.#all = this.#all.filter((one) => one.group !== group || one.plural !== plural || builtIns.includes(one));
  }
}
