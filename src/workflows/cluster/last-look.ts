import type { ClusterFacts } from '../../phases/context.js';
import type { ClusterFolder, LastLook } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

/**
 * Keeps for `cluster list` what a comparison of the cluster with its file found. A workspace that cannot be written to
 * hinders nobody from looking: the list says as of when it knows what it knows.
 */
export async function keepLook(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'saveLook'>,
  by: string,
  { outdated, unfit }: Pick<ClusterFacts, 'outdated' | 'unfit'>,
  steps: number,
): Promise<void> {
  const look: LastLook = { at: new Date(clock.now()).toISOString(), by, steps, outdated, unfit };
  await folder.saveLook(look).catch(() => undefined);
}
