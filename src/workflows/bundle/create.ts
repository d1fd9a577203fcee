import type { BundleRequest, BundleView } from '../../distributions/bundles.js';
import type { DistributionName } from '../../domain/spec/schema.js';
import type { WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { bundlesOf } from './of.js';

/**
 * Makes a folder from which machines get a distribution, or makes one what is asked for now.
 * @throws UsageError codes NO_BUNDLES, BUNDLE_FLAGS, BUNDLE_SOURCE, BAD_BUNDLE; RefusedError code NOT_A_BUNDLE;
 * IncompleteError codes CHECKSUM_MISMATCH, NO_SUCH_RELEASE, DOWNLOAD_FAILED, DISK_FULL
 */
export async function createBundle(
  context: WorkflowContext,
  distribution: DistributionName,
  request: BundleRequest,
  retryCommand: string,
): Promise<BundleView> {
  const bundles = bundlesOf(await context.distribution(distribution));
  const { steps, made } = await bundles.plan(request, context.clock);
  // A bundle has no journal: nothing else is in the workspace about it.
  const journal = { id: 'bundle', append: () => {}, close: () => Promise.resolve() };
  const folder = { name: request.out, journal: () => Promise.resolve(journal) };
  await execute(context, folder, 'bundle create', steps, retryCommand);
  return made();
}
