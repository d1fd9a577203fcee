import { type KubernetesServer, type Obj, setReady } from '../kube-api/index.js';
import type { ManagedNode } from '../linode-api/index.js';

type Taint = ManagedNode['taints'][number];

const kinds = ({ store }: KubernetesServer) => store.resource('v1', 'Node');

/** The kubelet registers its node with what its pool has. One whose machine was made anew has another provider id. */
export function registerNode(kubernetes: KubernetesServer, node: ManagedNode): void {
  const { store } = kubernetes;
  const resource = kinds(kubernetes);
  if (store.find(resource, '', node.name)) store.delete(resource, '', node.name);
  store.create(resource, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: { ...labelsOf(node), ...node.labels } },
    spec: {
      providerID: `linode://${node.instance}`,
      ...(node.taints.length === 0 ? {} : { taints: [...node.taints] }),
    },
    status: {
      addresses: [
        { type: 'Hostname', address: node.name },
        { type: 'ExternalIP', address: node.publicAddress },
        { type: 'InternalIP', address: node.privateAddress },
      ],
      capacity: capacityOf(node),
      allocatable: capacityOf(node),
      nodeInfo: {
        architecture: 'amd64',
        bootID: String(node.instance),
        containerRuntimeVersion: 'containerd://2.2.1',
        kernelVersion: '6.12.0-1-cloud-amd64',
        kubeProxyVersion: node.version,
        kubeletVersion: node.version,
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        systemUUID: '',
      },
      conditions: [
        { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'cni plugin not initialized' },
      ],
    },
  });
}

const labelsOf = ({ name, type, region, pool }: ManagedNode): Record<string, string> => ({
  'kubernetes.io/arch': 'amd64',
  'kubernetes.io/os': 'linux',
  'kubernetes.io/hostname': name,
  'node.kubernetes.io/instance-type': type,
  'topology.kubernetes.io/region': region,
  'topology.linode.com/region': region,
  'lke.linode.com/pool-id': String(pool),
});

const capacityOf = ({ cores, memoryGB, diskGB }: ManagedNode): Record<string, string> => ({
  cpu: String(cores),
  memory: `${memoryGB * 1024 * 1024}Ki`,
  'ephemeral-storage': `${diskGB * 1_000_000}Ki`,
  pods: '110',
});

/** False where there is no such node any more. */
export function heartbeat(kubernetes: KubernetesServer, name: string): boolean {
  const { store } = kubernetes;
  if (!store.find(kinds(kubernetes), '', name)) return false;
  store.change(kinds(kubernetes), '', name, (node: Obj) =>
    setReady(node, 'True', 'KubeletReady', 'kubelet is posting ready status', store.stamp()),
  );
  kubernetes.nodeHeartbeat(name);
  return true;
}

export function removeNode(kubernetes: KubernetesServer, name: string): void {
  const { store } = kubernetes;
  if (store.find(kinds(kubernetes), '', name)) store.delete(kinds(kubernetes), '', name);
}

/** A pool's labels and taints overwrite those that it had before; others of a node stay. */
export function markNodes(
  kubernetes: KubernetesServer,
  { pool, labels, taints }: Pick<ManagedNode, 'pool' | 'labels' | 'taints'>,
  before: readonly string[],
): void {
  const { store } = kubernetes;
  const own = store
    .list(kinds(kubernetes))
    .filter((one) => one.metadata.labels?.['lke.linode.com/pool-id'] === String(pool));
  const kept = ([key]: readonly [string, unknown]): boolean => !before.includes(key);
  for (const { metadata } of own)
    store.change(kinds(kubernetes), '', metadata.name, (node: Obj) => {
      const others = Object.entries(node.metadata.labels ?? {}).filter(kept);
      node.metadata.labels = { ...Object.fromEntries(others), ...labels };
      const foreign = ((node.spec?.['taints'] ?? []) as Taint[]).filter(({ key }) => !before.includes(key));
      const all = [...foreign, ...taints];
      const { taints: _before, ...rest } = node.spec ?? {};
      node.spec = all.length === 0 ? rest : { ...rest, taints: all };
    });
}
