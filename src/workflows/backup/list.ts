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
}

/** How many manifests are asked for at once. */
const atOnce = 8;

export async function listBackups(context: WorkflowContext, of: BackupOf): Promise<BackupList> {
  const { cluster } = of;
  const sets = await openSets(context, of);
  const { ids, unfinished } = await sets.list(cluster);
  const manifests: BackupManifest[] = [];
  for (let at = 0; at < ids.length; at += atOnce)
    manifests.push(...(await Promise.all(ids.slice(at, at + atOnce).map((id) => sets.manifest(cluster, id)))));
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
  };
}
