import {
  type ClusterRef,
  type Machine,
  machineName,
  type RecycleCandidate,
  type RecycleState,
  slotLabel,
} from '../../../domain/index.js';
import type { ClusterFacts } from '../../../phases/context.js';
import { isUpNode } from '../../../phases/is-up.js';
import type { NodeRules } from '../../../phases/node-rules.js';

/**
 * The machines that stay in their slots, with what is known of their nodes.
 * @param addressHolder the server that holds the API's reserved address
 */
export const candidatesOf = (
  { comparison, nodes, outdated }: ClusterFacts,
  addressHolder: string | undefined,
): readonly (Machine & RecycleCandidate)[] =>
  comparison.current.map((machine) => ({
    ...machine,
    version: nodes?.get(machine.name)?.version || undefined,
    joinedAt: nodes?.get(machine.name)?.createdAt,
    outdated: outdated.some(({ machine: name, needs }) => name === machine.name && needs.includes('cluster recycle')),
    holdsAddress: machine.name === addressHolder,
  }));

/** How every node of the cluster is, and who replaces it. */
export function stateOf(
  cluster: ClusterRef,
  { comparison, nodes }: Pick<ClusterFacts, 'comparison' | 'nodes'>,
  rules: Pick<NodeRules, 'membership'>,
  targets: readonly Machine[],
  { assumeUp = false } = {},
): RecycleState {
  const successors = successorNames(cluster, targets);
  const turns = new Map(targets.map(({ name }, turn) => [name, turn]));
  const turnOf = (name: string): number => turns.get(name) ?? targets.length;
  const of = (role: Machine['role']): RecycleState['servers'] =>
    comparison.desired
      .filter((machine) => machine.role === role)
      .sort((a, b) => turnOf(a.name) - turnOf(b.name))
      .map(({ name }) => ({
        name,
        up: assumeUp || isUpNode(role, nodes?.get(name), rules),
        successor: successors.get(name),
      }));
  return {
    servers: of('control-plane'),
    workers: of('worker'),
    members: rules.membership?.voters(nodes?.values() ?? []),
  };
}

/** The names of the fresh machines, by those that they replace. */
export const successorNames = (cluster: ClusterRef, targets: readonly Machine[]): ReadonlyMap<string, string> =>
  new Map(
    targets.map((machine) => [machine.name, machineName(cluster, { ...machine, generation: machine.generation + 1 })]),
  );

/** Whether a node is meant by that: its name, its place, or the name of one that it replaced. */
export const isCalled = (cluster: ClusterRef, machine: Machine, node: string): boolean =>
  node === slotLabel(machine) ||
  node === machine.name ||
  Array.from({ length: machine.generation - 1 }, (_, at) =>
    machineName(cluster, { ...machine, generation: at + 1 }),
  ).includes(node);
