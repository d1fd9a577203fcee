import type { Distribution } from '../../distributions/port.js';
import { ageText, backupTime, drillEveryMs, isUnproven, unprovenText } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { ClusterFolder, ClusterRecord, LastBackup } from '../../workspace/types.js';
import { everyMs } from '../backup/create.js';
import type { WorkflowContext } from '../context.js';

/** What is known of a cluster’s backups without asking where they are. */
export interface BackupStatus {
  /** The last one that was made from this workspace; undefined: none. */
  readonly last: (NonNullable<LastBackup['backup']> & { readonly ageMs: number }) | undefined;
  /** Whether it is more than twice as old as the file allows. */
  readonly late: boolean;
  /** The last restore that led to a cluster that works; undefined: none. */
  readonly proven: (NonNullable<LastBackup['restore']> & { readonly ageMs: number }) | undefined;
}

export async function backupStatus(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: ClusterFolder,
  spec: ClusterSpec,
  distribution: Pick<Distribution, 'backups'>,
): Promise<BackupStatus | undefined> {
  if (!distribution.backups) return undefined;
  const { backup, restore } = (await folder.lastBackup()) ?? {};
  const now = clock.now();
  const last = backup && { ...backup, ageMs: now - (backupTime(backup.id) ?? now) };
  return {
    last,
    late: last !== undefined && last.ageMs > 2 * everyMs(spec),
    proven: restore && { ...restore, ageMs: now - Date.parse(restore.at) },
  };
}

/** What is to be said of them; nothing of a cluster that was never backed up, which its owner may not want. */
export function backupRemarks(
  cluster: string,
  status: BackupStatus | undefined,
  { restore }: Pick<ClusterRecord, 'restore'>,
): string[] {
  const unfinished = restore
    ? [`A restore from ${restore.backup} was not finished. Go on with it: slipway cluster restore ${cluster}`]
    : [];
  if (!status?.last) return unfinished;
  return [
    ...unfinished,
    ...(status.late
      ? [`The last backup is ${ageText(status.last.ageMs)} old: slipway backup create ${cluster} --due`]
      : []),
    ...(status.proven
      ? isUnproven({ provenMs: status.proven.ageMs, drillEveryMs })
        ? [`${unprovenText(cluster, status.proven.ageMs)}: slipway backup drill ${cluster}`]
        : []
      : [
          `No backup of this cluster has ever been restored, so that nothing proves that one can be: slipway backup drill ${cluster}`,
        ]),
  ];
}
