import { SlipwayError } from '../../errors/index.js';
import type { BackupManifest } from '../../workspace/backups/types.js';
import type { WorkflowContext } from '../context.js';
import { type BackupOf, openSets } from './sets.js';

export interface BackupList {
  readonly cluster: string;
  readonly where: string;
  /** Newest first. */
  readonly backups: readonly (Pick<BackupManifest, 'id' | 'takenAt' | 'server' | 'kubernetesVersion'> & {
    readonly bytes: number;
    readonly ageMs: number;
  })[];
  /** Sets that a run was killed over, or is just writing. */
  readonly unfinished: readonly string[];
  /** Those whose manifest does not open, each with the reason. */
  readonly unusable: readonly { readonly id: string; readonly why: string }[];
}

/** How many manifests are asked for at once. */
const atOnce = 8;

export async function listBackups(
  context: Pick<WorkflowContext, 'workspace' | 'clock'>,
  of: BackupOf,
): Promise<BackupList> {
  const { cluster } = of;
  const sets = await openSets(context, of);
  const { ids, unfinished } = await sets.list(cluster);
  const manifests: BackupManifest[] = [];
  const unusable: { readonly id: string; readonly why: string }[] = [];
  const read = async (id: string): Promise<BackupManifest | undefined> => {
    try {
      return await sets.manifest(cluster, id);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'BACKUP_BAD') throw error;
      unusable.push({ id, why: error.message });
      return undefined;
    }
  };
  for (let at = 0; at < ids.length; at += atOnce) {
    const found = await Promise.all(ids.slice(at, at + atOnce).map(read));
    manifests.push(...found.filter((one) => one !== undefined));
  }
  return {
    cluster,
    where: sets.where,
    backups: manifests.map(({ id, takenAt, server, kubernetesVersion, snapshot }) => ({
      id,
      takenAt,
      server,
      kubernetesVersion,
      bytes: snapshot.packedBytes,
      ageMs: context.clock.now() - Date.parse(takenAt),
    })),
    unfinished,
    unusable,
  };
}
