import type { ClusterSpec } from '../../domain/spec/schema.js';
import { IncompleteError, InterruptedError, messageOf, SlipwayError } from '../../errors/index.js';
import { restoreVolumes } from '../backup/restore-volumes.js';
import { note, progress, type WorkflowContext } from '../context.js';
import type { Database } from './database.js';
import { scale, stop } from './workload.js';

/**
 * Brings the data of a lost volume back from its backup: its pods are stopped, the claim is made anew with the files of the copy, and
 * they start again. Where the data cannot be brought back they stay stopped: with an empty volume they would begin anew.
 * @throws IncompleteError code DRILL_INCOMPLETE, with the commands that finish it
 */
export async function restoreDatabase(
  context: WorkflowContext,
  cluster: string,
  { api: { kube }, claim, volume, backup, workload: runs }: Database,
  spec: ClusterSpec | undefined,
): Promise<void> {
  const workload = runs!;
  const { kind, namespace, name, replicas } = workload;
  const again = `slipway backup restore-volumes ${cluster} --claim ${claim}`;
  try {
    progress(context, `stopping the pods of ${namespace}/${name}`);
    await stop(kube, workload, context);
    const input = { cluster, spec, at: undefined, id: backup.id, claims: [claim], dryRun: false };
    await restoreVolumes(context, input, again);
    await scale(kube, workload, replicas, context);
    // Nothing is behind it any more.
    await kube.delete({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } }, context);
  } catch (error) {
    const hint = `Its pods are stopped. Run ${again}, then: kubectl -n ${namespace} scale ${kind.toLowerCase()} ${name} --replicas=${replicas}`;
    if (!(error instanceof SlipwayError) || error instanceof InterruptedError) {
      note(context, hint, 'warning');
      throw error;
    }
    throw new IncompleteError(`The data of ${claim} were not brought back: ${messageOf(error)}`, {
      code: 'DRILL_INCOMPLETE',
      details: [...error.details, ...(error.hint === undefined ? [] : [error.hint])],
      hint,
      cause: error,
    });
  }
}
