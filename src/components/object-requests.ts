import type { KubeObject } from '../kube/types.js';
import { askedOf, gibOf, type NodeForm, type Pods, takes } from './pods.js';
import { isMap } from './template/helpers.js';

type Values = Readonly<Record<string, unknown>>;
type Asked = Pick<Pods, 'cpuMilli' | 'memoryMiB'>;

const mapAt = (value: Values, key: string): Values => (isMap(value[key]) ? value[key] : {});
const listAt = (value: Values, key: string): readonly Values[] =>
  Array.isArray(value[key]) ? value[key].filter(isMap) : [];
const numberAt = (value: Values, key: string): number => (typeof value[key] === 'number' ? value[key] : 1);

/** Pods and volumes that come of one object, be it by Kubernetes itself or by an operator; empty for other kinds. */
export function workloadsOf(object: KubeObject): readonly Pods[] {
  const read = readers[`${object.kind}.${object.apiVersion.split('/')[0]}`];
  return read?.(isMap(object['spec']) ? object['spec'] : {}) ?? [];
}

const readers: Readonly<Record<string, (spec: Values) => readonly Pods[]>> = {
  'Pod.v1': (spec) => [{ count: 1, ...podOf(spec), volumesGiB: [] }],
  'Deployment.apps': (spec) => [{ count: numberAt(spec, 'replicas'), ...podOf(template(spec)), volumesGiB: [] }],
  'StatefulSet.apps': (spec) => [
    {
      count: numberAt(spec, 'replicas'),
      ...podOf(template(spec)),
      volumesGiB: listAt(spec, 'volumeClaimTemplates').map(claimed),
    },
  ],
  'DaemonSet.apps': (spec) => [
    {
      count: { nodes: (node: NodeForm) => takes(node, template(spec)) },
      ...podOf(template(spec)),
      volumesGiB: [],
    },
  ],
  'PersistentVolumeClaim.v1': (spec) => [{ count: 1, cpuMilli: 0, memoryMiB: 0, volumesGiB: [claimed({ spec })] }],
  'Cluster.postgresql.cnpg.io': (spec) => [
    { count: numberAt(spec, 'instances'), ...askedOf(spec['resources']), volumesGiB: postgresVolumes(spec) },
  ],
  'Pooler.postgresql.cnpg.io': (spec) => [
    { count: numberAt(spec, 'instances'), ...podOf(template(spec)), volumesGiB: [] },
  ],
  'Prometheus.monitoring.coreos.com': (spec) => measured(spec, numberAt(spec, 'shards')),
  'PrometheusAgent.monitoring.coreos.com': (spec) => measured(spec, numberAt(spec, 'shards')),
  'Alertmanager.monitoring.coreos.com': (spec) => measured(spec, 1),
};

const template = (spec: Values): Values => mapAt(mapAt(spec, 'template'), 'spec');

const claimed = (claim: Values): number =>
  gibOf(mapAt(mapAt(mapAt(claim, 'spec'), 'resources'), 'requests')['storage']);

/** Data, the log where it has a volume of its own, and each tablespace. */
function postgresVolumes(spec: Values): readonly number[] {
  const tablespaces = listAt(spec, 'tablespaces').map((one) => mapAt(one, 'storage'));
  return [mapAt(spec, 'storage'), mapAt(spec, 'walStorage'), ...tablespaces]
    .map((storage) => gibOf(storage['size']) || claimed({ spec: mapAt(storage, 'pvcTemplate') }))
    .filter((size) => size > 0);
}

/** What the operator of Prometheus makes; what reads its configuration anew is told by the operator's own settings. */
function measured(spec: Values, shards: number): readonly Pods[] {
  const size = claimed(mapAt(mapAt(spec, 'storage'), 'volumeClaimTemplate'));
  const own = askedOf(spec['resources']);
  const beside = podOf(spec);
  return [
    {
      count: numberAt(spec, 'replicas') * shards,
      cpuMilli: own.cpuMilli + beside.cpuMilli,
      memoryMiB: own.memoryMiB + beside.memoryMiB,
      volumesGiB: size > 0 ? [size] : [],
    },
  ];
}

const plus = (a: Asked, b: Asked): Asked => ({
  cpuMilli: a.cpuMilli + b.cpuMilli,
  memoryMiB: a.memoryMiB + b.memoryMiB,
});
const most = (a: Asked, b: Asked): Asked => ({
  cpuMilli: Math.max(a.cpuMilli, b.cpuMilli),
  memoryMiB: Math.max(a.memoryMiB, b.memoryMiB),
});
const nothing: Asked = { cpuMilli: 0, memoryMiB: 0 };

/** As the scheduler counts: containers and sidecars together, or the step of the beginning that takes more. */
function podOf(spec: Values): Asked {
  let sidecars = nothing;
  let peak = nothing;
  for (const container of listAt(spec, 'initContainers')) {
    const own = askedOf(container['resources']);
    const isSidecar = container['restartPolicy'] === 'Always';
    if (isSidecar) sidecars = plus(sidecars, own);
    peak = most(peak, isSidecar ? sidecars : plus(sidecars, own));
  }
  const running = listAt(spec, 'containers').map(({ resources }) => askedOf(resources));
  return most(running.reduce(plus, sidecars), peak);
}
