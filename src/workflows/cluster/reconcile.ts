import {
  bySlot,
  plural,
  type ClusterRef,
  type Machine,
  type OutdatedMachine,
  type UnfitMachine,
  type Secret,
  type DesiredMachine,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MachineProvider } from '../../provider/port.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { clusterKey, keyToRecord } from './ssh-key.js';
import { type Change, confirmed, type Stage } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { type Draft, draftCluster, type DraftInput } from './draft.js';
import { keepLook } from './last-look.js';
import { type MonthlyPrice, monthlyPrice } from './price.js';
import { reach } from '../../phases/reach.js';
import { unfinishedRecycle } from './recycle-intent.js';
import { refuseOtherCluster } from './same-cluster.js';
import { warnOfShortages } from './shortages.js';
import { execute, stepInfo } from '../run.js';
import type { Unchecked } from '../unchecked.js';

export interface ClusterInput {
  readonly spec: ClusterSpec;
  /** Absolute path of the file the spec came from. */
  readonly file?: string | undefined;
  /** Whether the file the existing record names is still there. */
  readonly recordedFileExists: boolean;
  /** Called before the first change, once nothing was refused or declined; answers with how to take back what it did. */
  readonly begin?: () => Promise<() => Promise<void>>;
}

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
    'name' | 'pool' | 'role' | 'type' | 'location' | 'publicAddress' | 'privateAddress'
  >[];
}

/** What would be done, without doing it. Of a cluster that is on record `cluster list` is told what was found. */
export async function planChanges(context: WorkflowContext, input: ClusterInput): Promise<ClusterPlan> {
  const { spec } = input;
  const { provider, folder, stored } = await findCluster(context, input);
  const key = stored && (await folder.storedIdentity());
  // A cluster that does not exist yet has no id: the names in its steps' ids are not those that its machines will have.
  const cluster: ClusterRef = stored ?? { name: spec.name, id: 'planned' };
  const found = { provider, folder, cluster, record: stored, spec, key: key?.publicKey };
  const { seen, steps, unchecked } = await draftCluster(context, { ...found, purpose: 'plan' });
  // Another file than the cluster's own is a question, and no answer about the cluster.
  if (stored && stored.file === input.file) await keepLook(context, folder, 'cluster plan', seen.facts, steps.length);
  for (const text of await unfinishedRecycle(spec.name, seen.facts.api, context)) note(context, text, 'warning');
  return {
    cluster: spec.name,
    provider: provider.name,
    kubernetesVersion: seen.facts.newcomerVersion,
    desiredVersion: spec.kubernetes.version,
    steps: steps.map(stepInfo),
    outdated: seen.facts.outdated,
    unfit: seen.facts.unfit,
    monthly: await monthlyPrice(provider, cluster, seen, context.signal),
    unchecked,
  };
}

/** Creates the cluster, finishes one that is partly there, or makes the changes its file asks for. */
export async function reconcile(
  context: WorkflowContext,
  input: ClusterInput,
  operation: string,
  retryCommand: string,
): Promise<ReconcileResult> {
  const folder = context.workspace.cluster(input.spec.name);
  const fresh = newRecord(context, input);
  // A cluster that was refused or declined before its first change leaves nothing behind.
  let keepsAnything = true;
  const change: Change<ChangeDraft> = {
    folder,
    operation,
    retryCommand,
    draft: async (looking, stage) => {
      if (stage === 'to run') keepsAnything = await folder.keepsAnything();
      return draftChange(looking, input, fresh, stage);
    },
    confirmation: (draft) => confirmationOf(context, draft),
    close: async () => {
      if (!keepsAnything) await folder.remove();
    },
  };
  return confirmed(context, change, async (draft, once, { admit }) => {
    await admit();
    const takeBack = await begin(input, draft);
    keepsAnything = true;
    if (draft.steps.length > 0) {
      const work = (): Promise<void> => execute(context, folder, operation, draft.steps, retryCommand, admit);
      await executeOrTakeBack(work, takeBack);
      // What was brought to the machines may be what fills them.
      warnOfShortages(once, await nodesNow(context, await folder.kubeconfig()));
    }
    const result = await resultOf(context, input, draft);
    await keepLook(context, folder, operation, result, 0);
    return result;
  });
}

/** A draft, and the cluster that it is of. */
export interface ChangeDraft extends Draft, FoundCluster {
  /** As it is to be, but for what the run adds to it. */
  readonly record: ClusterRecord;
  /** The cluster's public SSH key, which it has by the time that anything is run. */
  readonly key: string | undefined;
}

/**
 * @param fresh the record of a cluster that has none
 * @param more what is replaced and may be lost beside what the file asks for
 */
export async function draftChange(
  context: WorkflowContext,
  input: ClusterInput,
  fresh: ClusterRecord,
  stage: Stage,
  more: Pick<DraftInput, 'round' | 'lose'> = {},
): Promise<ChangeDraft> {
  const { spec } = input;
  const { provider, folder, stored } = await findCluster(context, input);
  const record = stored ?? fresh;
  const key =
    stage === 'to run' ? await clusterKey(folder, provider, stored, context.signal) : await folder.storedIdentity();
  const userData = async (machine: DesiredMachine): Promise<string> =>
    context.cloudInit({
      hostname: machine.name,
      sshPublicKey: key!.publicKey,
      hostKey: await folder.firstHostKey(machine.name),
    });
  const found = { provider, folder, cluster: record, record, spec, key: key?.publicKey, userData };
  const draft = await draftCluster(context, { ...found, ...more, purpose: 'change' });
  return { ...draft, provider, folder, stored, record, key: key?.publicKey };
}

