import type { Backups } from '../../distributions/backups.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { SlipwayError, UsageError } from '../../errors/index.js';
import type { BackupSets } from '../../workspace/backups/types.js';
import { note, type WorkflowContext } from '../context.js';
import { refuseOutside } from '../kept-where.js';

/** Whose backups are asked for. */
export interface BackupOf {
  readonly cluster: string;
  /** As its file says now; undefined of a cluster that this workspace does not know. */
  readonly spec: ClusterSpec | undefined;
  /** Where they are, if not where the file says. */
  readonly at: string | undefined;
}

/** @throws UsageError code NO_BACKUPS */
export async function backupsOf(context: WorkflowContext, { kubernetes }: ClusterSpec): Promise<Backups> {
  const distribution = await context.distribution(kubernetes.distribution);
  if (distribution.backups) return distribution.backups();
  throw new UsageError(`Clusters of ${distribution.name} are not backed up from here.`, {
    code: 'NO_BACKUPS',
    hint: 'Use what their provider offers.',
  });
}

/** The place of a cluster’s backups. @throws UsageError code NO_BACKUP where there is none yet */
export async function openSets(
  { workspace }: Pick<WorkflowContext, 'workspace'>,
  { cluster, spec, at }: BackupOf,
): Promise<BackupSets> {
  const sets = await workspace.backups(at ?? spec?.backup?.to, 'look');
  if (sets) return sets;
  throw noBackup(cluster, at ?? spec?.backup?.to ?? workspace.path);
}

/**
 * The place that the next backup goes to, made where there is none.
 * @throws RefusedError code OUTSIDE_RESIDENCY
 */
export async function openSetsToFill({ workspace }: WorkflowContext, spec: ClusterSpec): Promise<BackupSets> {
  const sets = (await workspace.backups(spec.backup?.to, 'make'))!;
  refuseOutside(spec, sets, `Name a bucket in ${spec.provider.residency?.join(' or ')} as backup.to.`);
  return sets;
}

/**
 * The id that is asked for, or that of the newest whose manifest opens. One that does not is no whole backup: whoever made it may
 * have been killed while the place was sealed anew. It is told of, and passed over.
 * @throws UsageError code NO_BACKUP; RefusedError code BACKUP_BAD where none of them opens
 */
export async function chosenId(
  context: Pick<WorkflowContext, 'reporter' | 'clock'>,
  sets: Pick<BackupSets, 'where' | 'list' | 'manifest'>,
  cluster: string,
  id: string | undefined,
): Promise<string> {
  if (id !== undefined) return id;
  const { ids } = await sets.list(cluster);
  const bad: { readonly id: string; readonly error: SlipwayError }[] = [];
  for (const one of ids) {
    try {
      await sets.manifest(cluster, one);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'BACKUP_BAD') throw error;
      bad.push({ id: one, error });
      continue;
    }
    for (const { error } of bad) note(context, `${error.message} ${one} is used, the newest before it.`, 'warning');
    return one;
  }
  throw bad[0]?.error ?? noBackup(cluster, sets.where);
}

export const noBackup = (cluster: string, where: string): UsageError =>
  new UsageError(`There is no backup of ${cluster} at ${where}.`, {
    code: 'NO_BACKUP',
    hint: `Make one: slipway backup create ${cluster}. If they are elsewhere, name the place: --at s3://bucket/prefix`,
  });
