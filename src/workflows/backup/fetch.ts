import { join } from 'node:path';

import type { SnapshotReport } from '../../distributions/backups.js';
import { compareVersions, isSameMinor, Secret } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { RestoreSource } from '../../phases/context.js';
import type { BackupSets, LoadedBackup } from '../../workspace/backups/types.js';
import { withTemporaryFolder } from '../../workspace/temporary.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { progress, type WorkflowContext } from '../context.js';
import { checkBackup } from './check.js';
import { type BackupOf, backupsOf, chosenId, openSets } from './sets.js';

export interface FetchInput extends BackupOf {
  /** Which backup; undefined: the newest. */
  readonly id: string | undefined;
  /** Of the cluster, where this workspace knows it. */
  readonly record: ClusterRecord | undefined;
}

/** A backup that has come to this computer, and is whole. */
export interface FetchedBackup {
  readonly sets: BackupSets;
  readonly loaded: LoadedBackup;
  /** As the cluster’s file says now, else as it was applied last, else as it was when the backup was made. */
  readonly spec: ClusterSpec;
  readonly report: SnapshotReport;
  /** What a server is started from, but for what the restore is called and does then. */
  readonly source: Pick<RestoreSource, 'backup' | 'file' | 'sha256' | 'tokens'>;
}

/**
 * Fetches a backup and checks it, before anything is changed; what is written to the disk for it goes when the work ends.
 * @throws UsageError code NO_BACKUP; RefusedError codes BACKUP_BAD, BACKUP_OF_ANOTHER
 */
export async function withBackup<T>(
  context: WorkflowContext,
  input: FetchInput,
  work: (fetched: FetchedBackup) => Promise<T>,
): Promise<T> {
  const { cluster, record } = input;
  const sets = await openSets(context, { ...input, spec: input.spec ?? record?.spec });
  const id = await chosenId(context, sets, cluster, input.id);
  return withTemporaryFolder(async (temporary) => {
    progress(context, `reading the backup ${id}`);
    const file = join(temporary, 'snapshot.gz');
    const loaded = await sets.load(cluster, id, file);
    refuseOther(record, loaded, sets.where);
    const { contents, manifest } = loaded;
    const then = record ?? (await context.workspace.cluster(cluster).asFilled(contents.files).record());
    const spec = input.spec ?? then?.spec;
    if (!spec) throw unusable(cluster, id, 'the record of the cluster is not in it');
    const checked = await checkBackup(await backupsOf(context, spec), loaded);
    if ('broken' in checked) throw unusable(cluster, id, checked.broken);
    const tokens = { server: new Secret(contents.tokens.server), agent: new Secret(contents.tokens.agent) };
    const source = { backup: id, file, sha256: manifest.snapshot.packedSha256, tokens };
    return work({ sets, loaded, spec, report: checked.report, source });
  });
}

const unusable = (cluster: string, id: string, why: string): RefusedError =>
  new RefusedError(`The backup ${id} of ${cluster} cannot be restored: ${why}.`, {
    code: 'BACKUP_BAD',
    hint: `Use another one: slipway backup list ${cluster}, then --from ID`,
  });

/** @throws RefusedError code BACKUP_OF_ANOTHER */
function refuseOther(
  record: ClusterRecord | undefined,
  { manifest: { id, cluster } }: LoadedBackup,
  where: string,
): void {
  if (!record || record.id === cluster.id) return;
  throw new RefusedError(
    `The backup ${id} at ${where} is of another cluster that was called ${cluster.name}: its id is ${cluster.id}, this one’s ${record.id}.`,
    {
      code: 'BACKUP_OF_ANOTHER',
      hint: `Use a workspace that does not know this one (--workspace), or another backup: slipway backup list ${cluster.name}`,
    },
  );
}

/** @throws RefusedError code BACKUP_TOO_NEW */
export function refuseNewer(cluster: string, then: string, now: string): void {
  if (isSameMinor(then, now) || compareVersions(then, now) <= 0) return;
  throw new RefusedError(`The backup was made with ${then}, and ${cluster} would run ${now}, which cannot read it.`, {
    code: 'BACKUP_TOO_NEW',
    hint: `Ask for ${then} or newer in the cluster file (kubernetes.version), or use an older backup: --from ID`,
  });
}
