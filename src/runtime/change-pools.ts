import { readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';

import { editPools, parseCluster, type PoolEdit } from '../config/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { reconcile, type ReconcileResult } from '../workflows/reconcile.js';
import { clusterInput } from './cluster-input.js';
import type { Runtime } from './context.js';

/**
 * Changes one pool of a cluster and makes it so. The file of a cluster that has one is changed first: a run that is
 * killed afterwards is finished by `cluster apply`.
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
  const edited = input.file === undefined ? undefined : editPools(await readFile(input.file, 'utf8'), edit);
  // What the file would then say must be what is made; a file that cannot be read back is refused before any change.
  if (edited !== undefined) parseCluster(edited, input.file!);
  if (edited !== undefined) {
    // A link stays one, and who may read the file stays the same.
    const file = await realpath(input.file!);
    const { mode } = await stat(file);
    await writeFile(`${file}.slipway.tmp`, edited, { mode });
    await rename(`${file}.slipway.tmp`, file);
    runtime.reporter.emit({ type: 'note', at: runtime.clock.now(), level: 'info', text: `changed ${input.file!}` });
  }
  return reconcile(runtime, { ...input, spec }, `pool ${edit.kind}`, commandLine);
}
