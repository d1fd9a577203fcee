import type { DesiredMachine, Role } from '../domain/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterFacts } from './context.js';
import type { NodeRules } from './node-rules.js';

/** Whether a machine's node does what it is there for. */
export function isUp(
  { name, role }: DesiredMachine,
  { comparison, nodes }: Pick<ClusterFacts, 'comparison' | 'nodes'>,
  rules: Pick<NodeRules, 'membership'>,
): boolean {
  // A machine that has just gone leaves a node behind that looks Ready for a while.
  const node = comparison.current.some((machine) => machine.name === name) ? nodes?.get(name) : undefined;
  return isUpNode(role, node, rules);
}

/** Ready and, if it is a server, a voter. */
export const isUpNode = (
  role: Role,
  node: Pick<NodeFacts, 'ready' | 'conditions'> | undefined,
  { membership }: Pick<NodeRules, 'membership'>,
): boolean => node?.ready === true && (role !== 'control-plane' || membership?.isVoter(node) !== false);
