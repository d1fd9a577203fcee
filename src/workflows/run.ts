import { errorOf, journaled, limits, runSteps, type Step } from '../engine/index.js';
import type { StepInfo } from '../reporting/index.js';
import type { ClusterFolder } from '../workspace/types.js';
import type { ClusterApi } from '../phases/context.js';
import { refuseLackingIn } from './cluster/lacking.js';
import { refuseInQuarantine } from './cluster/quarantined.js';
import type { Operation, WorkflowContext } from './context.js';
import { type BegunOperation, beginOperation } from './operation.js';

/**
 * Has a cluster for itself until it is ended: for several pieces of work, between which nobody else is to come.
 * @throws BusyError code CLUSTER_BUSY
 */
export async function held(
  context: WorkflowContext,
  folder: ClusterFolder,
  operation: string,
): Promise<Pick<BegunOperation, keyof Operation | 'end'>> {
  await refuseInQuarantine(folder, operation);
  await refuseLackingIn(context, folder, operation);
  const run = await beginOperation(context, folder, operation);
  try {
    await run.hold(undefined);
    return run;
  } catch (error) {
    await run.end();
    throw error;
  }
}

/**
 * Works on a cluster while nobody else does, from this workspace or another, within what the caller holds already if it does. The one
 * place where it is made sure.
 * @param api the cluster's, where the workspace's kubeconfig does not lead to it yet
 * @throws BusyError code CLUSTER_BUSY
 */
export async function locked<T>(
  context: WorkflowContext,
  folder: ClusterFolder,
  operation: string,
  work: (run: Operation) => Promise<T>,
  api?: ClusterApi,
): Promise<T> {
  await refuseInQuarantine(folder, operation);
  await refuseLackingIn(context, folder, operation);
  if (context.held?.cluster === folder.name) return work(context.held.operation);
  const run = await beginOperation(context, folder, operation);
  try {
    await run.hold(api);
    return await work(run);
  } finally {
    await run.end();
  }
}

/** What runs steps within one operation. @throws what `errorOf` makes of failures and interruptions */
export type RunSteps = (steps: readonly Step[]) => Promise<void>;

/**
 * Runs steps with journal and report.
 * @param admit asked before each step: what it throws stops the run
 * @throws what `errorOf` makes of failures and interruptions.
 */
export async function execute(
  context: WorkflowContext,
  folder: Pick<ClusterFolder, 'name' | 'journal'>,
  operation: string,
  steps: readonly Step[],
  retryCommand: string,
  admit?: () => Promise<void>,
): Promise<void> {
  await executing(context, folder, operation, retryCommand, (run) => run(steps), admit);
}

/**
 * An operation in several runs, with one journal: what the next one does is found out from what the one before left.
 * @param admit asked before each step: what it throws stops the run
 */
export async function executing<T>(
  context: WorkflowContext,
  folder: Pick<ClusterFolder, 'name' | 'journal'>,
  operation: string,
  retryCommand: string,
  work: (run: RunSteps) => Promise<T>,
  admit?: () => Promise<void>,
): Promise<T> {
  const { clock, signal } = context;
  const journal = await folder.journal(operation);
  const reporter = journaled(context.reporter, journal);
  try {
    return await work(async (steps) => {
      const started = clock.monotonic();
      reporter.emit({
        type: 'operation-started',
        at: clock.now(),
        operation,
        cluster: folder.name,
        steps: steps.map(stepInfo),
      });
      const result = await runSteps(steps, { reporter, clock, signal, limits, admit });
      const error = errorOf(result, retryCommand);
      reporter.emit({
        type: 'operation-finished',
        at: clock.now(),
        ms: clock.monotonic() - started,
        outcome: result.interrupted ? 'interrupted' : error ? 'failed' : 'done',
      });
      if (error) throw error;
    });
  } finally {
    await journal.close();
  }
}

export function stepInfo({ id, phase, target, text, needs, destroys, changes, adds, details }: Step): StepInfo {
  return {
    id,
    phase,
    target,
    text,
    needs: needs.map((needed) => needed.id),
    ...(destroys ? { destroys } : {}),
    ...(changes ? { changes } : {}),
    ...(adds ? { adds } : {}),
    ...(details ? { details } : {}),
  };
}
