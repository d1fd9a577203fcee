import { plural } from '../domain/index.js';
import { RefusedError } from '../errors/index.js';
import type { ClusterApi } from '../phases/context.js';
import type { Confirmation } from '../reporting/index.js';
import type { ClusterFolder } from '../workspace/types.js';
import { refuseLackingIn } from './cluster/lacking.js';
import { refuseInQuarantine } from './cluster/quarantined.js';
import { type Operation, progress, type WorkflowContext } from './context.js';
import { compareDrafts, type DraftDifference, differenceLines, type ShownStep } from './draft-difference.js';
import { refuseBusy } from './operation.js';
import { locked } from './run.js';
import { tellingOnce } from './telling-once.js';

/** A draft to show changes nothing at all; one to run is made under the lock, and may make what its steps need. */
export type Stage = 'to show' | 'to run';

/** A change of a cluster that is looked at, asked about, and then made. */
export interface Change<Draft extends { readonly steps: readonly ShownStep[] }> {
  readonly folder: ClusterFolder;
  /** `cluster apply` */
  readonly operation: string;
  readonly retryCommand: string;
  /** What would be done. @throws everything for which it is refused */
  readonly draft: (context: WorkflowContext, stage: Stage) => Promise<Draft>;
  /** Undefined only where nothing is taken away. */
  readonly confirmation: (draft: Draft) => Promise<Confirmation | undefined>;
  /** The cluster's API as it was found, where the workspace's kubeconfig does not lead to it yet. */
  readonly api?: (shown: Draft) => ClusterApi | undefined;
  /** Called last while the lock is held, however it ended. */
  readonly close?: () => Promise<void>;
}

/**
 * Drafts without a lock, asks, takes the lock and the Lease, and drafts again: what was agreed to may have taken its time. Where that
 * second draft would do something else, it is asked about anew.
 * @param run does what the draft says, with a context that tells nothing twice
 * @throws BusyError code CLUSTER_BUSY; IncompleteError code LEASE_LOST; DeclinedError code DECLINED; RefusedError code CHANGED_MEANWHILE: it would take away
 * what was not shown, and nobody can be asked
 */
export async function confirmed<Draft extends { readonly steps: readonly ShownStep[] }, Result>(
  context: WorkflowContext,
  change: Change<Draft>,
  run: (draft: Draft, context: WorkflowContext, operation: Operation) => Promise<Result>,
): Promise<Result> {
  const { folder } = change;
  await refuseInQuarantine(folder, change.operation);
  await refuseLackingIn(context, folder, change.operation);
  const once = tellingOnce(context);
  const shown = await undisturbed(context, folder, () => change.draft(once, 'to show'));
  const api = change.api?.(shown);
  if (api) await refuseBusy(context, folder, api);
  const question = await change.confirmation(shown);
  if (question) await context.reporter.confirm(question);
  const work = async (operation: Operation): Promise<Result> => {
    try {
      if (shown.steps.length > 0) progress(once, 'looking again before the first change');
      const draft = await change.draft(once, 'to run');
      const difference = compareDrafts(shown.steps, draft.steps);
      if (difference) await askAgain(context, change, draft, difference);
      return await run(draft, once, operation);
    } finally {
      await change.close?.();
    }
  };
  return locked(context, folder, change.operation, work, api);
}

/** Looks while no other run is at work: what is found in the midst of one is that run's doing, and no fault. */
async function undisturbed<T>(context: WorkflowContext, folder: ClusterFolder, look: () => Promise<T>): Promise<T> {
  await refuseBusy(context, folder);
  try {
    return await look();
  } catch (error) {
    if (!context.signal.aborted) await refuseBusy(context, folder);
    throw error;
  }
}

async function askAgain<Draft extends { readonly steps: readonly ShownStep[] }>(
  { reporter }: WorkflowContext,
  { folder, confirmation, retryCommand }: Change<Draft>,
  draft: Draft,
  difference: DraftDifference,
): Promise<void> {
  const anew = await confirmation(draft);
  if (!anew) return;
  const { destroying } = difference;
  await reporter.confirm({
    ...anew,
    details: [...differenceLines(difference), ...anew.details],
    ...(destroying.length === 0 ? {} : { otherwise: changedMeanwhile(folder.name, destroying, retryCommand) }),
  });
}

function changedMeanwhile(
  cluster: string,
  destroying: DraftDifference['destroying'],
  retryCommand: string,
): RefusedError {
  const steps = plural(destroying.length, 'step');
  return new RefusedError(
    `${cluster} has changed since it was looked at: ${steps} would remove what was not shown. Nothing was changed.`,
    {
      code: 'CHANGED_MEANWHILE',
      details: destroying.map(({ target, text }) => `${target}: ${text}`),
      hint: `Look at it again, and decide: ${asking(retryCommand)}`,
    },
  );
}

/** The same command, which asks instead of being told the answer: without a terminal it shows what it would ask about. */
const asking = (command: string): string => command.replace(/ (?:--yes|--confirm[= ]\S+)(?= |$)/g, '');

/** One question for what is done one after the other. */
export const askedTogether = (
  first: Confirmation | undefined,
  second: Confirmation | undefined,
): Confirmation | undefined =>
  first === undefined || second === undefined
    ? (first ?? second)
    : {
        ...first,
        question: `${first.question} Then: ${second.question}`,
        details: [...first.details, ...second.details],
        flags: '--yes',
        harmless: first.harmless && second.harmless,
      };
