import { Args, Flags } from '@oclif/core';

import type { Runtime } from '../runtime/context.js';
import type { BackupOf } from '../workflows/backup/sets.js';
import { currentFile } from './cluster-input.js';

export const backupArgs = {
  name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
};

export const atFlag = Flags.string({
  description: 'Where the backups are, if not where the file says: s3://bucket/prefix.',
});

/** Whose backups, and where: as the file of the cluster says now, else as it was applied last. */
export async function backupOf(
  runtime: Pick<Runtime, 'workspace'>,
  cluster: string,
  at: string | undefined,
): Promise<BackupOf> {
  const { spec } = await currentFile(runtime, cluster);
  return { cluster, spec: spec ?? (await runtime.workspace.cluster(cluster).record())?.spec, at };
}
