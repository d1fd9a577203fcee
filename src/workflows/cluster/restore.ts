import {
  ageText,
  type DesiredMachine,
  plural,
  type Uncovered,
  uncoveredOf,
  uncoveredText,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, SlipwayError } from '../../errors/index.js';
import type { RestoreSource } from '../../phases/context.js';
import { reach } from '../../phases/reach.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { LoadedBackup } from '../../workspace/backups/types.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { createBackup } from '../backup/create.js';
import { type FetchedBackup, refuseNewer, withBackup } from '../backup/fetch.js';
import { onceUp } from '../backup/once-up.js';
import { backupsOf } from '../backup/sets.js';
import { type Change, confirmed } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { type Draft, draftCluster } from './draft.js';
import { refuseLacking } from './lacking.js';
import { refuseQuarantined } from './quarantined.js';
import { rotateToken } from './rotate-token.js';
import { clusterKey, keyToRecord } from './ssh-key.js';

export interface RestoreInput {
  readonly cluster: string;
  /** As its file says now; undefined: as it was applied last. */
  readonly spec: ClusterSpec | undefined;
  /** Where that file is, from now on; undefined: where it was. */
  readonly file?: string | undefined;
  /** Where the backups are, if not where the file says. */
  readonly at: string | undefined;
  /** Which backup; undefined: the newest, or the one of a restore that is not through. */
  readonly id: string | undefined;
  readonly dryRun: boolean;
  /** Whether its tokens stay those of the backup; else they are rotated once it is restored. */
  readonly keepToken: boolean;
}

export interface RestoreResult {
  readonly cluster: string;
  readonly backup: string;
  readonly where: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** How old the data was when the restore began, in milliseconds. */
  readonly dataAgeMs: number;
  /** From the first step to the last one, in milliseconds. */
  readonly tookMs: number;
  readonly steps: readonly StepInfo[];
  /** Claims of volumes, as the backup has them. */
  readonly claims: readonly string[];
  /** Claims whose files were copied with the backup: `backup restore-volumes` brings them back. */
  readonly volumes: readonly string[];
  /** Streams of which the backup has copies: `backup restore-streams` brings them back. */
  readonly streams: readonly string[];
  /** What of the cluster the backup does not have, by its name, and why. */
  readonly uncovered: readonly Uncovered[];
  /** Whether nothing joins any more with the tokens that are in the backup. */
  readonly tokensRotated: boolean;
  /** Id of the backup that was made of the restored cluster; undefined where that failed. */
  readonly newBackup: string | undefined;
  /** Its file; undefined where the workspace is no folder. */
  readonly kubeconfig: string | undefined;
  readonly simulated: readonly string[];
}

interface Found extends FetchedBackup {
  readonly folder: ClusterFolder;
}

/**
 * Makes a cluster anew with the data of a backup: on its machines, on new ones, or on both. The snapshot is fetched and
 * checked here before anything is changed. A run that was stopped goes on when it is run again.
 * @throws RefusedError codes BACKUP_BAD, BACKUP_OF_ANOTHER, BACKUP_TOO_NEW, CLUSTER_ALIVE, SERVERS_SILENT, QUARANTINED
 */
export async function restoreCluster(
  context: WorkflowContext,
  input: RestoreInput,
  retryCommand: string,
): Promise<RestoreResult> {
  const folder = context.workspace.cluster(input.cluster);
  const record = await folder.record();
  refuseQuarantined(record);
  if (record) await refuseLacking(context, record, 'cluster restore');
  const id = input.id ?? record?.restore?.backup;
  return withBackup(context, { ...input, id, record }, (fetched) =>
    restore(context, input, { ...fetched, folder }, retryCommand),
  );
}

/**
 * The cluster’s folder with what a workspace lacks that does not know the cluster, or has lost parts of it: before anything was
 * agreed to it is only shown as if it had that.
 */
async function filled(
  context: WorkflowContext,
  { folder, loaded }: Found,
  stage: 'to show' | 'to run',
): Promise<ClusterFolder> {
  if ((await folder.record()) && (await folder.storedIdentity())) return folder;
  const { files } = loaded.contents;
  if (stage === 'to show') return folder.asFilled(files);
  const missing = await folder.fill(files);
  if (missing.length > 0)
    note(context, `The workspace has got ${plural(missing.length, 'file')} of ${folder.name} from the backup.`);
  return folder;
}

