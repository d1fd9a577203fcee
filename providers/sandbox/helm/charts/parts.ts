import { definitionOf, type KindForm } from '../../kube-api/definitions.js';
import type { Obj } from '../../kube-api/objects.js';
import type { ChartContext, Values } from '../types.js';
import { at, listAt, mapAt, textAt } from '../values.js';

/** `fullnameOverride`, or the release's name, with the chart's where that does not have it already. */
export function fullName({ values, release }: ChartContext, chart: string): string {
  const name = textAt(values, 'nameOverride') || chart;
  return textAt(values, 'fullnameOverride') || (release.includes(name) ? release : `${release}-${name}`);
}

/** Labels that pods are selected by. */
export const selectorLabels = (name: string, instance: string, component?: string): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': instance,
  ...(component === undefined ? {} : { 'app.kubernetes.io/component': component }),
});

export interface WorkloadForm {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly replicas?: number;
  /** Of the pod: what values say about it. */
  readonly pod?: Readonly<Record<string, unknown>>;
  /** Of its one container. */
  readonly container?: Readonly<Record<string, unknown>>;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function workload(kind: string, form: WorkloadForm, spec: Record<string, unknown>): Obj {
  const { name, labels, image, pod = {}, container = {}, namespace, annotations } = form;
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels: { ...labels }, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      ...spec,
      selector: { matchLabels: { ...labels } },
      template: {
        metadata: { labels: { ...labels }, ...(annotations ? { annotations: { ...annotations } } : {}) },
        spec: { serviceAccountName: name, ...pod, containers: [{ name, image, ...container }] },
      },
    },
  };
}

export const deployment = (form: WorkloadForm): Obj => workload('Deployment', form, { replicas: form.replicas ?? 1 });
export const daemonSet = (form: WorkloadForm): Obj => workload('DaemonSet', form, {});

/** A claim that each pod of a StatefulSet gets. */
export const claim = (name: string, size: string, storageClass?: string): Obj => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    ...(storageClass ? { storageClassName: storageClass } : {}),
    resources: { requests: { storage: size } },
  },
});

export const statefulSet = (form: WorkloadForm, claims: readonly Obj[] = [], isParallel = false): Obj =>
  workload('StatefulSet', form, {
    replicas: form.replicas ?? 1,
    serviceName: form.name,
    podManagementPolicy: isParallel ? 'Parallel' : 'OrderedReady',
    ...(claims.length > 0 ? { volumeClaimTemplates: claims } : {}),
  });

export interface ServiceForm {
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort?: number | string }[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export const service = ({ name, selector, ports, spec = {}, annotations }: ServiceForm): Obj => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name,
    labels: { ...selector },
    ...(annotations ? { annotations: annotations as Record<string, string> } : {}),
  },
  spec: {
    type: 'ClusterIP',
    ...spec,
    selector: { ...selector },
    ports: ports.map((port) => ({ protocol: 'TCP', ...port })),
  },
});

/** A ServiceAccount with cluster-wide rights, and both of their names. */
export const account = (name: string, namespace: string, rules: readonly unknown[] = []): readonly Obj[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  },
];

export const monitor = (
  kind: 'ServiceMonitor' | 'PodMonitor',
  name: string,
  labels: Readonly<Record<string, string>>,
): Obj => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind,
  metadata: { name, labels: { ...labels } },
  spec: { selector: { matchLabels: { ...labels } } },
});

export const configMap = (name: string, data: Readonly<Record<string, string>>): Obj => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

export const webhook = (
  kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration',
  name: string,
  target: { readonly service: string; readonly namespace: string; readonly group: string },
): Obj => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name },
  webhooks: [
    {
      name: `webhook.${target.group}`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { service: { name: target.service, namespace: target.namespace, path: '/validate' } },
      rules: [{ apiGroups: [target.group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['*/*'] }],
    },
  ],
});

/** What most charts take for a pod: selection of nodes, tolerations, priority, the host's network. */
export function placement(values: Values): Record<string, unknown> {
  const fields = [
    'nodeSelector',
    'tolerations',
    'affinity',
    'priorityClassName',
    'hostNetwork',
    'topologySpreadConstraints',
  ];
  const given = fields.map((field) => [field, at(values, field)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== ''));
}

/** What most charts take for a container. */
export function containerOf(values: Values): Record<string, unknown> {
  const env = listAt(values, 'env');
  return { resources: mapAt(values, 'resources'), ...(env.length > 0 ? { env } : {}) };
}

/** Definitions of several kinds of one group; kept when the release goes, where said. */
export const kinds = (
  group: string,
  version: string,
  names: readonly (readonly [kind: string, plural: string, isCluster?: boolean])[],
  keep = false,
): readonly Obj[] =>
  names.map(([kind, plural, isCluster = false]) => {
    const form: KindForm = { group, version, kind, plural, namespaced: !isCluster };
    const definition = definitionOf(form);
    if (!keep) return definition;
    return { ...definition, metadata: { ...definition.metadata, annotations: { 'helm.sh/resource-policy': 'keep' } } };
  });

export const when = (condition: boolean, objects: () => readonly Obj[]): readonly Obj[] => (condition ? objects() : []);
