import { createHash } from 'node:crypto';

import { conditionOf, type Obj, setReady } from '../kube-api/index.js';
import type { Machine } from '../hosts/machine.js';
import { type Cluster, membershipIn } from './cluster.js';
import type { K3sConfig } from './config.js';

const passwordFile = '/etc/rancher/node/password';

/**
 * What the supervisor does with a node that registers: the password of a known name must fit.
 * @returns false when it does not
 */
export function checkNodePassword(cluster: Cluster, machine: Machine, node: string): boolean {
  const { files } = machine;
  if (!files.exists(passwordFile)) {
    files.mkdirs('/etc/rancher/node');
    files.write(passwordFile, `${machine.context.random.bytes(16).toString('hex')}\n`, { mode: 0o600 });
  }
  const hash = createHash('sha256').update(files.text(passwordFile)).digest('base64');
  const { store } = cluster.kubernetes;
  const secrets = store.resource('v1', 'Secret');
  const name = `${node}.node-password.k3s`;
  const known = store.find(secrets, 'kube-system', name);
  if (known) return (known['data'] as { hash?: string } | undefined)?.hash === hash;
  store.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kube-system' },
    type: 'Opaque',
    data: { hash },
  });
  return true;
}

/** The kubelet registers its node, or finds it registered: labels and taints count only the first time. */
export function registerNode(cluster: Cluster, machine: Machine, config: K3sConfig, version: string): void {
  const { store } = cluster.kubernetes;
  const nodes = store.resource('v1', 'Node');
  const server = config.role === 'server';
  const found = store.find(nodes, '', config.nodeName);
  const status = {
    ...found?.status,
    addresses: [
      ...(config.nodeIp === undefined ? [] : [{ type: 'InternalIP', address: config.nodeIp }]),
      { type: 'Hostname', address: config.nodeName },
    ],
    capacity: capacityOf(machine),
    allocatable: capacityOf(machine),
    nodeInfo: {
      architecture: machine.spec.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: 'containerd://2.2.1-k3s1',
      kernelVersion: '6.14.0-32-generic',
      kubeProxyVersion: version,
      kubeletVersion: version,
      machineID: '',
      operatingSystem: 'linux',
      osImage: machine.spec.image,
      systemUUID: '',
    },
    conditions: (found?.status?.['conditions'] as unknown[] | undefined) ?? [
      {
        type: 'Ready',
        status: 'False',
        reason: 'KubeletNotReady',
        message: 'container runtime network not ready: cni plugin not initialized',
      },
    ],
  };
  const member = cluster.members.find(({ machine: id }) => id === machine.id);
  const earlier = found?.metadata.annotations ?? {};
  const annotations = {
    ...(member ? membershipIn(earlier, member.name) : earlier),
    'k3s.io/node-args': JSON.stringify(config.commandLine),
  };
  if (found) {
    store.update(nodes, { ...found, metadata: { ...found.metadata, annotations }, status });
    return;
  }
  store.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: config.nodeName,
      labels: { ...baseLabels(machine, config.nodeName), ...(server ? serverLabels : {}), ...config.labels },
      annotations,
    },
    spec: {
      ...(config.providerId === undefined ? {} : { providerID: config.providerId }),
      ...taintsOf(config),
    },
    status,
  });
}

const serverLabels = { 'node-role.kubernetes.io/control-plane': 'true', 'node-role.kubernetes.io/etcd': 'true' };

const baseLabels = (machine: Machine, name: string): Record<string, string> => ({
  'kubernetes.io/arch': machine.spec.architecture,
  'kubernetes.io/os': 'linux',
  'kubernetes.io/hostname': name,
  'node.kubernetes.io/instance-type': 'k3s',
});

function taintsOf(config: K3sConfig): Record<string, unknown> {
  const taints = [
    ...config.taints,
    ...(config.externalCloud
      ? [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }]
      : []),
  ];
  return taints.length === 0 ? {} : { taints };
}

const capacityOf = ({ spec }: Machine): Record<string, string> => ({
  cpu: String(spec.cores),
  memory: `${spec.memoryMiB * 1024}Ki`,
  'ephemeral-storage': `${spec.diskGB * 1_000_000}Ki`,
  pods: '110',
});

/** The node's conditions after its kubelet came up; `voter` undefined for agents. */
export function nodeIsReady(cluster: Cluster, name: string, voter: boolean | undefined): void {
  const { store } = cluster.kubernetes;
  store.change(store.resource('v1', 'Node'), '', name, (node: Obj) => {
    setReady(node, 'True', 'KubeletReady', 'kubelet is posting ready status', store.stamp());
    if (voter === undefined || conditionOf(node, 'EtcdIsVoter')?.status === 'True') return;
    const conditions = (node.status?.['conditions'] ?? []) as { type: string }[];
    const condition = {
      type: 'EtcdIsVoter',
      status: voter ? 'True' : 'False',
      reason: voter ? 'MemberNotLearner' : 'MemberIsLearner',
      message: voter ? 'Node is a voting member of the etcd cluster' : 'Node has not been promoted',
    };
    node.status = {
      ...node.status,
      conditions: [...conditions.filter(({ type }) => type !== 'EtcdIsVoter'), condition],
    };
  });
  cluster.kubernetes.nodeHeartbeat(name);
}

/** Which nodes the server that was restored keeps. */
export interface Kept {
  readonly own: string;
  /** NAME, or NAME=ID of the provider. */
  readonly keep: readonly string[];
}

/**
 * After a restore: nodes of then whose machines are gone, and other servers, go; the rest is not heard of yet. `anew`: its
 * own is not there any more.
 */
export function renewNodes(
  cluster: Cluster,
  { own, keep }: Kept,
): { readonly removed: readonly string[]; readonly waiting: readonly string[]; readonly anew: boolean } {
  const { store } = cluster.kubernetes;
  const nodes = store.resource('v1', 'Node');
  const removed: string[] = [];
  const waiting: string[] = [];
  for (const { metadata, spec } of store.list(nodes)) {
    const { name, labels } = metadata;
    const isServer = labels?.['node-role.kubernetes.io/control-plane'] === 'true';
    const id = spec?.['providerID'] as string | undefined;
    const kept = keep.some((word) => word === name || word === `${name}=${id}` || (!id && word.startsWith(`${name}=`)));
    if (name !== own) cluster.dropPassword(name);
    if (kept && (name === own || !isServer)) {
      store.change(nodes, '', name, (node: Obj) =>
        setReady(node, 'Unknown', 'NodeStatusUnknown', 'Not heard of since the cluster was restored.', store.stamp()),
      );
      waiting.push(name);
    } else {
      store.delete(nodes, '', name);
      removed.push(name);
    }
  }
  return { removed, waiting, anew: !waiting.includes(own) };
}