interface RestoreDraft extends Draft {
  readonly record: ClusterRecord;
  readonly key: string | undefined;
}

async function restore(
  context: WorkflowContext,
  input: RestoreInput,
  found: Found,
  retryCommand: string,
): Promise<RestoreResult> {
  const { folder, sets, loaded, spec } = found;
  const { manifest } = loaded;
  const operation = 'cluster restore';
  const begunAt = new Date(context.clock.now()).toISOString();
  const ownId = `${manifest.id}-${context.random.bytes(3).toString('hex')}`;
  const begin = (record: ClusterRecord): NonNullable<ClusterRecord['restore']> =>
    record.restore?.backup === manifest.id
      ? record.restore
      : { backup: manifest.id, id: ownId, begunAt, restored: false };
  const draft = (looking: WorkflowContext, stage: 'to show' | 'to run'): Promise<RestoreDraft> =>
    draftRestore(looking, found, begin, stage);
  const dataAge = (record: ClusterRecord): number =>
    Math.max(0, Date.parse(begin(record).begunAt) - Date.parse(manifest.takenAt));
  const result = async (
    drafted: RestoreDraft,
    tookMs: number,
    { tokensRotated = false, newBackup }: { tokensRotated?: boolean; newBackup?: string | undefined } = {},
  ): Promise<RestoreResult> => ({
    cluster: folder.name,
    backup: manifest.id,
    where: sets.where,
    takenAt: manifest.takenAt,
    dataAgeMs: dataAge(drafted.record),
    tookMs,
    steps: drafted.steps.map(stepInfo),
    claims: manifest.claims,
    volumes: manifest.volumes.map(({ claim }) => claim),
    streams: manifest.streams.map(({ name }) => name),
    uncovered: uncoveredOf(
      manifest.claims,
      manifest.uncovered ?? [],
      manifest.volumes.map(({ claim }) => claim),
    ),
    tokensRotated,
    newBackup,
    kubeconfig: folder.kubeconfigPath,
    simulated: (await context.provider(spec.provider)).traits.simulated,
  });
  if (input.dryRun) return result(await draft(context, 'to show'), 0);
  const change: Change<RestoreDraft> = {
    folder,
    operation,
    retryCommand,
    draft,
    confirmation: async (shown) => confirmationOf(context, input, shown, manifest),
  };
  const done = await confirmed(context, change, async (drafted, _once, { admit }) => {
    await admit();
    const started = context.clock.monotonic();
    const { record, key, seen } = drafted;
    const sshPublicKey = keyToRecord(record, key!, seen.facts.machines);
    const { file = record.file } = input;
    await folder.saveRecord({
      ...{ ...record, spec, sshPublicKey, restore: begin(record) },
      ...(file === undefined ? {} : { file }),
    });
    await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    const tookMs = context.clock.monotonic() - started;
    const { restore: _, ...finished } = (await folder.record())!;
    await folder.saveRecord({ ...finished, runningVersion: seen.facts.newcomerVersion });
    const at = new Date(context.clock.now()).toISOString();
    await folder.saveLastBackup({
      ...(await folder.lastBackup()),
      restore: { id: manifest.id, at, dataAgeMs: dataAge(record), tookMs, as: 'cluster' },
    });
    return { drafted, tookMs };
  });
  const tokensRotated = !input.keepToken && (await rotated(context, input.cluster));
  return result(done.drafted, done.tookMs, {
    tokensRotated,
    newBackup: await backedUp(context, input.cluster, spec),
  });
}

