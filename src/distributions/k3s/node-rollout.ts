import type { Machine, Role, Rollout, RolloutNode, RolloutState } from '../../domain/index.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import { isUpNode } from '../../phases/is-up.js';
import { k3sRules } from './rules.js';

/** Every node of a role, by how they are; those of the group are to be changed where they run. */
export function stateOf(
  machines: readonly Machine[],
  role: Role,
  group: ReadonlySet<string>,
  nodes: ReadonlyMap<string, NodeFacts>,
): RolloutState {
  const own = machines.filter((machine) => machine.role === role);
  return {
    nodes: own.map(({ name }): RolloutNode => ({
      name,
      work: group.has(name) ? 'in-place' : 'stay',
      up: isUpNode(role, nodes.get(name), k3sRules),
    })),
    members: role === 'control-plane' ? k3sRules.membership?.voters(nodes.values()) : undefined,
  };
}

/** The server that holds the API's address comes last: the address then moves once. */
export function lastHolder<T extends { readonly name: string }>(
  servers: readonly T[],
  holder: string | undefined,
): readonly T[] {
  const holds = ({ name }: T): boolean => name === holder;
  return [...servers.filter((server) => !holds(server)), ...servers.filter(holds)];
}

/** Nodes that are to be changed in their order, the others before them. */
export const inOrderOf = (
  group: readonly { readonly name: string }[],
  nodes: readonly RolloutNode[],
): readonly RolloutNode[] => [
  ...nodes.filter(({ work }) => work === 'stay'),
  ...group.flatMap(({ name }) => nodes.filter((node) => node.name === name)),
];

/**
 * @param count how many nodes of the role there are
 * @throws RefusedError code QUORUM for servers, NODES_DOWN for workers
 */
export function refuseBlocked(cluster: string, role: Role, count: number, { blocked }: Rollout): void {
  if (!blocked) return;
  throw new RefusedError(blocked.because, {
    code: role === 'control-plane' ? 'QUORUM' : 'NODES_DOWN',
    hint:
      role === 'control-plane' ? quorumHint(cluster, count) : `See what is wrong: slipway cluster status ${cluster}`,
  });
}

/** Two servers outlive the loss of none: it is a size that only an unfinished change has. */
const quorumHint = (cluster: string, servers: number): string =>
  servers % 2 === 0
    ? `${servers} servers survive no more failures than ${servers - 1}. Bring the cluster to the number that its file says first: slipway cluster apply ${cluster}`
    : `Bring the other servers back first: slipway cluster status ${cluster}`;
