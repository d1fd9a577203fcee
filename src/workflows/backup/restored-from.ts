import { type ProvenPart, withProven } from '../../domain/index.js';
import { IncompleteError, UsageError } from '../../errors/index.js';
import type { ClusterApi } from '../../phases/context.js';
import { reach } from '../../phases/reach.js';
import type { BackupManifest, BackupSets } from '../../workspace/backups/types.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { refuseQuarantined } from '../cluster/quarantined.js';
import { note, type WorkflowContext } from '../context.js';
import { type BackupOf, chosenId, openSets } from './sets.js';

/** What is brought back into a cluster that runs, a part of a backup. */
export interface PartOf extends BackupOf {
  /** Default: the newest. */
  readonly id: string | undefined;
  readonly dryRun: boolean;
}

export interface RestoredFrom {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly sets: BackupSets;
  readonly manifest: BackupManifest;
}

/** Which parts are asked for. */
export interface AskedParts {
  readonly kind: ProvenPart['kind'];
  /** Names of those that a backup has copies of; none: it lacks some of what is asked for. */
  in(manifest: BackupManifest): readonly string[];
}

/**
 * The backup that parts are taken of: the one that is asked for, else the newest. After a restore of the cluster that may be one
 * of what came up without them; then it is the one that the cluster was restored from.
 * @throws UsageError codes NO_BACKUP, BACKUP_UNCLEAR; RefusedError codes BACKUP_BAD, QUARANTINED
 */
export async function restoredFrom(context: WorkflowContext, input: PartOf, asked: AskedParts): Promise<RestoredFrom> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  refuseQuarantined(record);
  const sets = await openSets(context, input);
  const newest = await sets.manifest(input.cluster, await chosenId(context, sets, input.cluster, input.id));
  const found = { folder, record, sets, manifest: newest };
  const before = input.id === undefined ? await beforeRestore(found, asked) : undefined;
  if (!before) return found;
  if (asked.in(newest).length > 0) throw unclear(input.cluster, before.id, newest.id);
  note(context, `Taken from ${before.id}, which ${input.cluster} was restored from.`);
  return { ...found, manifest: before };
}

/** The backup that the cluster was restored from, where that has parts which were not brought back since. */
async function beforeRestore(
  { folder, sets, manifest: newest }: RestoredFrom,
  asked: AskedParts,
): Promise<BackupManifest | undefined> {
  const { restore, parts = [] } = (await folder.lastBackup()) ?? {};
  if (!restore || (restore.as ?? 'cluster') !== 'cluster' || restore.id === newest.id) return undefined;
  if (!(await sets.list(newest.cluster.name)).ids.includes(restore.id)) return undefined;
  const before = await sets.manifest(newest.cluster.name, restore.id);
  const isBack = (name: string): boolean =>
    parts.some((one) => one.kind === asked.kind && one.name === name && one.as === 'cluster' && one.at > restore.at);
  return asked.in(before).every(isBack) ? undefined : before;
}

const unclear = (cluster: string, before: string, newest: string): UsageError =>
  new UsageError(
    `${cluster} was restored from ${before}, and ${newest} was made since: either has copies of what is asked for.`,
    { code: 'BACKUP_UNCLEAR', hint: `Name one: --from ${before} has what there was before the restore.` },
  );

/** Notes that parts were brought back, and are good. */
export async function keepProven(folder: ClusterFolder, proven: readonly ProvenPart[]): Promise<void> {
  if (proven.length === 0) return;
  const last = await folder.lastBackup();
  await folder.saveLastBackup({ ...last, parts: [...withProven(last?.parts ?? [], proven)] });
}

/** The API of the cluster that a part is brought back into. @throws IncompleteError code KUBE_UNREACHABLE */
export async function restoredInto(context: WorkflowContext, { folder, record }: RestoredFrom): Promise<ClusterApi> {
  const kubeconfig = await folder.kubeconfig();
  const api = kubeconfig && (await reach(context, kubeconfig))?.api;
  if (api) return api;
  throw new IncompleteError(`The Kubernetes API of ${record.name} does not answer.`, {
    code: 'KUBE_UNREACHABLE',
    hint: `See how it is: slipway cluster status ${record.name}`,
  });
}
