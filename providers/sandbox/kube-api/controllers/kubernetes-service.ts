import { type Obj, same } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf } from './conditions.js';

const namespace = 'default';
const name = 'kubernetes';
const apiPort = 6443;
const controlPlane = 'node-role.kubernetes.io/control-plane';

/** The service by which pods reach the API, with the servers that answer behind it. The API servers see to it that it is there. */
export function kubernetesService(cluster: ClusterState): void {
  const home = cluster.store.look(cluster.kind('v1', 'Namespace'), '', namespace);
  if (!home || home.metadata.deletionTimestamp) return;
  const addresses = cluster
    .all('v1', 'Node')
    .filter((node) => controlPlane in (node.metadata.labels ?? {}) && conditionOf(node, 'Ready')?.status === 'True')
    .flatMap((node) => (node.status?.['addresses'] ?? []) as { type: string; address: string }[])
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => address);
  const port = { name: 'https', port: apiPort, protocol: 'TCP' };
  const metadata = (labels: Record<string, string>) => ({ name, namespace, labels });
  keep(cluster, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata({ component: 'apiserver', provider: 'kubernetes' }),
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.43.0.1',
      clusterIPs: ['10.43.0.1'],
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  });
  const subsets = [{ addresses: addresses.map((ip) => ({ ip })), ports: [port] }];
  keep(cluster, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadata({ 'endpointslice.kubernetes.io/skip-mirror': 'true' }),
    ...(addresses.length > 0 ? { subsets } : {}),
  });
  keep(cluster, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata({ 'kubernetes.io/service-name': name }),
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [port],
  });
}

/** Makes an object, or puts back what of it was changed; what others added to its metadata stays. */
function keep(cluster: ClusterState, object: Obj): void {
  const { store } = cluster;
  const kind = cluster.kind(object.apiVersion, object.kind);
  const known = store.look(kind, namespace, name);
  if (!known) {
    store.create(kind, object);
    return;
  }
  const { metadata } = known;
  const next = { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...object.metadata.labels } } };
  if (!same(known, next)) store.update(kind, next);
}
