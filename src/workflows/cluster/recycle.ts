import { bySlot, type Machine, slotLabel } from '../../domain/index.js';
import type { Confirmation } from '../../reporting/index.js';
import { type Change, confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { executing } from '../run.js';
import { costLines, destroyingLines, lossLines } from './asked-lines.js';
import { begin, executeOrTakeBack } from './change-draft.js';
import { knownCluster } from './known-cluster.js';
import { keepLook } from './last-look.js';
import { planManagedRecycling, plansRollouts, recycleManaged } from './managed/recycle.js';
import { draftRecycle, type RecycleDraft, type RecycleInput } from './recycle/draft.js';
import type { RecycleResult, Replacement } from './recycle/result.js';
import { Rounds } from './recycle/rounds.js';
import { wavesText } from './recycle/shown.js';

export type { RecycleResult } from './recycle/result.js';

/** What would be replaced, without replacing it. */
export async function planRecycling(context: WorkflowContext, input: RecycleInput): Promise<RecycleResult> {
  const { record } = await knownCluster(context.workspace, input.spec.name);
  if (await plansRollouts(context, record)) return planManagedRecycling(context, input, record);
  return resultOf(await draftRecycle(context, input, record, 'to show'), true, []);
}

/**
 * Replaces nodes by fresh machines, wave by wave. Each round is drafted by what is found then, so that addresses, the
 * balancer, the kubeconfig and etcd's members follow; killed anywhere, the same command goes on.
 */
export async function recycleCluster(
  context: WorkflowContext,
  input: RecycleInput,
  operation: string,
  retryCommand: string,
): Promise<RecycleResult> {
  const { folder, record } = await knownCluster(context.workspace, input.spec.name);
  if (await plansRollouts(context, record)) return recycleManaged(context, input, record, { operation, retryCommand });
  const change: Change<RecycleDraft> = {
    folder,
    operation,
    retryCommand,
    draft: (looking, stage) => draftRecycle(looking, input, record, stage),
    confirmation: async (draft) => confirmationOf(input, draft),
  };
  return confirmed(context, change, async (draft, once, { admit }) => {
    await admit();
    const before = draft.change.seen.facts.machines;
    const rounds = new Rounds(once, input, record, draft);
    if (draft.steps.length > 0 || draft.intent) {
      const takeBack = await begin(input, draft.change);
      await executeOrTakeBack(
        () => executing(context, folder, operation, retryCommand, (run) => rounds.run(run), admit),
        takeBack,
      );
    }
    await keepLook(context, folder, operation, rounds.facts, 0);
    const { provider } = draft.change;
    const after = await provider.machines.list(record, { signal: context.signal });
    return resultOf(draft, false, replacedBetween(before, after));
  });
}

function confirmationOf(
  { spec: { name }, lose }: RecycleInput,
  { steps, change, waves, monthly }: RecycleDraft,
): Confirmation | undefined {
  const destroying = steps.filter((step) => step.destroys);
  if (destroying.length + change.seen.facts.comparison.missing.length === 0) return undefined;
  return {
    question: `Replace ${wavesText({ waves })} of ${name}?`,
    details: [...destroyingLines(destroying), ...lossLines(lose), ...costLines(monthly)],
    flags: '--yes',
  };
}

/** Which machine is where another one was. */
const replacedBetween = (before: readonly Machine[], after: readonly Machine[]): readonly Replacement[] =>
  [...after].sort(bySlot).flatMap((machine): Replacement[] => {
    const { name: to, type, location, createdAt } = machine;
    const slot = slotLabel(machine);
    const former = before.find((one) => slotLabel(one) === slot && one.createdAt !== createdAt);
    const stayed = before.some((one) => slotLabel(one) === slot && one.createdAt === createdAt);
    return former && !stayed ? [{ slot, from: former.name, to, type, location }] : [];
  });

const resultOf = (
  { change, steps, waves, monthly }: RecycleDraft,
  dryRun: boolean,
  replaced: readonly Replacement[],
): RecycleResult => ({
  cluster: change.record.name,
  provider: change.provider.name,
  dryRun,
  steps,
  waves: waves.length,
  replaced,
  monthly,
});
