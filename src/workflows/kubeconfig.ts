import type { Secret } from '../domain/index.js';
import { IncompleteError } from '../errors/index.js';
import type { WorkflowContext } from './context.js';
import { knownCluster } from './known-cluster.js';

/**
 * The saved kubeconfig.
 * @throws IncompleteError code NO_KUBECONFIG while the cluster has no first server yet.
 */
export async function clusterKubeconfig(
  context: Pick<WorkflowContext, 'workspace'>,
  name: string,
): Promise<{ readonly path: string; readonly text: Secret }> {
  const { folder } = await knownCluster(context.workspace, name);
  const text = await folder.kubeconfig();
  if (text) return { path: folder.kubeconfigPath, text };
  throw new IncompleteError(`${name} has no kubeconfig yet: its first server was not finished.`, {
    code: 'NO_KUBECONFIG',
    hint: `Finish it: slipway cluster create ${name}`,
  });
}