/**
 * Stores what is asked for before anything is made, so that nothing is made that has no name here.
 * @returns how to take it back; undefined where there is nothing to go back to
 */
export async function begin(
  input: ClusterInput,
  { folder, stored, record, key, seen }: ChangeDraft,
): Promise<(() => Promise<void>) | undefined> {
  const { spec } = input;
  const sshPublicKey = keyToRecord(record, key!, seen.facts.machines);
  const runningVersion = seen.facts.newcomerVersion;
  const file = input.file ?? record.file;
  const takeBack = await input.begin?.();
  await folder.saveRecord({ ...record, spec, file, sshPublicKey, runningVersion });
  return stored && takeBack && (() => takeBack().then(() => folder.saveRecord(stored)));
}

async function resultOf(
  context: WorkflowContext,
  { spec }: ClusterInput,
  { provider, folder, record, seen, steps }: ChangeDraft,
): Promise<ReconcileResult> {
  const { facts } = seen;
  const isChanged = steps.length > 0;
  const machines = isChanged ? await provider.machines.list(record, { signal: context.signal }) : facts.machines;
  return {
    cluster: record.name,
    id: record.id,
    provider: provider.name,
    kubernetesVersion: facts.newcomerVersion,
    desiredVersion: spec.kubernetes.version,
    simulated: provider.traits.simulated,
    changed: steps.length,
    outdated: isChanged ? seen.outdatedAfter(machines) : facts.outdated,
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
}: Machine): ReconcileResult['machines'][number] => ({
  name,
  pool,
  role,
  type,
  location,
  publicAddress,
  privateAddress,
});

/** What steps refused before any change is as if it had not been asked for. */
export async function executeOrTakeBack(
  work: () => Promise<void>,
  takeBack: (() => Promise<void>) | undefined,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefusedError) await takeBack?.();
    throw error;
  }
}

/** The nodes after a run that is done; its end is not for a last look to spoil. */
async function nodesNow(context: WorkflowContext, kubeconfig: Secret | undefined): Promise<readonly NodeFacts[]> {
  if (kubeconfig === undefined) return [];
  try {
    return [...((await reach(context, kubeconfig))?.nodes.values() ?? [])];
  } catch {
    return [];
  }
}

interface FoundCluster {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  /** Undefined of a cluster that this workspace does not know. */
  readonly stored: ClusterRecord | undefined;
}

/** @throws RefusedError codes OTHER_CLUSTER, UNKNOWN_NAMESAKE */
async function findCluster(context: WorkflowContext, input: ClusterInput): Promise<FoundCluster> {
  const { spec, file, recordedFileExists } = input;
  const folder = context.workspace.cluster(spec.name);
  const provider = await context.provider(spec.provider);
  const stored = await folder.record();
  if (stored) await refuseOtherCluster(context, stored, spec, file, recordedFileExists);
  else await refuseUnknownNamesake(provider, input, context.signal);
  return { provider, folder, stored };
}

const newRecord = ({ random, clock }: WorkflowContext, { spec, file }: ClusterInput): ClusterRecord => ({
  name: spec.name,
  id: random.bytes(6).toString('hex'),
  spec,
  file,
  createdAt: new Date(clock.now()).toISOString(),
});

async function refuseUnknownNamesake(
  provider: MachineProvider,
  { spec: { name }, file }: ClusterInput,
  signal: AbortSignal,
): Promise<void> {
  const namesake = (await provider.clusters({ signal })).find((found) => found.name === name);
  if (!namesake) return;
  // A provider that is told of its machines knows none without the file.
  const where =
    file === undefined ? `--provider ${provider.name}` : `-f ${/\s/.test(file) ? JSON.stringify(file) : file}`;
  throw new RefusedError(
    `${provider.title} has a cluster called ${name} already (${namesake.machines} machines), which this workspace does not know.`,
    {
      code: 'UNKNOWN_NAMESAKE',
      hint: `Choose another name, take that cluster on here (slipway cluster adopt ${name} ${where}), or remove it: slipway cluster delete ${name} ${where}`,
    },
  );
}

async function confirmationOf(
  { signal }: WorkflowContext,
  { provider, record, steps, seen }: ChangeDraft,
): Promise<Confirmation | undefined> {
  const destroying = steps.filter((step) => step.destroys);
  const creating = seen.facts.comparison.missing.length;
  if (steps.length === 0 || destroying.length + creating === 0) return undefined;
  const cost = await monthlyPrice(provider, record, seen, signal);
  const details = [
    ...(creating > 0 ? [`create ${plural(creating, 'machine')} at ${provider.title}`] : []),
    ...destroying.map((step) => `${step.target}: ${step.text}`),
    ...(cost
      ? [
          `the cluster then costs about ${cost.amount.toFixed(2)} ${cost.currency} a month, net, where it costs ${cost.now.total.toFixed(2)} now`,
        ]
      : []),
  ];
  return {
    question: `Change ${record.name} in ${plural(steps.length, 'step')}?`,
    details,
    flags: '--yes',
    harmless: destroying.length === 0,
  };
}
