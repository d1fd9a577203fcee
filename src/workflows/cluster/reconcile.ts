import {
  bySlot,
  plural,
  type ClusterRef,
  type Machine,
  type OutdatedMachine,
  type UnfitMachine,
  type Secret,
} from '../../domain/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { askedTogether, type Change, confirmed } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { costLines, destroyingLines, lossLines } from './asked-lines.js';
import {
  begin,
  type ChangeDraft,
  type ClusterInput,
  draftChange,
  executeOrTakeBack,
  findCluster,
} from './change-draft.js';
import { draftCluster } from './draft.js';
import { keepLook } from './last-look.js';
import { type MonthlyPrice, monthlyPrice } from './price.js';
import { reach } from '../../phases/reach.js';
import type { RecycleDraft } from './recycle/draft.js';
import { unfinishedRecycle } from './recycle/intent.js';
import { Rounds } from './recycle/rounds.js';
import {
  carefully,
  draftOutdatedReplaced,
  leftOutdated,
  type ReplacementDraft,
  type ReplaceOptions,
} from './replacements.js';
import { heldRemarks } from './upgrade/quarantine.js';
import { warnOfShortages } from './shortages.js';
import { execute, executing, stepInfo } from '../run.js';
import type { Unchecked } from '../unchecked.js';

export interface ClusterPlan {
  readonly cluster: string;
  readonly provider: string;
  /** What the servers run, the lowest where they differ; of a cluster that is to be made what they will run. */
  readonly kubernetesVersion: string;
  /** What the file asks for. */
  readonly desiredVersion: string;
  readonly steps: readonly StepInfo[];
  /** Machines that stay and are not as the file asks for; no step changes that. */
  readonly outdated: readonly OutdatedMachine[];
  /** Machines that cannot be started beside the servers as they are; no step does. */
  readonly unfit: readonly UnfitMachine[];
  /** Undefined where machines have no price. */
  readonly monthly: MonthlyPrice | undefined;
  /** What could not be looked at with this token and without some secrets. */
  readonly unchecked: readonly Unchecked[];
}

export interface ReconcileResult {
  readonly cluster: string;
  readonly id: string;
  readonly provider: string;
  /** What the servers run, the lowest where they differ. */
  readonly kubernetesVersion: string;
  /** What the file asks for. */
  readonly desiredVersion: string;
  /** What only looks as if it ran there; empty on real machines. */
  readonly simulated: readonly string[];
  /** How many steps were done. */
  readonly changed: number;
  /** Machines that are not as the file asks for, and were left so. */
  readonly outdated: readonly OutdatedMachine[];
  /** Machines that could not be started beside the servers as they are, and were not. */
  readonly unfit: readonly UnfitMachine[];
  /** Its file; undefined where the workspace is no folder. */
  readonly kubeconfig: string | undefined;
  readonly machines: readonly Pick<
    Machine,
    'name' | 'pool' | 'role' | 'type' | 'location' | 'publicAddress' | 'privateAddress' | 'standby'
  >[];
}

/** A cluster, what its file asks for, and whether machines are replaced that are others than it asks for. */
export interface ReconcileInput extends ClusterInput {
  /** Undefined: they are left. */
  readonly replace?: ReplaceOptions | undefined;
  /** What comes after it and is asked about with it; undefined: nothing does. */
  readonly asksMore?: (
    context: WorkflowContext,
    found: Pick<ClusterPlan, 'outdated' | 'unfit'>,
  ) => Promise<Confirmation | undefined>;
}

