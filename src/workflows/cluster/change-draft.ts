import type { DesiredMachine } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import type { Stage } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { refuseOutside } from '../kept-where.js';
import { type Draft, draftCluster, type DraftInput } from './draft.js';
import { refuseQuarantined } from './quarantined.js';
import { refuseOtherCluster } from './same-cluster.js';
import { refuseHalfRotated } from './rotate/unfinished.js';
import { clusterKey, keyToRecord } from './ssh-key.js';

export interface ClusterInput {
  readonly spec: ClusterSpec;
  /** Absolute path of the file the spec came from. */
  readonly file?: string | undefined;
  /** Whether the file the existing record names is still there. */
  readonly recordedFileExists: boolean;
  /** Called before the first change, once nothing was refused or declined; answers with how to take back what it did. */
  readonly begin?: () => Promise<() => Promise<void>>;
}

export interface FoundCluster {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  /** Undefined of a cluster that this workspace does not know. */
  readonly stored: ClusterRecord | undefined;
}

/**
 * Servers that were made for a restore have no data yet: started as any other, they would be an empty cluster.
 * @throws RefusedError code RESTORE_UNFINISHED
 */
function refuseUnrestored(stored: ClusterRecord | undefined): void {
  if (!stored?.restore || stored.restore.restored) return;
  throw new RefusedError(`${stored.name} is being restored from ${stored.restore.backup}, which was not finished.`, {
    code: 'RESTORE_UNFINISHED',
    hint: `Finish that first: slipway cluster restore ${stored.name}`,
  });
}

/** @throws RefusedError codes OTHER_CLUSTER, UNKNOWN_NAMESAKE */
export async function findCluster(context: WorkflowContext, input: ClusterInput): Promise<FoundCluster> {
  const { spec, file, recordedFileExists } = input;
  const folder = context.workspace.cluster(spec.name);
  const provider = await context.provider(spec.provider);
  const stored = await folder.record();
  refuseUnrestored(stored);
  refuseQuarantined(stored);
  if (stored) await refuseHalfRotated(folder);
  const { residency } = spec.provider;
  if (residency) {
    const { workspace } = context;
    const place = { where: workspace.path, country: await workspace.country() };
    refuseOutside(spec, place, `Move the workspace to a bucket in ${residency.join(' or ')}: slipway workspace move`);
  }
  if (stored) await refuseOtherCluster(context, stored, spec, file, recordedFileExists);
  else await refuseUnknownNamesake(provider, input, context.signal);
  return { provider, folder, stored };
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

export async function refuseUnknownNamesake(
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
