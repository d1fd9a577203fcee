import type { Confirmation, StepInfo } from '../../../reporting/index.js';
import type { Step } from '../../../engine/index.js';
import { type Change, confirmed, type Stage } from '../../confirmed.js';
import type { WorkflowContext } from '../../context.js';
import { execute, stepInfo } from '../../run.js';
import { begin, type ChangeDraft, type ClusterInput, executeOrTakeBack } from '../change-draft.js';
import { keepLook } from '../last-look.js';

/** A draft of which the distribution's own plan makes everything. */
export interface PlannedDraft {
  readonly change: ChangeDraft;
  readonly steps: readonly Step[];
}

export interface PlannedRun<Draft extends PlannedDraft> {
  readonly operation: string;
  readonly retryCommand: string;
  readonly draft: (context: WorkflowContext, stage: Stage) => Promise<Draft>;
  readonly confirmation: (draft: Draft) => Promise<Confirmation | undefined>;
  /** Once nothing was refused or declined. */
  readonly before?: ((draft: Draft) => Promise<void>) | undefined;
  /** Once all steps are done. */
  readonly after?: ((draft: Draft) => Promise<void>) | undefined;
}

/** Asks, and does what the plan says. */
export async function runPlanned<Draft extends PlannedDraft>(
  context: WorkflowContext,
  input: ClusterInput,
  { operation, retryCommand, draft, confirmation, before, after }: PlannedRun<Draft>,
): Promise<Draft> {
  const folder = context.workspace.cluster(input.spec.name);
  const change: Change<Draft> = { folder, operation, retryCommand, draft, confirmation };
  return confirmed(context, change, async (found, _once, { admit }) => {
    await admit();
    const { steps } = found;
    const takeBack = await begin(input, found.change);
    await before?.(found);
    if (steps.length > 0)
      await executeOrTakeBack(() => execute(context, folder, operation, steps, retryCommand, admit), takeBack);
    await after?.(found);
    await keepLook(context, folder, operation, found.change.seen.facts, 0);
    return found;
  });
}

export const shown = ({ steps }: PlannedDraft): readonly StepInfo[] => steps.map(stepInfo);
