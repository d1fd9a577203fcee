import { readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';

import { editPools, parseCluster, type PoolEdit } from '../config/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { RefusedError } from '../errors/index.js';
import { reconcile, type ReconcileResult } from '../workflows/cluster/reconcile.js';
import { clusterInput } from './cluster-input.js';
import type { Runtime } from '../runtime/context.js';

/**
 * Changes one pool of a cluster and makes it so. The file of a cluster that has one is changed before anything else is,
 * so that a run that is killed is finished by `cluster apply`, but only once nothing was refused or declined.
 */
export async function changePools(
  runtime: Runtime,
  cluster: string,
  edit: PoolEdit,
  change: (spec: ClusterSpec) => ClusterSpec,
  commandLine: string,
): Promise<ReconcileResult> {
  const input = await clusterInput(runtime, { name: cluster, file: undefined, describe: {} }, false);
  const spec = change(input.spec);
  const { file } = input;
  if (file === undefined) return reconcile(runtime, { ...input, spec }, `pool ${edit.kind}`, commandLine);
  const before = await readFile(file, 'utf8');
  const edited = editPools(before, edit);
  // What the file would then say must be what is made; a file that cannot be read back is refused before any change.
  parseCluster(edited, file);
  const begin = async (): Promise<() => Promise<void>> => {
    await replace(file, before, edited);
    runtime.reporter.emit({ type: 'note', at: runtime.clock.now(), level: 'info', text: `changed ${file}` });
    // Who changed it again meanwhile keeps that.
    return () => replace(file, edited, before).catch(() => undefined);
  };
  return reconcile(runtime, { ...input, spec, begin }, `pool ${edit.kind}`, commandLine);
}

/** @throws RefusedError code FILE_CHANGED when somebody else changed it since it was read */
async function replace(path: string, before: string, after: string): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before) {
    throw new RefusedError(`${path} was changed by somebody else meanwhile.`, {
      code: 'FILE_CHANGED',
      hint: 'Nothing else was changed. Run the same command again.',
    });
  }
  // A link stays one, and who may read the file stays the same.
  const file = await realpath(path);
  const { mode } = await stat(file);
  await writeFile(`${file}.slipway.tmp`, after, { mode });
  await rename(`${file}.slipway.tmp`, file);
}
