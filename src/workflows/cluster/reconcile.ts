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
import type { Step } from '../../engine/index.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MachineProvider } from '../../provider/port.js';
import type { StepInfo } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { clusterKey, keyToRecord } from './ssh-key.js';
import type { WorkflowContext } from '../context.js';
import { draftCluster } from './draft.js';
import type { Observation } from './observe.js';
import { outdatedAfter } from './outdated.js';
import { type MonthlyPrice, monthlyPrice } from './price.js';
import { reach } from '../../phases/reach.js';
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
  readonly kubeconfig: string;
  readonly machines: readonly Pick<
    Machine,
    'name' | 'pool' | 'role' | 'type' | 'location' | 'publicAddress' | 'privateAddress'
  >[];
}

/** What would be done, without doing or storing anything. */
export async function planChanges(context: WorkflowContext, input: ClusterInput): Promise<ClusterPlan> {
  const { spec } = input;
  const folder = context.workspace.cluster(spec.name);
  const provider = await context.provider(spec.provider);
  const record = await folder.record();
  if (record) refuseOtherCluster(record, spec, input.file, input.recordedFileExists);
  else await refuseUnknownNamesake(provider, input, context.signal);
  const key = record && (await folder.storedIdentity());
  // A cluster that does not exist yet has no id; the plan calls its machines by their slots, which need none.
  const cluster: ClusterRef = record ?? { name: spec.name, id: 'planned' };
  const userData = (): Promise<string> => Promise.reject(new Error('a plan creates nothing'));
  const found = { provider, folder, cluster, record, spec, key: key?.publicKey, userData };
  const { seen, steps, unchecked } = await draftCluster(context, { ...found, purpose: 'plan' });
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
  const { spec } = input;
  const folder = context.workspace.cluster(spec.name);
  const lock = await folder.lock(operation);
  const stored = await folder.record();
  let begun = stored !== undefined || (await folder.keepsAnything());
  try {
    const provider = await context.provider(spec.provider);
    const record = stored ?? (await newRecord(context, provider, input));
    if (stored) refuseOtherCluster(stored, spec, input.file, input.recordedFileExists);
    const identity = await clusterKey(folder, provider, stored, context.signal);
    const userData = async (machine: DesiredMachine): Promise<string> =>
      context.cloudInit({
        hostname: machine.name,
        sshPublicKey: identity.publicKey,
        hostKey: await folder.firstHostKey(machine.name),
      });
    const found = { provider, folder, cluster: record, record, spec, key: identity.publicKey, userData };
    const { seen, steps, told } = await draftCluster(context, { ...found, purpose: 'change' });
    if (steps.length > 0) await confirmSteps(context, provider, record, steps, seen);
    // Stored before anything is made, so that nothing is made that has no name here.
    const sshPublicKey = keyToRecord(record, identity.publicKey, seen.facts.machines);
    const runningVersion = seen.facts.newcomerVersion;
    const file = input.file ?? record.file;
    const takeBack = await input.begin?.();
    await folder.saveRecord({ ...record, spec, file, sshPublicKey, runningVersion });
    begun = true;
    if (steps.length > 0) {
      const takeBackAll = stored && takeBack && (() => takeBack().then(() => folder.saveRecord(stored)));
      await executeOrTakeBack(() => execute(context, folder, operation, steps, retryCommand), takeBackAll);
      // What was brought to the machines may be what fills them.
      warnOfShortages(context, await nodesNow(context, await folder.kubeconfig()), told);
    }
    const machines =
      steps.length > 0 ? await provider.machines.list(record, { signal: context.signal }) : seen.facts.machines;
    return {
      cluster: record.name,
      id: record.id,
      provider: provider.name,
      kubernetesVersion: runningVersion,
      desiredVersion: spec.kubernetes.version,
      simulated: provider.traits.simulated,
      changed: steps.length,
      outdated:
        steps.length > 0
          ? outdatedAfter(provider, spec, seen.facts, machines, await context.userDataTemplate())
          : seen.facts.outdated,
      unfit: seen.facts.unfit,
      kubeconfig: folder.kubeconfigPath,
      machines: [...machines].sort(bySlot).map(shown),
    };
  } finally {
    // A cluster that was refused or declined before its first change leaves nothing behind.
    if (!begun) await folder.remove();
    await lock.release();
  }
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
async function executeOrTakeBack(
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

async function newRecord(
  context: WorkflowContext,
  provider: MachineProvider,
  input: ClusterInput,
): Promise<ClusterRecord> {
  await refuseUnknownNamesake(provider, input, context.signal);
  const { spec, file } = input;
  return {
    name: spec.name,
    id: context.random.bytes(6).toString('hex'),
    spec,
    file,
    createdAt: new Date(context.clock.now()).toISOString(),
  };
}

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

async function confirmSteps(
  context: WorkflowContext,
  provider: MachineProvider,
  cluster: ClusterRef,
  steps: readonly Step[],
  seen: Observation,
): Promise<void> {
  const destroying = steps.filter((step) => step.destroys);
  const creating = seen.facts.comparison.missing.length;
  if (destroying.length === 0 && creating === 0) return;
  const cost = await monthlyPrice(provider, cluster, seen, context.signal);
  const details = [
    ...(creating > 0 ? [`create ${plural(creating, 'machine')} at ${provider.title}`] : []),
    ...destroying.map((step) => `${step.target}: ${step.text}`),
    ...(cost
      ? [
          `the cluster then costs about ${cost.amount.toFixed(2)} ${cost.currency} a month, net, where it costs ${cost.now.total.toFixed(2)} now`,
        ]
      : []),
  ];
  await context.reporter.confirm({
    question: `Change ${cluster.name} in ${plural(steps.length, 'step')}?`,
    details,
    flags: '--yes',
    harmless: destroying.length === 0,
  });
}
