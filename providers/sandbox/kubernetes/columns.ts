import { restartsOf, shownStatus } from './containers/pod-status.js';
import { isMap, type Obj } from './objects.js';
import type { Resource } from './resources.js';

export interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  /** What kubectl explains of it; where nothing is said, its name. */
  readonly description?: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: number;
  read(object: Obj, now: number): unknown;
}

const dig = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
const text = (object: Obj, path: string, fallback = '<none>'): string => {
  const value = dig(object, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : fallback;
};
const number = (object: Obj, path: string): number => Number(dig(object, path) ?? 0);

/** `5d3h`, as kubectl shows ages. */
export function age(stamp: string | undefined, now: number): string {
  if (!stamp) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - Date.parse(stamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return minutes < 10 && seconds % 60 > 0 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours < 8 && minutes % 60 > 0 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

export const nameColumn: Column = {
  name: 'Name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  read: (object) => object.metadata.name,
};
export const ageColumn: Column = {
  name: 'Age',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  read: (object, now) => age(object.metadata.creationTimestamp, now),
};

const condition = (object: Obj, type: string): string | undefined =>
  ((dig(object, 'status.conditions') ?? []) as { type: string; status: string }[]).find((one) => one.type === type)
    ?.status;

const nodeStatus = (node: Obj): string => {
  const ready = condition(node, 'Ready');
  return `${ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady'}${node.spec?.['unschedulable'] ? ',SchedulingDisabled' : ''}`;
};

const roles = (node: Obj): string =>
  Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith('node-role.kubernetes.io/'))
    .map((label) => label.split('/')[1]!)
    .sort()
    .join(',') || '<none>';

const address = (node: Obj, type: string): string =>
  ((dig(node, 'status.addresses') ?? []) as { type: string; address: string }[]).find((one) => one.type === type)
    ?.address ?? '<none>';

const info =
  (name: string): Column['read'] =>
  (node) =>
    text(node, `status.nodeInfo.${name}`, '<unknown>');

const ready = (object: Obj): string => {
  const statuses = (dig(object, 'status.containerStatuses') ?? []) as { ready: boolean }[];
  return `${statuses.filter((one) => one.ready).length}/${((object.spec?.['containers'] ?? []) as unknown[]).length}`;
};

const restarts = (pod: Obj, now: number): string => {
  const { count, lastEnd } = restartsOf(pod);
  return count > 0 && lastEnd !== undefined ? `${count} (${age(lastEnd, now)} ago)` : String(count);
};

const containers = (object: Obj, field: string): string =>
  ((dig(object, 'spec.template.spec.containers') ?? []) as Record<string, string>[])
    .map((one) => one[field] ?? '')
    .join(',');

const selector = (labels: unknown): string =>
  Object.entries((labels ?? {}) as Record<string, string>)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || '<none>';

const columns: Readonly<Record<string, readonly Column[]>> = {
  nodes: [
    nameColumn,
    { name: 'Status', read: nodeStatus },
    { name: 'Roles', read: roles },
    ageColumn,
    { name: 'Version', read: info('kubeletVersion') },
    { name: 'Internal-IP', priority: 1, read: (node) => address(node, 'InternalIP') },
    { name: 'External-IP', priority: 1, read: (node) => address(node, 'ExternalIP') },
    { name: 'OS-Image', priority: 1, read: info('osImage') },
    { name: 'Kernel-Version', priority: 1, read: info('kernelVersion') },
    { name: 'Container-Runtime', priority: 1, read: info('containerRuntimeVersion') },
  ],
  pods: [
    nameColumn,
    { name: 'Ready', description: 'The aggregate readiness state of this pod for accepting traffic.', read: ready },
    {
      name: 'Status',
      description: 'The aggregate status of the containers in this pod.',
      read: shownStatus,
    },
    {
      name: 'Restarts',
      description:
        'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
      read: restarts,
    },
    ageColumn,
    {
      name: 'IP',
      description:
        'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
      priority: 1,
      read: (pod) => text(pod, 'status.podIP'),
    },
    {
      name: 'Node',
      description:
        'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
      priority: 1,
      read: (pod) => text(pod, 'spec.nodeName'),
    },
    {
      name: 'Nominated Node',
      description:
        'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
      priority: 1,
      read: () => '<none>',
    },
    {
      name: 'Readiness Gates',
      description:
        'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
      priority: 1,
      read: () => '<none>',
    },
  ],
  namespaces: [nameColumn, { name: 'Status', read: (one) => text(one, 'status.phase') }, ageColumn],
  services: [
    nameColumn,
    { name: 'Type', read: (one) => text(one, 'spec.type', 'ClusterIP') },
    { name: 'Cluster-IP', read: (one) => text(one, 'spec.clusterIP') },
    { name: 'External-IP', read: (one) => text(one, 'status.loadBalancer.ingress.0.ip') },
    {
      name: 'Port(s)',
      read: (one) =>
        ((one.spec?.['ports'] ?? []) as { port: number; protocol?: string }[])
          .map(({ port, protocol }) => `${port}/${protocol ?? 'TCP'}`)
          .join(','),
    },
    ageColumn,
    { name: 'Selector', priority: 1, read: (one) => selector(one.spec?.['selector']) },
  ],
  poddisruptionbudgets: [
    nameColumn,
    { name: 'Min Available', read: (one) => text(one, 'spec.minAvailable', 'N/A') },
    { name: 'Max Unavailable', read: (one) => text(one, 'spec.maxUnavailable', 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', read: (one) => number(one, 'status.disruptionsAllowed') },
    ageColumn,
  ],
  deployments: [
    nameColumn,
    { name: 'Ready', read: (one) => `${number(one, 'status.readyReplicas')}/${number(one, 'spec.replicas')}` },
    { name: 'Up-to-date', read: (one) => number(one, 'status.updatedReplicas') },
    { name: 'Available', read: (one) => number(one, 'status.availableReplicas') },
    ageColumn,
    { name: 'Containers', priority: 1, read: (one) => containers(one, 'name') },
    { name: 'Images', priority: 1, read: (one) => containers(one, 'image') },
    { name: 'Selector', priority: 1, read: (one) => selector(dig(one, 'spec.selector.matchLabels')) },
  ],
  daemonsets: [
    nameColumn,
    { name: 'Desired', read: (one) => number(one, 'status.desiredNumberScheduled') },
    { name: 'Current', read: (one) => number(one, 'status.currentNumberScheduled') },
    { name: 'Ready', read: (one) => number(one, 'status.numberReady') },
    ageColumn,
  ],
  secrets: [
    nameColumn,
    { name: 'Type', read: (one) => (typeof one['type'] === 'string' ? one['type'] : 'Opaque') },
    { name: 'Data', read: (one) => Object.keys(one['data'] ?? {}).length },
    ageColumn,
  ],
  configmaps: [nameColumn, { name: 'Data', read: (one) => Object.keys(one['data'] ?? {}).length }, ageColumn],
};

/** Groups of the kinds that have columns of their own. */
const groups = new Set(['', 'apps', 'policy']);

/** The columns of a kind; of one's own kinds those that its definition describes. */
export function columnsOf(resource: Resource): readonly Column[] {
  const { group, plural } = resource;
  if (resource.columns)
    return [
      nameColumn,
      ...resource.columns.map(({ jsonPath, ...column }) => ({
        ...column,
        read: (object: Obj, now: number) => printed(values(object, jsonPath), column.type, now),
      })),
    ];
  return (groups.has(group) ? columns[plural] : undefined) ?? [nameColumn, ageColumn];
}

/** What a path like `.status.conditions[?(@.type=="Ready")].status` leads to. */
function values(object: Obj, path: string): unknown[] {
  const steps = path.match(/\[\?\(@\.[^)]+\)\]|\[[^\]]+\]|(?:\\\.|[^.[])+/g) ?? [];
  return steps.reduce<unknown[]>(
    (found, step) => found.flatMap((value) => one(value, step)).filter((value) => value !== undefined),
    [object],
  );
}

function one(value: unknown, step: string): unknown[] {
  if (!step.startsWith('[')) return isMap(value) ? [value[step.replaceAll('\\.', '.')]] : [];
  if (!Array.isArray(value)) return [];
  const list = value as unknown[];
  if (step === '[*]') return list;
  const test = /^\[\?\(@\.([\w.]+)\s*==\s*["'](.*)["']\)\]$/.exec(step);
  return test ? list.filter((item) => dig(item, test[1]!) === test[2]) : [list.at(Number(step.slice(1, -1)))];
}

function printed([first, ...more]: readonly unknown[], type: string, now: number): unknown {
  if (first === undefined || first === null) return null;
  if (type === 'date') return age(typeof first === 'string' ? first : undefined, now);
  if (type !== 'string') return first;
  return [first, ...more].map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',');
}
