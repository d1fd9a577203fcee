import { IncompleteError } from '../../errors/index.js';
import { type InstanceStatus, instanceStatuses } from '../../components/apply/status.js';
import { componentState } from './planned.js';
import { ownedByCluster } from '../../components/instance.js';
import { progress, type WorkflowContext } from '../context.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { reach } from '../../phases/reach.js';

export interface ComponentStatus {
  readonly cluster: string;
  readonly components: readonly InstanceStatus[];
  /** What only looks as if it ran there; empty on real machines. */
  readonly simulated: readonly string[];
}

/**
 * Each component's version and health, and why it is not healthy. Changes nothing.
 * @throws IncompleteError codes NO_KUBECONFIG, KUBE_UNREACHABLE
 */
export async function componentStatus(context: WorkflowContext, cluster: string): Promise<ComponentStatus> {
  const { folder, record } = await knownCluster(context.workspace, cluster);
  const provider = await context.provider(record.spec.provider);
  progress(context, `looking at the components of ${cluster}`);
  const api = await reachable(context, cluster, await folder.kubeconfig());
  const { rendered, facts } = await componentState(context, provider, record, record.spec, api, 'look');
  return {
    cluster,
    simulated: provider.traits.simulated,
    components: await instanceStatuses(api.kube, ownedByCluster, rendered, facts, { signal: context.signal }),
  };
}

/** The cluster's API. @throws IncompleteError codes NO_KUBECONFIG, KUBE_UNREACHABLE */
export async function reachable(
  context: WorkflowContext,
  cluster: string,
  kubeconfig: Parameters<typeof reach>[1] | undefined,
) {
  const found = kubeconfig && (await reach(context, kubeconfig));
  if (found) return found.api;
  throw kubeconfig
    ? new IncompleteError(`The Kubernetes API of ${cluster} does not answer.`, {
        code: 'KUBE_UNREACHABLE',
        hint: `See its machines: slipway cluster status ${cluster}`,
      })
    : new IncompleteError(`${cluster} has no kubeconfig yet: its first server was not finished.`, {
        code: 'NO_KUBECONFIG',
        hint: `Finish it: slipway cluster create ${cluster}`,
      });
}
