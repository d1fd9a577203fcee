import type { Obj } from './objects.js';
import type { Resource } from './resources.js';

interface Column {
  readonly name: string;
  readonly type?: string;
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

const nameColumn: Column = { name: 'Name', read: (object) => object.metadata.name };
const ageColumn: Column = { name: 'Age', read: (object, now) => age(object.metadata.creationTimestamp, now) };

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
    { name: 'Ready', read: ready },
    { name: 'Status', read: (pod) => (pod.metadata.deletionTimestamp ? 'Terminating' : text(pod, 'status.phase')) },
    { name: 'Restarts', read: () => 0 },
    ageColumn,
    { name: 'IP', priority: 1, read: (pod) => text(pod, 'status.podIP') },
    { name: 'Node', priority: 1, read: (pod) => text(pod, 'spec.nodeName') },
    { name: 'Nominated Node', priority: 1, read: () => '<none>' },
    { name: 'Readiness Gates', priority: 1, read: () => '<none>' },
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
  ],
  deployments: [
    nameColumn,
    { name: 'Ready', read: (one) => `${number(one, 'status.readyReplicas')}/${number(one, 'spec.replicas')}` },
    { name: 'Up-to-date', read: (one) => number(one, 'status.updatedReplicas') },
    { name: 'Available', read: (one) => number(one, 'status.availableReplicas') },
    ageColumn,
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

/** The Table that kubectl asks for. */
export function tableOf(
  resource: Resource,
  objects: readonly Obj[],
  now: number,
  metadata: Record<string, unknown>,
  includeObject: string,
): Record<string, unknown> {
  const shown = (resource.group === '' || resource.group === 'apps' ? columns[resource.plural] : undefined) ?? [
    nameColumn,
    ageColumn,
  ];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: shown.map(({ name, type = 'string', priority = 0 }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: name,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: shown.map((column) => column.read(object, now)),
      object:
        includeObject === 'Object'
          ? object
          : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}
