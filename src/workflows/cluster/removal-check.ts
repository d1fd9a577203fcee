import {
  budgetHolds,
  drainObstacles,
  type DrainObstacle,
  type DrainView,
  isAccepted,
  type Machine,
} from '../../domain/index.js';
import { adviceFor } from '../../kube/obstacles.js';
import type { ClusterFacts } from '../../phases/context.js';
import { drained, Leaving } from '../../phases/leaving.js';
import type { NodeRules } from '../../phases/node-rules.js';
import type { Problem } from '../../provider/port.js';

/** What runs on the machines that are drained before they go. */
export interface LeavingView {
  readonly machines: readonly Machine[];
  readonly view: DrainView;
}

/** Undefined where nothing is drained. While no API answers, nothing is known. */
export async function leavingView(facts: ClusterFacts, signal: AbortSignal): Promise<LeavingView | undefined> {
  const { api, nodes } = facts;
  if (!api || !nodes) return undefined;
  const machines = drained(facts).filter(({ name }) => nodes.has(name));
  if (machines.length === 0) return undefined;
  const names = machines.map(({ name }) => name);
  return { machines, view: await api.kube.drainView(names, { signal }) };
}

/** What will hold up the drain of each machine, by its name. */
export const heldByBudgets = (leaving: LeavingView | undefined): ReadonlyMap<string, readonly string[]> =>
  new Map(leaving?.machines.map(({ name }) => [name, budgetHolds(name, leaving.view)]));

/**
 * What the removal of excess machines would be refused for, of all of them and before the first step: a run that finds
 * it at its third machine has deleted two. While no API answers, nothing is known.
 */
export function removalProblems(
  cluster: string,
  facts: ClusterFacts,
  rules: Pick<NodeRules, 'membership'>,
  leaving: LeavingView | undefined,
  lose?: ReadonlySet<string>,
): readonly Problem[] {
  if (!facts.api || !facts.nodes) return [];
  return [...drainProblems(leaving, lose), ...quorumProblems(cluster, facts, rules)];
}

/** One problem for each kind of obstacle, however many nodes have it. */
function drainProblems(leaving: LeavingView | undefined, lose: ReadonlySet<string> | undefined): Problem[] {
  if (!leaving) return [];
  const names = leaving.machines.map(({ name }) => name);
  const found = drainObstacles(names, leaving.view).filter((obstacle) => !isAccepted(obstacle, lose));
  const sentences: Readonly<Record<DrainObstacle['kind'], (nodes: string) => string>> = {
    'unmanaged-pod': (nodes) => `Pods that nothing would start again elsewhere run on ${nodes}.`,
    'local-data': (nodes) => `Data that exists on one disk only lies on ${nodes}.`,
    budget: (nodes) => `Pods that their PodDisruptionBudgets never allow to be evicted run on ${nodes}.`,
  };
  return (Object.keys(sentences) as DrainObstacle['kind'][]).flatMap((kind) => {
    const these = found.filter((one) => one.kind === kind);
    if (these.length === 0) return [];
    const nodes = [...new Set(these.map(({ node }) => node))].join(', ');
    return [
      {
        ...adviceFor(kind, lose),
        kind: 'refused',
        message: sentences[kind](nodes),
        details: these.map(({ node, text }) => `${node}: ${text}`),
      },
    ];
  });
}

/** By the rollout that the run itself goes by. */
function quorumProblems(cluster: string, facts: ClusterFacts, rules: Pick<NodeRules, 'membership'>): Problem[] {
  const servers = drained(facts).filter(({ role }) => role === 'control-plane');
  const { blocked } = new Leaving(facts, rules, 'control-plane', servers).rollout();
  if (!blocked) return [];
  return [
    {
      code: 'QUORUM',
      kind: 'refused',
      message: blocked.because,
      hint: `Bring the other servers back first: slipway cluster status ${cluster}`,
    },
  ];
}
