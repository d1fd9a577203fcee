import type { DesiredMachine } from '../domain/index.js';
import type { ClusterFacts } from './context.js';
import type { NodeRules } from './node-rules.js';

/** Whether a machine's node does what it is there for: Ready and, if it is a server, a voter. */
export function isUp(
  { name, role }: DesiredMachine,
  { comparison, nodes }: ClusterFacts,
  { membership }: Pick<NodeRules, 'membership'>,
): boolean {
  // A machine that has just gone leaves a node behind that looks Ready for a while.
  const node = comparison.current.some((machine) => machine.name === name) ? nodes?.get(name) : undefined;
  return node?.ready === true && (role !== 'control-plane' || membership?.isVoter(node) !== false);
}
