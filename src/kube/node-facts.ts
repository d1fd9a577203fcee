import type { NodeFacts, NodePatch } from './types.js';
import type { WireNode } from './wire.js';

/** Conditions by which a kubelet says that it takes no more pods, and ends some of those it has. */
const pressures: Readonly<Record<string, string>> = {
  DiskPressure: 'disk space',
  MemoryPressure: 'memory',
  PIDPressure: 'process ids',
};

/** What decisions need of a node. */
export function nodeFacts(node: WireNode): NodeFacts {
  const { metadata = {}, spec = {}, status = {} } = node;
  const conditions = status.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  const shortOf = conditions.flatMap(({ type, status: is }) =>
    is === 'True' && pressures[type] !== undefined ? [pressures[type]] : [],
  );
  const labels = metadata.labels ?? {};
  // One that somebody deleted stays until its controllers have let it go, and looks well meanwhile.
  const isLeaving = metadata.deletionTimestamp !== undefined;
  const isReady = ready?.status === 'True' && !isLeaving;
  return {
    name: metadata.name ?? '',
    ready: isReady,
    ...(isReady || ready?.lastTransitionTime === undefined ? {} : { notReadySince: ready.lastTransitionTime }),
    notReadyBecause: isReady
      ? undefined
      : isLeaving
        ? 'it is being deleted'
        : (ready?.message ?? ready?.reason ?? 'its kubelet has not reported yet'),
    version: status.nodeInfo?.kubeletVersion ?? '',
    ...(shortOf.length > 0 ? { shortOf } : {}),
    schedulable: spec.unschedulable !== true,
    controlPlane: 'node-role.kubernetes.io/control-plane' in labels,
    conditions: Object.fromEntries(conditions.map(({ type, status: is }) => [type, is === 'True'])),
    address: addressOf(node, 'InternalIP') ?? addressOf(node, 'ExternalIP'),
    providerId: spec.providerID,
    labels,
    annotations: metadata.annotations ?? {},
    taints: spec.taints ?? [],
    createdAt: metadata.creationTimestamp ?? '',
  };
}

function addressOf(node: WireNode, type: string): string | undefined {
  return node.status?.addresses?.find((entry) => entry.type === type)?.address;
}

/** A node's state in a few words, for progress and for the error at a deadline. */
export function describeNode(node: NodeFacts | undefined, lack?: string): string {
  if (!node) return 'not in the cluster';
  const words = [
    node.ready ? 'Ready' : `not Ready: ${node.notReadyBecause ?? 'unknown'}`,
    node.version,
    node.schedulable ? '' : 'cordoned',
    ...(node.shortOf ?? []).map((what) => `short of ${what}`),
    lack ?? '',
    ...node.taints.map(({ key, effect }) => `taint ${key}:${effect}`),
  ];
  return words.filter((word) => word !== '').join(', ');
}

/** The merge patch (RFC 7386) for a change of a node. */
export function nodeMergePatch({ labels, annotations, taints, unschedulable }: NodePatch): object {
  const spec = {
    ...(taints === undefined ? {} : { taints: taints.length === 0 ? null : taints }),
    ...(unschedulable === undefined ? {} : { unschedulable: unschedulable ? true : null }),
  };
  const metadata = { ...(labels && { labels }), ...(annotations && { annotations }) };
  return {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(Object.keys(spec).length === 0 ? {} : { spec }),
  };
}
