import type { BundleNeeds, BundleView } from '../../distributions/bundles.js';
import type { DistributionName } from '../../domain/spec/schema.js';
import { progress, type WorkflowContext } from '../context.js';
import { bundlesOf } from './of.js';

export type { BundleView };

/** @throws UsageError code BAD_BUNDLE with every problem there is */
export async function checkBundle(
  context: WorkflowContext,
  distribution: DistributionName,
  folder: string,
  needs: BundleNeeds,
): Promise<BundleView> {
  const bundles = bundlesOf(await context.distribution(distribution));
  progress(context, `reading ${folder}`);
  return bundles.verify(folder, needs, context.signal);
}
