import type { Obj } from '../objects.js';
import { matchesSelector } from '../selectors.js';
import { selectsNode, untolerated } from './node-choice.js';
import type { Placed } from './pod-affinity.js';

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly whenUnsatisfiable?: string;
  readonly labelSelector?: unknown;
  readonly matchLabelKeys?: readonly string[];
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
}

const constraintsOf = (pod: Obj, how: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Constraint[] =>
  ((pod.spec?.['topologySpreadConstraints'] ?? []) as readonly Constraint[]).filter(
    ({ whenUnsatisfiable = 'DoNotSchedule' }) => whenUnsatisfiable === how,
  );

function isCounted(constraint: Constraint, owner: Obj, other: Obj): boolean {
  const { labelSelector, matchLabelKeys = [] } = constraint;
  const labels = other.metadata.labels ?? {};
  return (
    labelSelector !== undefined &&
    other.metadata.namespace === owner.metadata.namespace &&
    matchesSelector(labelSelector, labels) &&
    matchLabelKeys.every((key) => labels[key] === owner.metadata.labels?.[key])
  );
}

/** Pods that count, by domain. Domains are those of the nodes that the pod could be on at all. */
function countsOf(
  constraint: Constraint,
  keys: readonly string[],
  pod: Obj,
  nodes: readonly Obj[],
  placed: readonly Placed[],
): ReadonlyMap<string, number> {
  const { topologyKey, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint;
  const eligible = nodes.filter(
    (node) =>
      keys.every((key) => node.metadata.labels?.[key] !== undefined) &&
      (nodeAffinityPolicy === 'Ignore' || selectsNode(pod, node)) &&
      (nodeTaintsPolicy === 'Ignore' || untolerated(pod, node) === undefined),
  );
  const counts = new Map(eligible.map((node) => [node.metadata.labels![topologyKey]!, 0]));
  const names = new Set(eligible.map(({ metadata }) => metadata.name));
  for (const { pod: other, node } of placed) {
    if (!names.has(node.metadata.name) || other.metadata.deletionTimestamp || !isCounted(constraint, pod, other))
      continue;
    const domain = node.metadata.labels![topologyKey]!;
    counts.set(domain, counts.get(domain)! + 1);
  }
  return counts;
}

/** Why a pod on a node would be spread less than it asks for; undefined: it would not. */
export function spreadRefusal(
  pod: Obj,
  node: Obj,
  nodes: readonly Obj[],
  placed: readonly Placed[],
): string | undefined {
  const constraints = constraintsOf(pod, 'DoNotSchedule');
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  for (const constraint of constraints) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = countsOf(constraint, keys, pod, nodes, placed);
    const { minDomains = 1 } = constraint;
    const least = counts.size < minDomains || counts.size === 0 ? 0 : Math.min(...counts.values());
    const own = isCounted(constraint, pod, pod) ? 1 : 0;
    if ((counts.get(domain) ?? 0) + own - least > constraint.maxSkew)
      return "node(s) didn't match pod topology spread constraints";
  }
  return undefined;
}

/** How many pods that count against it a node's domains have, for constraints that only wish. */
export const spreadCost = (pod: Obj, node: Obj, nodes: readonly Obj[], placed: readonly Placed[]): number =>
  constraintsOf(pod, 'ScheduleAnyway').reduce((total, constraint) => {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    return total + (countsOf(constraint, [constraint.topologyKey], pod, nodes, placed).get(domain ?? '') ?? 0);
  }, 0);
