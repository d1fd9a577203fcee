import type { Secret } from '../../domain/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { WorkflowContext } from '../context.js';
import { knownFolder } from './known-cluster.js';

/**
 * The saved kubeconfig.
 * @param server another address of the API that it shall ask
 * @throws UsageError code UNKNOWN_SERVER, naming those that there are
 * @throws IncompleteError code NO_KUBECONFIG while the cluster has no first server yet.
 */
export async function clusterKubeconfig(
  context: Pick<WorkflowContext, 'workspace'>,
  name: string,
  server?: string,
): Promise<{ readonly path: string | undefined; readonly text: Secret }> {
  const folder = await knownFolder(context.workspace, name);
  const text = await folder.kubeconfig();
  if (text) {
    const { inCurrentForm, withServer } = await import('../../workspace/own-kubeconfig.js');
    const current = inCurrentForm(text);
    return { path: folder.kubeconfigPath, text: server === undefined ? current : withServer(current, server) };
  }
  throw new IncompleteError(
    `This workspace has no kubeconfig of ${name}: its first server was not finished, or the file is lost.`,
    {
      code: 'NO_KUBECONFIG',
      hint: `Finish the cluster with slipway cluster create ${name}, or, where it has run, fetch the kubeconfig with slipway cluster adopt ${name}`,
    },
  );
}
