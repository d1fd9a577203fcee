import { RefusedError } from '../../errors/index.js';
import type { Tools } from '../../phases/context.js';
import type { PlannedCluster } from './plan.js';
import { isUp } from '../../phases/is-up.js';
import { hostTarget, lookInside } from '../../phases/session.js';
import type { Problem } from '../../provider/port.js';
import type { WorkflowContext } from '../context.js';
import type { Observation } from './observe.js';

/**
 * Hosts that a run would have to log in to and could not tell from another machine, found while nothing is billed yet: the
 * machines that are to be finished, and the servers to read the join tokens from where none of them is known.
 */
export async function hostKeyProblems(
  context: WorkflowContext,
  tools: Tools,
  { facts, distribution }: Observation,
  { tokenSources }: Pick<PlannedCluster, 'tokenSources'>,
): Promise<readonly Problem[]> {
  const errors: RefusedError[] = [];
  const unfinished = facts.comparison.current.filter((machine) => {
    const desired = facts.comparison.desired.find(({ name }) => name === machine.name);
    return desired !== undefined && !machine.isClosed && !isUp(desired, facts, distribution);
  });
  for (const machine of unfinished) {
    const error = await refusalOf(() => hostTarget(tools, machine, context));
    if (error && machine.publicAddress !== undefined) errors.push(error);
  }
  const refused: RefusedError[] = [];
  for (const machine of tokenSources) {
    const error = await refusalOf(() => lookInside(tools, machine, context));
    if (!error) break;
    refused.push(error);
  }
  // One that is only silent may be back by then; an unknown one will not become the machine we know.
  if (refused.length === tokenSources.length) errors.push(...refused);
  const unique = new Map(errors.map((error) => [error.message, error]));
  return [...unique.values()].map(({ code, message, hint, details }) => ({
    code,
    message,
    hint: hint ?? '',
    details,
    kind: 'refused',
  }));

  async function refusalOf(work: () => Promise<unknown>): Promise<RefusedError | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      context.signal.throwIfAborted();
      return error instanceof RefusedError ? error : undefined;
    }
  }
}
