import { UsageError, SlipwayError } from '../../errors/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

type Loading = Pick<WorkflowContext, 'distribution'>;

/**
 * A command that the cluster's distribution cannot serve: what it lacks is in its own table.
 * @param operation the command: `cluster ssh`
 * @throws UsageError code DISTRIBUTION_LACKS
 */
export async function refuseLacking(
  { distribution }: Loading,
  { name, spec }: { readonly name: string; readonly spec: Pick<ClusterSpec, 'kubernetes'> },
  operation: string,
): Promise<void> {
  const own = spec.kubernetes.distribution;
  const lack = (await distribution(own)).lacks?.get(operation);
  if (!lack) return;
  throw new UsageError(`\`slipway ${operation}\` does not work with ${name}, which is made of ${own}: ${lack.why}.`, {
    code: 'DISTRIBUTION_LACKS',
    hint: lack.instead.replaceAll('CLUSTER', name),
  });
}

/** The same, whatever is wrong with the record: that is said by those who need it. */
export async function refuseLackingIn(
  context: Loading,
  folder: Pick<ClusterFolder, 'record'>,
  operation: string,
): Promise<void> {
  const record = await folder.record().catch((error: unknown) => {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  });
  if (record) await refuseLacking(context, record, operation);
}
