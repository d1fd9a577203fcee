import type { Obj } from '../objects.js';
import { matchesSelector } from '../selectors.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, type Taint, withCondition } from './conditions.js';

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** Places a pod on the fitting node with the fewest pods, or says that there is none. */
export function schedule(cluster: ClusterState, pod: Obj): void {
  const nodes = cluster.all('v1', 'Node');
  const fitting = nodes.filter((node) => fits(pod, node));
  const load = new Map<string, number>();
  for (const { spec } of cluster.all('v1', 'Pod')) {
    const node = spec?.['nodeName'];
    if (typeof node === 'string') load.set(node, (load.get(node) ?? 0) + 1);
  }
  const count = ({ metadata }: Obj): number => load.get(metadata.name) ?? 0;
  const best = fitting.sort((a, b) => count(a) - count(b))[0];
  const { store } = cluster;
  cluster.change(pod, (object) => {
    const scheduled = best
      ? { type: 'PodScheduled', status: 'True', lastTransitionTime: store.stamp() }
      : {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: reasons(pod, nodes),
          lastTransitionTime: store.stamp(),
        };
    object.status = { ...object.status, conditions: withCondition(object, scheduled) };
    if (best) object.spec = { ...object.spec, nodeName: best.metadata.name };
  });
}

/** In the scheduler's words. */
function reasons(pod: Obj, nodes: readonly Obj[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const taint = untolerated(pod, node);
    const why = taint
      ? `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
      : selects(pod, node)
        ? 'node(s) were not ready'
        : "node(s) didn't match Pod's node affinity/selector";
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  const list = [...counts].map(([why, count]) => `${count} ${why}`).join(', ');
  return `0/${nodes.length} nodes are available${list === '' ? '' : `: ${list}`}.`;
}

/** Whether a pod may be placed on a node: Ready, not cordoned, selector, affinity and taints. */
export function fits(pod: Obj, node: Obj, daemon = false): boolean {
  if (!daemon && conditionOf(node, 'Ready')?.status !== 'True') return false;
  return selects(pod, node) && untolerated(pod, node) === undefined;
}

/** Whether a node has the labels that a pod wants. */
export function selects(pod: Obj, node: Obj): boolean {
  const spec = pod.spec ?? {};
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries((spec['nodeSelector'] ?? {}) as Record<string, string>);
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const affinity = spec['affinity'] as
    | {
        nodeAffinity?: {
          requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: { matchExpressions?: unknown[] }[] };
        };
      }
    | undefined;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return !terms || terms.some(({ matchExpressions }) => matchesSelector({ matchExpressions }, labels));
}

function untolerated(pod: Obj, node: Obj): Taint | undefined {
  const tolerations = (pod.spec?.['tolerations'] ?? []) as Toleration[];
  return ((node.spec?.['taints'] ?? []) as Taint[])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === undefined || key === '' || key === taint.key;
  return key === taint.key && (value ?? '') === (taint.value ?? '');
}

const alwaysTolerated = ['unschedulable', 'unreachable', 'not-ready', 'network-unavailable'];

/** A DaemonSet's pods stay where the node is cordoned, lost or not ready. */
export const daemonSpec = (spec: Record<string, unknown>): Record<string, unknown> => ({
  ...spec,
  tolerations: [
    ...((spec['tolerations'] ?? []) as unknown[]),
    ...alwaysTolerated.map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists' })),
  ],
});
