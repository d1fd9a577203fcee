import type { Distribution, Findings, ObserveRequest } from '../../distributions/port.js';
import type { ClusterRef, RecycleRound } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Tools } from '../../phases/context.js';
import { progress, type WorkflowContext } from '../context.js';

export interface Observation extends Findings {
  /** What the cluster is made of. */
  readonly distribution: Distribution;
}

/**
 * Gathers the facts a plan is made from. Changes nothing.
 * @throws UsageError code SELF_UNKNOWN when `self` is allowed and this computer's address cannot be found.
 */
export async function observe(
  context: WorkflowContext,
  tools: Tools,
  cluster: ClusterRef,
  spec: ClusterSpec,
  sshPublicKey: string,
  look: ObserveRequest['look'] = 'look at hosts',
  round?: RecycleRound,
): Promise<Observation> {
  progress(context, `looking at ${tools.provider.title} and the cluster`);
  const distribution = await context.distribution(spec.kubernetes.distribution);
  const request = { cluster, spec, sshPublicKey, look, userData: await context.userDataTemplate(), round };
  return { ...(await distribution.observe(tools, request, context)), distribution };
}