/** What would be done, without doing it. Of a cluster that is on record `cluster list` is told what was found. */
export async function planChanges(
  context: WorkflowContext,
  input: ClusterInput,
  replace: ReplaceOptions = carefully,
): Promise<ClusterPlan> {
  const { spec } = input;
  const { provider, folder, stored } = await findCluster(context, input);
  const key = stored && (await folder.storedIdentity());
  // A cluster that does not exist yet has no id: the names in its steps' ids are not those that its machines will have.
  const cluster: ClusterRef = stored ?? { name: spec.name, id: 'planned' };
  const found = { provider, folder, cluster, record: stored, spec, key: key?.publicKey };
  const { seen, unchecked, ...draft } = await draftCluster(context, { ...found, purpose: 'plan', lose: replace.lose });
  const subject = { provider, folder, record: cluster, key: key?.publicKey };
  const replacing = await draftOutdatedReplaced(context, { spec, ...replace }, subject, seen, 'plan');
  const steps = [...draft.steps.map(stepInfo), ...(replacing?.steps ?? [])];
  const outdated = leftOutdated(seen.facts, replacing);
  // Another file than the cluster's own is a question, and no answer about the cluster.
  if (stored && stored.file === input.file) {
    const { unfit } = seen.facts;
    await keepLook(context, folder, 'cluster plan', { outdated, unfit }, steps.length);
  }
  const remarks = [
    ...heldRemarks(spec.name, seen.facts),
    ...(await unfinishedRecycle(spec.name, seen.facts.api, context)),
  ];
  for (const text of remarks) note(context, text, 'warning');
  return {
    cluster: spec.name,
    provider: provider.name,
    kubernetesVersion: seen.facts.newcomerVersion,
    desiredVersion: spec.kubernetes.version,
    steps,
    outdated,
    unfit: seen.facts.unfit,
    monthly: replacing ? replacing.monthly : await monthlyPrice(provider, cluster, seen, context.signal),
    unchecked,
  };
}

interface ReconcileDraft {
  readonly change: ChangeDraft;
  readonly replacing: ReplacementDraft | undefined;
  /** What the file asks for beside comes first; then one step for each machine that is replaced. */
  readonly steps: readonly StepInfo[];
}

/** Creates the cluster, finishes one that is partly there, or makes the changes its file asks for. */
export async function reconcile(
  context: WorkflowContext,
  input: ReconcileInput,
  operation: string,
  retryCommand: string,
): Promise<ReconcileResult> {
  const folder = context.workspace.cluster(input.spec.name);
  const fresh = newRecord(context, input);
  // A cluster that was refused or declined before its first change leaves nothing behind.
  let keepsAnything = true;
  const change: Change<ReconcileDraft> = {
    folder,
    operation,
    retryCommand,
    draft: async (looking, stage) => {
      if (stage === 'to run') keepsAnything = await folder.keepsAnything();
      const drafted = await draftChange(looking, input, fresh, stage, { lose: input.replace?.lose });
      return withReplacements(looking, input, drafted);
    },
    confirmation: async (draft) =>
      askedTogether(
        await confirmationOf(context, input, draft),
        await input.asksMore?.(context, draft.change.seen.facts),
      ),
    close: async () => {
      if (!keepsAnything) await folder.remove();
    },
  };
  return confirmed(context, change, async (draft, once, { admit }) => {
    await admit();
    const takeBack = await begin(input, draft.change);
    keepsAnything = true;
    const rounds = replacementRounds(once, input, draft);
    if (draft.steps.length > 0) {
      const work = (): Promise<void> =>
        rounds
          ? executing(context, folder, operation, retryCommand, (run) => rounds.run(run), admit)
          : execute(context, folder, operation, draft.change.steps, retryCommand, admit);
      await executeOrTakeBack(work, takeBack);
    }
    const machines = await machinesNow(context, draft);
    // What was brought to the machines may be what fills them.
    if (draft.steps.length > 0)
      warnOfShortages(once, { nodes: await nodesNow(context, await folder.kubeconfig()), machines });
    const result = resultOf(input, draft, machines, rounds);
    const after = draft.steps.length > 0 ? await folder.record() : undefined;
    if (after && after.runningVersion !== result.kubernetesVersion)
      await folder.saveRecord({ ...after, runningVersion: result.kubernetesVersion });
    await keepLook(context, folder, operation, result, 0);
    return result;
  });
}

async function withReplacements(
  context: WorkflowContext,
  { spec, replace }: ReconcileInput,
  change: ChangeDraft,
): Promise<ReconcileDraft> {
  const replacing =
    replace && (await draftOutdatedReplaced(context, { spec, ...replace }, change, change.seen, 'change'));
  return { change, replacing, steps: [...change.steps.map(stepInfo), ...(replacing?.steps ?? [])] };
}

