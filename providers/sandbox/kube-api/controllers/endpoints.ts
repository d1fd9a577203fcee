import { isPodReady } from '../eviction.js';
import { type Obj, same } from '../objects.js';
import { matchesSelector } from '../selectors.js';
import type { ClusterState } from './cluster.js';
import { ownerOf } from './conditions.js';

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly publishNotReadyAddresses?: boolean;
  readonly ports?: readonly ServicePort[];
}

interface EndpointPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly appProtocol?: string;
}

/** Pods that answer on the same ports. */
interface Group {
  readonly ports: readonly EndpointPort[];
  readonly pods: readonly Obj[];
}

const sliceController = 'endpointslice-controller.k8s.io';
const serviceName = 'kubernetes.io/service-name';
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const zoneLabel = 'topology.kubernetes.io/zone';
const endpointsPerSlice = 100;

const specOf = (service: Obj): ServiceSpec => service.spec ?? {};
const addressOf = (pod: Obj): string => (pod.status?.['podIP'] as string | undefined) ?? '';
const isEnding = (pod: Obj): boolean => pod.metadata.deletionTimestamp !== undefined;

/** Endpoints and EndpointSlices of a service that selects pods. */
export function endpoints(cluster: ClusterState, service: Obj): void {
  const { selector, type, publishNotReadyAddresses = false } = specOf(service);
  if (!selector || Object.keys(selector).length === 0 || type === 'ExternalName') return;
  const pods = cluster
    .all('v1', 'Pod', service.metadata.namespace)
    .filter(
      (pod) =>
        addressOf(pod) !== '' &&
        !['Succeeded', 'Failed'].includes(String(pod.status?.['phase'])) &&
        matchesSelector({ matchLabels: selector }, pod.metadata.labels ?? {}),
    );
  writeSlices(cluster, service, grouped(service, pods));
  const lasting = publishNotReadyAddresses ? pods : pods.filter((pod) => !isEnding(pod));
  writeEndpoints(cluster, service, grouped(service, lasting));
}

/** Endpoints of a service that is gone go, too; slices belong to it. */
export function dropEndpoints(cluster: ClusterState, service: Obj): void {
  const { name, namespace = '' } = service.metadata;
  const kind = cluster.kind('v1', 'Endpoints');
  if (cluster.store.look(kind, namespace, name)) cluster.store.remove(kind, namespace, name);
}

/** Whether somebody answers behind a service. */
export function hasEndpoints(cluster: ClusterState, namespace: string, name: string): boolean {
  const found = cluster.store.look(cluster.kind('v1', 'Endpoints'), namespace, name);
  return ((found?.['subsets'] ?? []) as { addresses?: unknown[] }[]).some(({ addresses = [] }) => addresses.length > 0);
}