async function draftRestore(
  context: WorkflowContext,
  found: Found,
  begin: (record: ClusterRecord) => NonNullable<ClusterRecord['restore']>,
  stage: 'to show' | 'to run',
): Promise<RestoreDraft> {
  const { loaded, spec } = found;
  const { manifest } = loaded;
  const folder = await filled(context, found, stage);
  const record = (await folder.record())!;
  const provider = await context.provider(spec.provider);
  const begun = record.restore?.backup === manifest.id;
  if (!begun) await refuseLiving(context, folder, spec);
  const key =
    stage === 'to run' ? await clusterKey(folder, provider, record, context.signal) : await folder.storedIdentity();
  const userData = async (machine: DesiredMachine): Promise<string> =>
    context.cloudInit({
      hostname: machine.name,
      sshPublicKey: key!.publicKey,
      hostKey: await folder.firstHostKey(machine.name),
    });
  const { id, restored } = begin(record);
  const source: RestoreSource = {
    ...found.source,
    restore: id,
    restored: async () => {
      const now = (await folder.record())!;
      await folder.saveRecord({ ...now, restore: { ...begin(now), restored: true } });
    },
  };
  const base = { provider, folder, cluster: record, record, spec, key: key?.publicKey, userData };
  // Once the first server has the data, what is left is to finish a cluster that runs.
  const drafted = await draftCluster(context, {
    ...base,
    purpose: 'change',
    restore: begun && restored ? undefined : source,
  });
  if (!restored) await drafted.seen.refuseRestore(begun, context.signal);
  refuseNewer(folder.name, manifest.kubernetesVersion, drafted.seen.facts.newcomerVersion);
  return { ...drafted, record, key: key?.publicKey };
}

/** @throws RefusedError code CLUSTER_ALIVE */
async function refuseLiving(context: WorkflowContext, folder: ClusterFolder, spec: ClusterSpec): Promise<void> {
  const kubeconfig = await folder.kubeconfig();
  const there = kubeconfig && (await reach(context, kubeconfig));
  if (!there) return;
  const { onServers } = await backupsOf(context, spec);
  throw new RefusedError(`${folder.name} runs: its Kubernetes API answers.`, {
    code: 'CLUSTER_ALIVE',
    hint: `A restore takes it back to the time of the backup. If that is meant, stop it on each server first: slipway cluster ssh ${folder.name} -- ${onServers.stop}`,
  });
}

function confirmationOf(
  { clock }: WorkflowContext,
  { keepToken }: RestoreInput,
  { steps, seen }: RestoreDraft,
  manifest: LoadedBackup['manifest'],
): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  const destroying = steps.filter((step) => step.destroys);
  const creating = seen.facts.comparison.missing.length;
  const age = ageText(clock.now() - Date.parse(manifest.takenAt));
  return {
    question: `Restore ${manifest.cluster.name} from ${manifest.id}, taken ${age} ago, in ${plural(steps.length, 'step')}?`,
    details: [
      ...(creating > 0 ? [`create ${plural(creating, 'machine')}`] : []),
      ...destroying.map((step) => `${step.target}: ${step.text}`),
      'what was changed in the cluster since then is lost',
      ...(keepToken ? [] : ['once it is restored, its tokens are replaced by new ones']),
      ...uncoveredOf(
        manifest.claims,
        manifest.uncovered ?? [],
        manifest.volumes.map(({ claim }) => claim),
      ).map((one) => `not in the backup: ${uncoveredText(one)}`),
    ],
    flags: '--yes',
  };
}

/** Whoever has got at a backup, or at a server that is gone, must not join with what was in it. Asked for with the restore. */
async function rotated(context: WorkflowContext, cluster: string): Promise<boolean> {
  const { reporter } = context;
  const agreed = {
    emit: reporter.emit.bind(reporter),
    confirm: () => Promise.resolve(),
    choose: reporter.choose.bind(reporter),
    close: () => Promise.resolve(),
  };
  const again = `slipway cluster rotate-token ${cluster}`;
  try {
    await rotateToken({ ...context, reporter: agreed }, { cluster, maxUnavailable: '10%', dryRun: false }, again);
    return true;
  } catch (error) {
    if (!(error instanceof SlipwayError) || context.signal.aborted) throw error;
    note(context, `The tokens are still those of the backup: ${error.message} Then: ${again}`, 'warning');
    return false;
  }
}

/** What a cluster is after a restore has no backup yet: its members and passwords are others. */
async function backedUp(context: WorkflowContext, cluster: string, spec: ClusterSpec): Promise<string | undefined> {
  try {
    // A copy of what came up without them would look newer than what there was.
    const input = { cluster, spec, due: false, missing: 'is told', withoutParts: 'not brought back yet' } as const;
    const create = () => createBackup(context, input, `slipway backup create ${cluster}`);
    return (await onceUp(context.clock, context.signal, create)).id;
  } catch (error) {
    if (!(error instanceof SlipwayError) || context.signal.aborted) throw error;
    note(
      context,
      `The restored cluster is not backed up yet: ${error.message} Then: slipway backup create ${cluster}`,
      'warning',
    );
    return undefined;
  }
}
