import type { ClusterSpec } from '../../../domain/spec/schema.js';
import { type RecycleIntent, selectForRecycle } from '../../../domain/index.js';
import { tell } from '../../notify/tell.js';
import { endIlls } from './end-ills.js';
import { UsageError } from '../../../errors/index.js';
import type { Confirmation } from '../../../reporting/index.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import type { Stage } from '../../confirmed.js';
import type { WorkflowContext } from '../../context.js';
import { costLines, destroyingLines, lossLines } from '../asked-lines.js';
import { draftChange } from '../change-draft.js';
import { type MonthlyPrice, monthlyPrice } from '../price.js';
import { type RecycleInput, refuseOtherRecycle, refuseUnknown, silent } from '../recycle/draft.js';
import { dropIntent, keepIntent, readIntent } from '../recycle/intent.js';
import type { RecycleResult } from '../recycle/result.js';
import { type PlannedDraft, runPlanned, shown } from './planned.js';

interface RecycleDraft extends PlannedDraft {
  readonly intent: RecycleIntent | undefined;
  readonly targets: readonly string[];
  readonly monthly: MonthlyPrice | undefined;
}

/** Whether the plan of a cluster's distribution replaces nodes itself. */
export const plansRollouts = async (
  { distribution }: Pick<WorkflowContext, 'distribution'>,
  { spec }: { readonly spec: Pick<ClusterSpec, 'kubernetes'> },
): Promise<boolean> => (await distribution(spec.kubernetes.distribution)).plansRollouts === true;

/** What would be replaced, without replacing it. */
export async function planManagedRecycling(
  context: WorkflowContext,
  input: RecycleInput,
  record: ClusterRecord,
): Promise<RecycleResult> {
  return resultOf(await draftRecycle(context, input, record, 'to show'), true);
}

/** Has the provider replace nodes, one after the other, each emptied by us first. Killed anywhere, the same command goes on. */
export async function recycleManaged(
  context: WorkflowContext,
  input: RecycleInput,
  record: ClusterRecord,
  how: { readonly operation: string; readonly retryCommand: string },
): Promise<RecycleResult> {
  const { signal } = context;
  const draft = await runPlanned<RecycleDraft>(context, input, {
    ...how,
    draft: (looking, stage) => draftRecycle(looking, input, record, stage),
    confirmation: (found) => Promise.resolve(confirmationOf(input, found)),
    before: async ({ intent, change }) => {
      if (intent) await keepIntent(change.seen.facts.api!.kube, intent, { signal });
    },
    after: async ({ intent, change }) => {
      if (intent) await dropIntent(change.seen.facts.api!.kube, { signal });
      // Whoever runs this from a timer is told of what only a person decides.
      const ills = endIlls(record.name, change.seen.expectedEnd);
      await tell(context, change.folder, record, { ills, looked: ['version'] });
    },
  });
  return resultOf(draft, false);
}

/** @throws UsageError codes BAD_USAGE, UNKNOWN_POOL, UNKNOWN_MACHINE; RefusedError code RECYCLE_UNFINISHED */
async function draftRecycle(
  context: WorkflowContext,
  input: RecycleInput,
  record: ClusterRecord,
  stage: Stage,
): Promise<RecycleDraft> {
  const { spec, scope, lose, restart } = input;
  if (spec.image !== undefined) {
    throw new UsageError(`${spec.name} has no image of yours: its provider installs the nodes.`, {
      code: 'BAD_USAGE',
      hint: 'Leave --image out.',
    });
  }
  const plain = await draftChange(context, input, record, stage, { lose });
  const { facts, behind = new Set() } = plain.seen;
  if (!facts.api) throw silent(spec.name);
  const begun = restart ? undefined : await readIntent(facts.api.kube, { signal: context.signal });
  refuseOtherRecycle(spec.name, begun, scope);
  if (begun === undefined) refuseUnknown(record, spec, scope, facts.machines);
  const candidates = facts.comparison.current.map((machine) => ({
    ...machine,
    version: facts.nodes?.get(machine.name)?.version,
    joinedAt: facts.nodes?.get(machine.name)?.createdAt,
    outdated: behind.has(machine.name),
    holdsAddress: false,
  }));
  const { targets, intent } = selectForRecycle(candidates, scope, begun);
  const names = targets.map(({ name }) => name);
  const round = { replacing: new Set(names), leavingFirst: new Set<string>() };
  const change = names.length === 0 ? plain : await draftChange(context, input, record, stage, { lose, round });
  const monthly = await monthlyPrice(change.provider, record, change.seen, context.signal);
  return { change, steps: change.steps, intent, targets: names, monthly };
}

function confirmationOf({ spec: { name }, lose }: RecycleInput, draft: RecycleDraft): Confirmation | undefined {
  const destroying = shown(draft).filter(({ destroys }) => destroys);
  if (destroying.length === 0) return undefined;
  return {
    question: `Replace nodes of ${name}, one after the other?`,
    details: [...destroyingLines(destroying), ...lossLines(lose), ...costLines(draft.monthly)],
    flags: '--yes',
  };
}

const resultOf = (draft: RecycleDraft, dryRun: boolean): RecycleResult => ({
  cluster: draft.change.record.name,
  provider: draft.change.provider.name,
  dryRun,
  steps: shown(draft),
  waves: draft.targets.length,
  replaced: [],
  monthly: draft.monthly,
});