/** What replaces machines; undefined where none is. */
function replacementRounds(
  context: WorkflowContext,
  input: ReconcileInput,
  { change, replacing }: ReconcileDraft,
): Rounds | undefined {
  const { api } = change.seen.facts;
  if (!replacing || !api) return undefined;
  const { nodes, ...draft } = replacing;
  const recycle: RecycleDraft = { ...draft, change, api, intent: undefined, isBegun: false };
  const how = { ...carefully, ...input.replace, restart: false, scope: { kind: 'nodes', nodes } as const };
  return new Rounds(context, { ...input, ...how }, change.record, recycle);
}

async function machinesNow(
  { signal }: WorkflowContext,
  { change: { provider, record, seen }, steps }: ReconcileDraft,
): Promise<readonly Machine[]> {
  if (steps.length === 0) return seen.facts.machines;
  return seen.machinesNow?.({ signal }) ?? provider.machines.list(record, { signal });
}

function resultOf(
  { spec }: ClusterInput,
  { change: { provider, folder, record, seen }, steps }: ReconcileDraft,
  machines: readonly Machine[],
  rounds: Rounds | undefined,
): ReconcileResult {
  const { facts } = seen;
  const isChanged = steps.length > 0;
  const outdated = (): readonly OutdatedMachine[] => (isChanged ? seen.outdatedAfter(machines) : facts.outdated);
  return {
    cluster: record.name,
    id: record.id,
    provider: provider.name,
    kubernetesVersion: isChanged && seen.distribution.plansRollouts ? spec.kubernetes.version : facts.newcomerVersion,
    desiredVersion: spec.kubernetes.version,
    simulated: provider.traits.simulated,
    changed: steps.length,
    outdated: rounds ? rounds.facts.outdated : outdated(),
    unfit: facts.unfit,
    kubeconfig: folder.kubeconfigPath,
    machines: [...machines].sort(bySlot).map(shown),
  };
}

const shown = ({
  name,
  pool,
  role,
  type,
  location,
  publicAddress,
  privateAddress,
  standby,
}: Machine): ReconcileResult['machines'][number] => ({
  name,
  pool,
  role,
  type,
  location,
  publicAddress,
  privateAddress,
  standby,
});

/** The nodes after a run that is done; its end is not for a last look to spoil. */
async function nodesNow(context: WorkflowContext, kubeconfig: Secret | undefined): Promise<readonly NodeFacts[]> {
  if (kubeconfig === undefined) return [];
  try {
    return [...((await reach(context, kubeconfig))?.nodes.values() ?? [])];
  } catch {
    return [];
  }
}

const newRecord = ({ random, clock }: WorkflowContext, { spec, file }: ClusterInput): ClusterRecord => ({
  name: spec.name,
  id: random.bytes(6).toString('hex'),
  spec,
  file,
  createdAt: new Date(clock.now()).toISOString(),
});

/** One question for both, the second after the first. */
async function confirmationOf(
  { signal }: WorkflowContext,
  { replace }: ReconcileInput,
  { change: { provider, record, seen }, replacing, steps }: ReconcileDraft,
): Promise<Confirmation | undefined> {
  const destroying = steps.filter((step) => step.destroys);
  const { missing, standbys } = seen.facts.comparison;
  const creating = missing.filter(({ promotes }) => !promotes).length + standbys.missing.length;
  if (steps.length === 0 || destroying.length + creating === 0) return undefined;
  const cost = replacing ? replacing.monthly : await monthlyPrice(provider, record, seen, signal);
  const details = [
    ...(creating > 0 ? [`create ${plural(creating, 'machine')} at ${provider.title}`] : []),
    ...destroyingLines(destroying),
    ...lossLines(replace?.lose),
    ...costLines(cost),
  ];
  return {
    question: `Change ${record.name} in ${plural(steps.length, 'step')}?`,
    details,
    flags: '--yes',
    harmless: destroying.length === 0,
  };
}
