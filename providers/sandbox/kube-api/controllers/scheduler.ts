import type { Obj } from '../objects.js';
import { namedNodes, type NodeTerm, selectsNode, untolerated } from '../scheduling/node-choice.js';
import { type Placement, placePod } from '../scheduling/place.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, withCondition } from './conditions.js';
import { recordEvent } from './events.js';

/** Gives a pod its node, or writes down why there is none. */
export function schedule(cluster: ClusterState, pod: Obj): void {
  const placement = placementOf(cluster, pod);
  const before = conditionOf(pod, 'PodScheduled')?.message;
  const { store } = cluster;
  cluster.change(pod, (object) => {
    const scheduled =
      placement.node === undefined
        ? { status: 'False', reason: 'Unschedulable', message: placement.message }
        : { status: 'True' };
    object.status = {
      ...object.status,
      conditions: withCondition(object, {
        type: 'PodScheduled',
        ...scheduled,
        lastTransitionTime: store.stamp(),
      }),
    };
    if (placement.node !== undefined) object.spec = { ...object.spec, nodeName: placement.node };
  });
  if (placement.node === undefined) {
    if (placement.message !== before)
      tell(cluster, pod, { type: 'Warning', reason: 'FailedScheduling', message: placement.message });
    return;
  }
  const { name, namespace = '' } = pod.metadata;
  const message = `Successfully assigned ${namespace}/${name} to ${placement.node}`;
  tell(cluster, pod, { type: 'Normal', reason: 'Scheduled', message });
}

const tell = (
  cluster: ClusterState,
  pod: Obj,
  event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string },
): void => recordEvent(cluster, pod, { ...event, component: 'default-scheduler' });

function placementOf(cluster: ClusterState, pod: Obj): Placement {
  const volumes = volumesOf(cluster, pod);
  if (typeof volumes === 'string') return { node: undefined, message: volumes };
  return placePod(pod, {
    nodes: cluster.all('v1', 'Node'),
    pods: cluster.all('v1', 'Pod'),
    namespaces: Object.fromEntries(
      cluster.all('v1', 'Namespace').map(({ metadata }) => [metadata.name, metadata.labels ?? {}]),
    ),
    volumes,
  });
}

/** Where a pod's volumes are; a text: what it waits for before it can be placed at all. */
function volumesOf(cluster: ClusterState, pod: Obj): readonly (readonly NodeTerm[])[] | string {
  const namespace = pod.metadata.namespace ?? '';
  const terms: (readonly NodeTerm[])[] = [];
  const volumes = (pod.spec?.['volumes'] ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
  for (const { persistentVolumeClaim } of volumes) {
    if (!persistentVolumeClaim) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = cluster.store.look(cluster.kind('v1', 'PersistentVolumeClaim'), namespace, claimName);
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`;
    const volumeName = claim.spec?.['volumeName'];
    const volume =
      typeof volumeName === 'string'
        ? cluster.store.look(cluster.kind('v1', 'PersistentVolume'), '', volumeName)
        : undefined;
    const affinity = volume?.spec?.['nodeAffinity'] as { required?: { nodeSelectorTerms: NodeTerm[] } } | undefined;
    if (affinity?.required) terms.push(affinity.required.nodeSelectorTerms);
  }
  return terms;
}

/** Whether a DaemonSet wants a pod on a node; whether it has room there is the scheduler's question. */
export const wantsDaemon = (pod: Obj, node: Obj): boolean =>
  selectsNode(pod, node) && untolerated(pod, node) === undefined;

const alwaysTolerated = ['unschedulable', 'unreachable', 'not-ready', 'network-unavailable'];

/** A DaemonSet's pods stay where the node is cordoned, lost or not ready. */
export const daemonSpec = (spec: Record<string, unknown>): Record<string, unknown> => ({
  ...spec,
  tolerations: [
    ...((spec['tolerations'] ?? []) as unknown[]),
    ...alwaysTolerated.map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists' })),
  ],
});

/** A DaemonSet's pod is meant for one node, and asks the scheduler for that one. */
export function boundTo(spec: Record<string, unknown>, node: string): Record<string, unknown> {
  const affinity = (spec['affinity'] ?? {}) as Record<string, unknown>;
  const nodeAffinity = (affinity['nodeAffinity'] ?? {}) as Record<string, unknown>;
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }];
  return {
    ...daemonSpec(spec),
    affinity: {
      ...affinity,
      nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  };
}

/** The node that a pod is on, or is meant for. */
export const nodeOf = (pod: Obj): string | undefined =>
  (pod.spec?.['nodeName'] as string | undefined) ?? namedNodes(pod)?.[0];
