import type { Distribution } from '../../distributions/port.js';
import { type ClusterSpec, defaultDistribution, distributionNames } from '../../domain/spec/schema.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { FoundCluster } from '../../provider/port.js';
import type { WorkflowContext } from '../context.js';

/**
 * What a cluster is made of that a provider was asked for: its label says it. Clusters of before it was written have none,
 * and are of the default.
 * @param spec what the cluster's record or file says, if there is one
 * @throws UsageError code UNKNOWN_DISTRIBUTION; RefusedError code OTHER_CLUSTER
 */
export async function distributionOf(
  context: Pick<WorkflowContext, 'distribution'>,
  { name, distribution: label }: Pick<FoundCluster, 'name' | 'distribution'>,
  spec: Pick<ClusterSpec, 'kubernetes'> | undefined,
): Promise<Distribution> {
  const said = spec?.kubernetes.distribution;
  if (label === undefined) return context.distribution(said ?? defaultDistribution);
  if (said !== undefined && said !== label) {
    throw new RefusedError(`${name} is made of ${label}, but its file says ${said}.`, {
      code: 'OTHER_CLUSTER',
      hint: 'Give the file of this very cluster, or none.',
    });
  }
  const known = distributionNames.find((one) => one === label);
  if (known !== undefined) return context.distribution(known);
  throw new UsageError(`${name} is made of ${label}, which this Slipway does not know.`, {
    code: 'UNKNOWN_DISTRIBUTION',
    hint: `Use a newer Slipway. This one knows: ${distributionNames.join(', ')}.`,
  });
}
