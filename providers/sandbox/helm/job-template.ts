import type { Obj } from '../kube-api/objects.js';
import { chartLabel } from './job-pod.js';

/** A HelmChart's spec, as far as it decides about the job. */
export interface ChartSpec {
  readonly chart?: string;
  readonly chartContent?: string;
  readonly repo?: string;
  readonly version?: string;
  readonly targetNamespace?: string;
  readonly createNamespace?: boolean;
  readonly takeOwnership?: boolean;
  readonly bootstrap?: boolean;
  readonly backOffLimit?: number;
  readonly failurePolicy?: string;
  readonly timeout?: string;
  readonly valuesContent?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly valuesSecrets?: readonly {
    readonly name: string;
    readonly keys?: readonly string[];
    readonly ignoreUpdates?: boolean;
  }[];
  readonly set?: Readonly<Record<string, string | number>>;
  readonly jobImage?: string;
}

const image = 'rancher/klipper-helm:v0.11.3-build20260727';
const defaultBackOff = 1000;

/** The job that installs or uninstalls a chart, as the controller makes it. */
export function jobOf(chart: Obj, spec: ChartSpec, verb: 'install' | 'delete', hash: string): Obj {
  const { name, namespace = '' } = chart.metadata;
  const environment: Record<string, string> = {
    NAME: name,
    VERSION: spec.version ?? '',
    REPO: spec.repo ?? '',
    HELM_DRIVER: 'secret',
    CHART_NAMESPACE: namespace,
    CHART: spec.repo ? `${name}/${spec.chart ?? ''}` : (spec.chart ?? ''),
    HELM_VERSION: '',
    TARGET_NAMESPACE: spec.targetNamespace ?? namespace,
    AUTH_PASS_CREDENTIALS: 'false',
    INSECURE_SKIP_TLS_VERIFY: 'false',
    PLAIN_HTTP: 'false',
    ...(spec.timeout === undefined ? {} : { TIMEOUT: spec.timeout }),
    ...(spec.bootstrap
      ? { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '6443', BOOTSTRAP: 'true' }
      : {}),
    FAILURE_POLICY: spec.failurePolicy ?? 'reinstall',
  };
  const template = {
    metadata: {
      annotations: { 'helmcharts.helm.cattle.io/configHash': `SHA256=${hash}` },
      labels: { [chartLabel]: name },
    },
    spec: {
      restartPolicy: 'OnFailure',
      serviceAccountName: `helm-${name}`,
      nodeSelector: {
        'kubernetes.io/os': 'linux',
        ...(spec.bootstrap ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}),
      },
      ...(spec.bootstrap ? { hostNetwork: true, tolerations: bootstrapTolerations } : {}),
      containers: [
        {
          name: 'helm',
          image: spec.jobImage ?? image,
          imagePullPolicy: 'IfNotPresent',
          args: verb === 'delete' ? ['delete'] : argsOf(spec),
          env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
          volumeMounts: [{ name: 'values', mountPath: '/config' }],
        },
      ],
      volumes: [
        {
          name: 'values',
          projected: {
            sources: [
              { secret: { name: `chart-values-${name}` } },
              ...(spec.valuesSecrets ?? []).map((secret) => ({
                secret: {
                  name: secret.name,
                  ...(secret.keys ? { items: secret.keys.map((key) => ({ key, path: key })) } : {}),
                },
              })),
            ],
          },
        },
      ],
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `helm-${verb}-${name}`, namespace, labels: { [chartLabel]: name } },
    spec: { backoffLimit: spec.backOffLimit ?? defaultBackOff, template },
  };
}

/** What lets the job of the cloud controller run while nodes are still tainted. */
const bootstrapTolerations = [
  { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Equal', value: 'true', effect: 'NoSchedule' },
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/etcd', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
];

function argsOf(spec: ChartSpec): string[] {
  const set = Object.entries(spec.set ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => {
      const isTyped = typeof value === 'number' || /^(true|false|null)$/i.test(value);
      return [isTyped ? '--set' : '--set-string', `${key}=${value}`];
    });
  return [
    'install',
    ...(spec.targetNamespace ? ['--namespace', spec.targetNamespace] : []),
    ...(spec.createNamespace ? ['--create-namespace'] : []),
    ...(spec.takeOwnership ? ['--take-ownership'] : []),
    ...(spec.version ? ['--version', spec.version] : []),
    ...set,
  ];
}
