import { join } from 'node:path';

import { plural, type Uncovered, uncoveredOf } from '../../domain/index.js';
import { RefusedError, SlipwayError } from '../../errors/index.js';
import type { BackupManifest } from '../../workspace/backups/types.js';
import type { BackupSets } from '../../workspace/backups/types.js';
import type { Backups } from '../../distributions/backups.js';
import { defaultDistribution } from '../../domain/spec/schema.js';
import { withTemporaryFolder } from '../../workspace/temporary.js';
import { progress, type WorkflowContext } from '../context.js';
import { checkBackup } from './check.js';
import { type BackupOf, backupsOf, noBackup, openSets } from './sets.js';

export interface VerifyInput extends BackupOf {
  /** Default: the newest. */
  readonly id: string | undefined;
  readonly all: boolean;
}

export interface VerifiedBackup extends Pick<
  BackupManifest,
  'id' | 'takenAt' | 'kubernetesVersion' | 'etcd' | 'claims'
> {
  /** Claims whose files were copied with it, as the copy told then: the repository is restic’s to check. */
  readonly volumes: BackupManifest['volumes'];
  /** Copies of streams that are in it, each read to its end; bytes of the copy. */
  readonly streams: readonly { readonly name: string; readonly messages: number; readonly bytes: number }[];
  /** What of the cluster is not in it, by its name, and why. */
  readonly uncovered: readonly Uncovered[];
  /** Of the snapshot, unpacked. */
  readonly bytes: number;
}

export interface VerifyResult {
  readonly cluster: string;
  readonly where: string;
  readonly verified: readonly VerifiedBackup[];
}

/**
 * Reads backups as a restore would: sizes, sums, what etcd says of the file, and that the token which is kept opens it.
 * @throws RefusedError code BACKUP_BAD, with all that cannot be used
 */
export async function verifyBackups(context: WorkflowContext, input: VerifyInput): Promise<VerifyResult> {
  const { cluster } = input;
  const sets = await openSets(context, input);
  const ids = input.id === undefined ? (await sets.list(cluster)).ids : [input.id];
  if (ids.length === 0 && !input.all) throw noBackup(cluster, sets.where);
  const verified: VerifiedBackup[] = [];
  const bad: string[] = [];
  for (const id of ids) {
    progress(context, `reading the backup ${id}`);
    const result = await verifyOne(context, sets, input, id);
    if ('broken' in result) bad.push(`${id}: ${result.broken}`);
    else verified.push(result);
    // The newest is asked for; where that cannot be used, the next that can is looked for, to be named.
    if (!input.all && verified.length > 0) break;
  }
  if (bad.length === 0) return { cluster, where: sets.where, verified };
  throw new RefusedError(
    `${bad.length} of ${plural(bad.length + verified.length, 'backup')} of ${cluster} at ${sets.where} cannot be used.`,
    {
      code: 'BACKUP_BAD',
      details: bad,
      hint:
        verified.length > 0
          ? `${verified[0]!.id} is whole. Find out who changed the others.`
          : `Make another one: slipway backup create ${cluster}`,
    },
  );
}

async function verifyOne(
  context: WorkflowContext,
  sets: BackupSets,
  of: BackupOf,
  id: string,
): Promise<VerifiedBackup | { readonly broken: string }> {
  try {
    return await withTemporaryFolder((folder) => verifyLoaded(context, sets, of, id, folder));
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'BACKUP_BAD') return { broken: error.message };
    throw error;
  }
}

async function verifyLoaded(
  context: WorkflowContext,
  sets: BackupSets,
  { cluster, spec }: BackupOf,
  id: string,
  folder: string,
): Promise<VerifiedBackup | { readonly broken: string }> {
  const loaded = await sets.load(cluster, id, join(folder, 'snapshot.gz'));
  const { takenAt, kubernetesVersion, etcd, uncovered: found = [] } = loaded.manifest;
  const checked = await checkBackup(await backupsFor(context, spec), loaded);
  if ('broken' in checked) return checked;
  const { bytes, report } = checked;
  if (report.revision !== etcd.revision)
    return { broken: `its data is of revision ${report.revision}, and was of ${etcd.revision}` };
  for (const { name } of loaded.manifest.streams) for await (const _ of sets.stream(loaded.manifest, name));
  const streams = loaded.manifest.streams.map(({ name, messages, bytes: size }) => ({ name, messages, bytes: size }));
  const { volumes } = loaded.manifest;
  const uncovered = uncoveredOf(
    report.claims,
    found,
    volumes.map(({ claim }) => claim),
  );
  return { id, takenAt, kubernetesVersion, etcd, claims: [...report.claims], volumes, streams, uncovered, bytes };
}

/** Those of the cluster’s kind; of one that this workspace does not know, those of what is taken where nothing says it. */
async function backupsFor(context: WorkflowContext, spec: BackupOf['spec']): Promise<Backups> {
  if (spec) return backupsOf(context, spec);
  return await (
    await context.distribution(defaultDistribution)
  ).backups!();
}