function grouped(service: Obj, pods: readonly Obj[]): readonly Group[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; pods: Obj[] }>();
  for (const pod of pods) {
    const ports = portsOn(pod, specOf(service).ports ?? []);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The ports of a service as a pod has them: what it names is looked up among its containers' ports. */
function portsOn(pod: Obj, ports: readonly ServicePort[]): readonly EndpointPort[] {
  return ports.flatMap(({ name = '', port, targetPort = port, protocol = 'TCP', appProtocol }) => {
    const number = typeof targetPort === 'number' ? targetPort : containerPort(pod, targetPort, protocol);
    if (number === undefined) return [];
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function containerPort(pod: Obj, name: string, protocol: string): number | undefined {
  const containers = (pod.spec?.['containers'] ?? []) as {
    ports?: { name?: string; containerPort: number; protocol?: string }[];
  }[];
  return containers
    .flatMap(({ ports = [] }) => ports)
    .find((one) => one.name === name && (one.protocol ?? 'TCP') === protocol)?.containerPort;
}

const referenceTo = ({ metadata: { namespace, name, uid } }: Obj) => ({ kind: 'Pod', namespace, name, uid });

/** A pod with a name of its own under a service, as StatefulSets give it. */
function hostname(pod: Obj, service: Obj): { readonly hostname?: string } {
  const { hostname: own, subdomain } = (pod.spec ?? {}) as { hostname?: string; subdomain?: string };
  return own !== undefined && subdomain === service.metadata.name ? { hostname: own } : {};
}

function labelsOf(service: Obj): Record<string, string> {
  const { clusterIP = '' } = specOf(service);
  const isHeadless = clusterIP === 'None' || clusterIP === '';
  return { ...service.metadata.labels, ...(isHeadless ? { 'service.kubernetes.io/headless': '' } : {}) };
}

function endpointOf(cluster: ClusterState, service: Obj, pod: Obj): object {
  const serving = isPodReady(pod);
  const terminating = isEnding(pod);
  const ready = specOf(service).publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.['nodeName'] as string | undefined;
  const node = nodeName === undefined ? undefined : cluster.store.look(cluster.kind('v1', 'Node'), '', nodeName);
  const zone = node?.metadata.labels?.[zoneLabel];
  return {
    addresses: [addressOf(pod)],
    conditions: { ready, serving, terminating },
    ...hostname(pod, service),
    targetRef: referenceTo(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** What a slice says; without pods there is one that says nothing. */
interface Content {
  readonly endpoints: readonly object[] | null;
  readonly ports: readonly EndpointPort[] | null;
}

function contents(cluster: ClusterState, service: Obj, groups: readonly Group[]): readonly Content[] {
  const all = groups.flatMap(({ ports, pods }) =>
    Array.from({ length: Math.ceil(pods.length / endpointsPerSlice) }, (_, index) => ({
      endpoints: pods
        .slice(index * endpointsPerSlice, (index + 1) * endpointsPerSlice)
        .map((pod) => endpointOf(cluster, service, pod)),
      ports: ports.length === 0 ? null : ports,
    })),
  );
  return all.length > 0 ? all : [{ endpoints: null, ports: null }];
}

function writeSlices(cluster: ClusterState, service: Obj, groups: readonly Group[]): void {
  const { name, namespace = '' } = service.metadata;
  const { store } = cluster;
  const kind = cluster.kind('discovery.k8s.io/v1', 'EndpointSlice');
  const left = store
    .peek(kind, namespace)
    .filter(({ metadata: { labels = {} } }) => labels[serviceName] === name && labels[managedBy] === sliceController);
  const labels = { ...labelsOf(service), [managedBy]: sliceController, [serviceName]: name };
  const desired = contents(cluster, service, groups);
  // A slice keeps its ports where it can; what is left over is used again before another one is made.
  const kept = desired.map(({ ports }) => takeFrom(left, (one) => same(one['ports'] ?? null, ports)));
  desired.forEach((content, index) => {
    const known = kept[index] ?? left.shift();
    if (!known) {
      store.create(kind, {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: '', generateName: `${name}-`, namespace, labels, ownerReferences: [ownerOf(service)] },
        addressType: 'IPv4',
        ...content,
      });
    } else if (!says(known, labels, { ...content })) {
      cluster.change(known, (one) => {
        one.metadata.labels = labels;
        Object.assign(one, content);
      });
    }
  });
  for (const one of left) store.delete(kind, namespace, one.metadata.name);
}

/** Looked at before anything is copied: most of the time nothing has changed. */
const says = (object: Obj, labels: Record<string, string>, content: Readonly<Record<string, unknown>>): boolean =>
  same(object.metadata.labels, labels) &&
  Object.entries(content).every(([field, value]) => same(object[field] ?? null, value ?? null));

function takeFrom<Item>(list: Item[], fits: (item: Item) => boolean): Item | undefined {
  const index = list.findIndex(fits);
  return index < 0 ? undefined : list.splice(index, 1)[0];
}

function writeEndpoints(cluster: ClusterState, service: Obj, groups: readonly Group[]): void {
  const { name, namespace = '' } = service.metadata;
  const isPublished = specOf(service).publishNotReadyAddresses === true;
  const addresses = (pods: readonly Obj[]): readonly object[] =>
    pods.map((pod) => ({
      ip: addressOf(pod),
      ...hostname(pod, service),
      nodeName: pod.spec?.['nodeName'],
      targetRef: referenceTo(pod),
    }));
  const subsets = groups.map(({ ports, pods }) => {
    const isReady = (pod: Obj): boolean => isPublished || isPodReady(pod);
    const [ready, waiting] = [pods.filter(isReady), pods.filter((pod) => !isReady(pod))];
    return {
      ...(ready.length > 0 ? { addresses: addresses(ready) } : {}),
      ...(waiting.length > 0 ? { notReadyAddresses: addresses(waiting) } : {}),
      ...(ports.length > 0
        ? { ports: ports.map(({ name: port, ...rest }) => ({ ...(port === '' ? {} : { name: port }), ...rest })) }
        : {}),
    };
  });
  const kind = cluster.kind('v1', 'Endpoints');
  const labels = { ...labelsOf(service), 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
  const content = subsets.length > 0 ? { subsets } : {};
  const known = cluster.store.look(kind, namespace, name);
  if (!known) {
    const metadata = { name, namespace, labels };
    cluster.store.create(kind, { apiVersion: 'v1', kind: 'Endpoints', metadata, ...content });
    return;
  }
  if (says(known, labels, { subsets: undefined, ...content })) return;
  cluster.change(known, (one) => {
    one.metadata.labels = labels;
    delete one['subsets'];
    Object.assign(one, content);
  });
}
