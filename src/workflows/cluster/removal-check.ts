import {
  drainObstacles,
  type DrainObstacle,
  type DrainView,
  firstQuorumLoss,
  type Machine,
  type Voter,
} from '../../domain/index.js';
import { obstacleAdvice } from '../../kube/obstacles.js';
import type { ClusterFacts } from '../../phases/context.js';
import { isDead, lostNodes } from '../../phases/lost-nodes.js';
import type { Membership, NodeRules } from '../../phases/node-rules.js';
import type { Problem } from '../../provider/port.js';

/**
 * What the removal of excess machines would be refused for, of all of them and before the first step: a run that finds
 * it at its third machine has deleted two. While no API answers, nothing is known.
 */
export async function removalProblems(
  cluster: string,
  facts: ClusterFacts,
  { membership }: Pick<NodeRules, 'membership'>,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { api, nodes } = facts;
  if (!api || !nodes) return [];
  const going = drained(facts).filter(({ name }) => nodes.has(name));
  const view =
    going.length === 0
      ? undefined
      : await api.kube.drainView(
          going.map(({ name }) => name),
          { signal },
        );
  return [...drainProblems(going, view), ...(membership ? quorumProblems(cluster, facts, membership) : [])];
}

const drained = ({ comparison, nodes }: ClusterFacts): readonly Machine[] =>
  comparison.excess.filter((machine) => !isDead(machine, nodes?.get(machine.name)));

/** One problem for each kind of obstacle, however many nodes have it. */
function drainProblems(going: readonly Machine[], view: DrainView | undefined): Problem[] {
  if (!view) return [];
  const found = drainObstacles(
    going.map(({ name }) => name),
    view,
  );
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
        ...obstacleAdvice[kind],
        kind: 'refused',
        message: sentences[kind](nodes),
        details: these.map(({ node, text }) => `${node}: ${text}`),
      },
    ];
  });
}

/** In the order of the run: lost and dead servers first, then those that join, then those that are drained. */
function quorumProblems(cluster: string, facts: ClusterFacts, membership: Membership): Problem[] {
  const { comparison, nodes } = facts;
  const isServer = ({ role }: Pick<Machine, 'role'>): boolean => role === 'control-plane';
  const now = membership.voters(nodes!.values());
  const dead = comparison.excess.filter((machine) => isServer(machine) && isDead(machine, nodes!.get(machine.name)));
  const first = [...lostNodes(facts).filter(({ controlPlane }) => controlPlane), ...dead].map(({ name }) => name);
  const members = new Set(now.map(({ name }) => name));
  const desired = comparison.desired.filter(isServer).map(({ name }): Voter => ({ name, voting: true }));
  const then = [
    ...desired,
    ...now.filter(({ name }) => !first.includes(name) && !desired.some((one) => one.name === name)),
  ];
  const last = drained(facts).filter((machine) => isServer(machine) && members.has(machine.name));
  const losses = [
    firstQuorumLoss(
      first.filter((name) => members.has(name)),
      now,
    ),
    firstQuorumLoss(
      last.map(({ name }) => name),
      then,
    ),
  ];
  return losses
    .filter((loss) => loss !== undefined)
    .map((message) => ({
      code: 'QUORUM',
      kind: 'refused',
      message,
      hint: `Bring the other servers back first: slipway cluster status ${cluster}`,
    }));
}
