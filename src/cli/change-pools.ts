import { readFile } from 'node:fs/promises';

import { editPools, parseCluster, type PoolEdit } from '../config/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { reconcile, type ReconcileResult } from '../workflows/cluster/reconcile.js';
import { clusterInput } from './cluster-input.js';
import { changeFile } from './replace-file.js';
import type { Runtime } from '../runtime/context.js';

/** What a cluster is asked to be now, by its file or by what was applied last. */
export const currentSpec = async (runtime: Runtime, cluster: string): Promise<ClusterSpec> =>
  (await clusterInput(runtime, { name: cluster, file: undefined, describe: {} }, false)).spec;

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
  const begin = await fileChange(runtime, file, (text) => editPools(text, edit));
  return reconcile(runtime, { ...input, spec, begin }, `pool ${edit.kind}`, commandLine);
}

/** How a cluster file is changed once nothing was refused. */
export async function fileChange(
  runtime: Pick<Runtime, 'reporter' | 'clock'>,
  file: string,
  edit: (text: string) => string,
): Promise<() => Promise<() => Promise<void>>> {
  const before = await readFile(file, 'utf8');
  const edited = edit(before);
  // What the file would then say must be what is made; a file that cannot be read back is refused before any change.
  parseCluster(edited, file);
  return () => changeFile(runtime, file, before, edited);
}
