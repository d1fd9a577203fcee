import type { KindRef, KubeObject } from '../../kube/types.js';

/** On an object of a copy that only was to be looked at: what it was before. */
export const quarantinedAnnotation = 'slipway.dev/quarantined';

/** What becomes of an object in a copy: it goes, or it gets these fields, where null takes one away. */
export type Disarming =
  | { readonly how: 'delete'; readonly finalizers: boolean }
  | { readonly how: 'patch'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly how: 'anew'; readonly object: KubeObject };

export interface DisarmOptions {
  /** Whether the contents of Secrets stay. */
  readonly keepSecrets: boolean;
}

interface Rule extends Pick<KindRef, 'apiVersion' | 'kind'> {
  /** Undefined: it stays as it is. */
  readonly of: (object: KubeObject, options: DisarmOptions) => Disarming | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const spec = (object: KubeObject): Fields => (object['spec'] ?? {}) as Fields;
const hasFinalizers = ({ metadata }: KubeObject): boolean => ((metadata['finalizers'] ?? []) as unknown[]).length > 0;
const gone = (object: KubeObject): Disarming => ({ how: 'delete', finalizers: hasFinalizers(object) });
const marked = (was: string, fields: Fields): Disarming => ({
  how: 'patch',
  fields: { metadata: { annotations: { [quarantinedAnnotation]: was }, finalizers: null }, ...fields },
});

/** A workload of no pods: what it had is in its mark. One that was disarmed before stays. */
const scaledDown = (object: KubeObject): Disarming | undefined => {
  const { replicas = 1 } = spec(object) as { readonly replicas?: number };
  return replicas === 0 && !hasFinalizers(object)
    ? undefined
    : marked(`replicas=${replicas}`, { spec: { replicas: 0 } });
};

const suspended = (object: KubeObject): Disarming | undefined =>
  spec(object)['suspend'] === true && !hasFinalizers(object)
    ? undefined
    : marked('suspend=false', { spec: { suspend: true } });

/** No node has this label. */
const nowhere = { [quarantinedAnnotation]: 'nowhere' };

/**
 * In this order. First what could change or forbid the rest, then what runs, then what stands for something at the provider,
 * and last what leads to it.
 */
export const rules: readonly Rule[] = [
  ...[
    ['v1', 'ValidatingAdmissionPolicyBinding'],
    ['v1', 'MutatingAdmissionPolicyBinding'],
    ['v1beta1', 'MutatingAdmissionPolicyBinding'],
    ['v1', 'MutatingWebhookConfiguration'],
    ['v1', 'ValidatingWebhookConfiguration'],
  ].map(([version, kind]): Rule => ({ apiVersion: `admissionregistration.k8s.io/${version!}`, kind: kind!, of: gone })),
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    of: (object) => (spec(object)['service'] ? gone(object) : undefined),
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    of: (object) =>
      (spec(object)['conversion'] as Fields | undefined)?.['strategy'] === 'Webhook'
        ? {
            how: 'patch',
            fields: {
              metadata: { annotations: { [quarantinedAnnotation]: 'conversion=Webhook' } },
              spec: { conversion: { strategy: 'None', webhook: null } },
            },
          }
        : undefined,
  },
  {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    of: (object) =>
      hasFinalizers(object) || object.metadata.annotations?.[unmanaged] === undefined
        ? {
            how: 'patch',
            fields: {
              metadata: {
                annotations: { [quarantinedAnnotation]: 'managed', [unmanaged]: 'true' },
                finalizers: null,
              },
            },
          }
        : undefined,
  },
  { apiVersion: 'batch/v1', kind: 'CronJob', of: suspended },
  { apiVersion: 'batch/v1', kind: 'Job', of: suspended },
  ...['Deployment', 'StatefulSet', 'ReplicaSet'].map((kind): Rule => ({ apiVersion: 'apps/v1', kind, of: scaledDown })),
  { apiVersion: 'v1', kind: 'ReplicationController', of: scaledDown },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    of: (object) =>
      object.metadata.annotations?.[quarantinedAnnotation] === undefined
        ? marked('everywhere', { spec: { template: { spec: { nodeSelector: nowhere } } } })
        : undefined,
  },
  { apiVersion: 'v1', kind: 'Pod', of: gone },
  { apiVersion: 'v1', kind: 'Node', of: gone },
  { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', of: gone },
  {
    apiVersion: 'v1',
    kind: 'Service',
    of: (object) =>
      spec(object)['type'] === 'LoadBalancer'
        ? marked('type=LoadBalancer', { spec: { type: 'ClusterIP' } })
        : hasFinalizers(object)
          ? marked('finalizers', {})
          : undefined,
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    of: (object) => {
      const policy = spec(object)['persistentVolumeReclaimPolicy'];
      return policy === 'Retain' && !hasFinalizers(object)
        ? undefined
        : marked(`reclaimPolicy=${String(policy)}`, { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    of: (object) => (hasFinalizers(object) ? marked('finalizers', {}) : undefined),
  },
  { apiVersion: 'v1', kind: 'Secret', of: withheld },
];

/** k3s’s controller for charts leaves these alone. */
const unmanaged = 'helmcharts.helm.cattle.io/unmanaged';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Kubernetes’ own, which lead nowhere but back into this copy. */
const isInternal = ({ metadata, type }: KubeObject): boolean =>
  type === 'kubernetes.io/service-account-token' ||
  (metadata.namespace === 'kube-system' && metadata.name === 'k3s-serving');

/**
 * A Secret without what was in it: its keys stay to be seen. A copy of the contents may be in the annotation by which kubectl
 * remembers what it applied.
 */
function withheld(object: KubeObject, { keepSecrets }: DisarmOptions): Disarming | undefined {
  const { metadata, type } = object;
  const isDisarmed = metadata.annotations?.[quarantinedAnnotation] !== undefined;
  if (keepSecrets || isDisarmed || isInternal(object)) return undefined;
  const nothing = String(type).startsWith('kubernetes.io/dockerc') ? base64('{}') : base64('withheld');
  const data = Object.fromEntries(Object.keys((object['data'] ?? {}) as Fields).map((key) => [key, nothing]));
  const annotations = { [quarantinedAnnotation]: 'withheld', [applied]: null };
  if (object['immutable'] !== true)
    return { how: 'patch', fields: { metadata: { annotations, finalizers: null }, data } };
  const { name, namespace, labels } = metadata;
  const { [applied]: _, ...others } = metadata.annotations ?? {};
  return {
    how: 'anew',
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels, annotations: { ...others, [quarantinedAnnotation]: 'withheld' } },
      type,
      data,
    },
  };
}

const applied = 'kubectl.kubernetes.io/last-applied-configuration';
