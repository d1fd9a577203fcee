import type { Distribution } from '../../distributions/port.js';
import {
  ageText,
  type BackupFacts,
  type BackupPart,
  backupTime,
  drillEveryMs,
  isUnproven,
  neverProven,
  partsHeld,
  partText,
  type ProvenPart,
  unprovenText,
} from '../../domain/index.js';
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
  /** Of the copies of volumes and streams in the last one, when each was brought back last; those that never were are left out. */
  readonly parts: readonly (ProvenPart & { readonly ageMs: number })[];
  /** Copies in the last one of which none was ever brought back. */
  readonly unproven: readonly BackupPart[];
}

export async function backupStatus(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: ClusterFolder,
  spec: ClusterSpec,
  distribution: Pick<Distribution, 'backups'>,
): Promise<BackupStatus | undefined> {
  if (!distribution.backups) return undefined;
  const { backup, restore, parts = [] } = (await folder.lastBackup()) ?? {};
  const now = clock.now();
  const held = partsHeld(backup ?? {});
  const last = backup && { ...backup, ageMs: now - (backupTime(backup.id) ?? now) };
  return {
    last,
    late: last !== undefined && last.ageMs > 2 * everyMs(spec),
    proven: restore && { ...restore, ageMs: now - Date.parse(restore.at) },
    parts: parts
      .filter((one) => held.some(({ kind, name }) => kind === one.kind && name === one.name))
      .map((one) => ({ ...one, ageMs: now - Date.parse(one.at) })),
    unproven: neverProven(held, parts),
  };
}

/** How long ago all that they hold was proven: by what has waited longest. Undefined: something of it never was. */
const provenAgeMs = ({ proven, parts, unproven }: BackupStatus): number | undefined =>
  proven && unproven.length === 0 ? Math.max(proven.ageMs, ...parts.map(({ ageMs }) => ageMs)) : undefined;

export const backupFacts = (status: BackupStatus, spec: Pick<ClusterSpec, 'backup'>): BackupFacts => ({
  everyMs: everyMs(spec),
  ageMs: status.last?.ageMs,
  drillEveryMs,
  provenMs: provenAgeMs(status),
  unproven: status.proven ? status.unproven.map(partText) : [],
});

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
  const provenMs = provenAgeMs(status) ?? status.proven?.ageMs ?? 0;
  return [
    ...unfinished,
    ...(status.late
      ? [`The last backup is ${ageText(status.last.ageMs)} old: slipway backup create ${cluster} --due`]
      : []),
    ...(status.proven
      ? isUnproven({ provenMs, drillEveryMs })
        ? [`${unprovenText(cluster, provenMs)}: slipway backup drill ${cluster}`]
        : []
      : [
          `No backup of this cluster has ever been restored, so that nothing proves that one can be: slipway backup drill ${cluster}`,
        ]),
    ...(status.proven && status.unproven.length > 0
      ? [
          `No copy of these was ever brought back, so that nothing proves that one can be: ${status.unproven.map(partText).join(', ')}. Try them: slipway backup drill ${cluster} --due`,
        ]
      : []),
  ];
}
