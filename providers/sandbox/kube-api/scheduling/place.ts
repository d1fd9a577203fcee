import type { Obj } from '../objects.js';
import {
  isReady,
  matchesTerms,
  namedNodes,
  nodePreference,
  type NodeTerm,
  selectsNode,
  untolerated,
  unschedulable,
} from './node-choice.js';
import { affinityRefusal, type NamespaceLabels, type Placed, podPreference } from './pod-affinity.js';
import { portsTaken } from './ports.js';
import { lacks } from './requests.js';
import { spreadCost, spreadRefusal } from './spread.js';

/** What a pod is placed into. */
export interface Surroundings {
  readonly nodes: readonly Obj[];
  /** Pods that are on nodes; those that have ended take nothing. */
  readonly pods: readonly Obj[];
  readonly namespaces?: NamespaceLabels;
  /** For each volume of the pod that is tied to nodes: to which. */
  readonly volumes?: readonly (readonly NodeTerm[])[];
}

export type Placement =
  | { readonly node: string }
  /** No node fits. The message is the scheduler's: `0/3 nodes are available: 3 Insufficient cpu.` */
  | { readonly node: undefined; readonly message: string };

const hasEnded = ({ status }: Obj): boolean => status?.['phase'] === 'Succeeded' || status?.['phase'] === 'Failed';

/**
 * Chooses the node of a pod as Kubernetes' scheduler does with its default filters, or says why there is none. Among
 * nodes that fit it takes the most wished for, then the one with the fewest pods of the same owner, then of any.
 * Preemption is not simulated.
 */
export function placePod(pod: Obj, surroundings: Surroundings): Placement {
  const { nodes } = surroundings;
  if (nodes.length === 0) return { node: undefined, message: 'no nodes available to schedule pods' };
  const placed = placedPods(surroundings);
  const counts = new Map<string, number>();
  const fitting = nodes.filter((node) => {
    const refusals = refusalsOf(pod, node, surroundings, placed);
    for (const reason of refusals) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return refusals.length === 0;
  });
  const ranked = fitting
    .map((node) => ({ node, rank: rankOf(pod, node, surroundings, placed) }))
    .sort((a, b) => compare(a.rank, b.rank));
  const [best] = ranked;
  if (best) return { node: best.node.metadata.name };
  const reasons = [...counts].map(([why, count]) => `${count} ${why}`).sort();
  return { node: undefined, message: `0/${nodes.length} nodes are available: ${reasons.join(', ')}.` };
}

function placedPods({ nodes, pods }: Surroundings): readonly Placed[] {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  return pods.flatMap((pod) => {
    const node = byName.get(String(pod.spec?.['nodeName']));
    return node && !hasEnded(pod) ? [{ pod, node }] : [];
  });
}

/** The reasons of the first filter that a node does not pass, in the scheduler's order. */
function refusalsOf(
  pod: Obj,
  node: Obj,
  { nodes, namespaces = {}, volumes = [] }: Surroundings,
  placed: readonly Placed[],
): readonly string[] {
  const named = namedNodes(pod);
  if (named && !named.includes(node.metadata.name)) return ["node(s) didn't satisfy plugin(s) [NodeAffinity]"];
  const taint = untolerated(pod, node);
  if (taint?.key === unschedulable) return ['node(s) were unschedulable'];
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (!selectsNode(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const here = placed.filter((other) => other.node === node).map((other) => other.pod);
  if (portsTaken(pod, here)) return ["node(s) didn't have free ports for the requested pod ports"];
  const lacking = lacks(pod, node, here);
  if (lacking.length > 0) return lacking;
  if (!volumes.every((terms) => matchesTerms(terms, node)))
    return ["node(s) didn't match PersistentVolume's node affinity"];
  const refusal = spreadRefusal(pod, node, nodes, placed) ?? affinityRefusal(pod, node, placed, namespaces);
  return refusal === undefined ? [] : [refusal];
}

/** Smaller is better, the first numbers count most. */
function rankOf(
  pod: Obj,
  node: Obj,
  { nodes, namespaces = {} }: Surroundings,
  placed: readonly Placed[],
): readonly number[] {
  const here = placed.filter((other) => other.node === node);
  const owners = new Set((pod.metadata.ownerReferences ?? []).map(({ uid }) => uid));
  const siblings = here.filter((other) => other.pod.metadata.ownerReferences?.some(({ uid }) => owners.has(uid)));
  return [
    isReady(node) ? 0 : 1,
    untolerated(pod, node, ['PreferNoSchedule']) ? 1 : 0,
    -nodePreference(pod, node) - podPreference(pod, node, placed, namespaces),
    spreadCost(pod, node, nodes, placed),
    siblings.length,
    here.length,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : a[index]! - b[index]!;
}
