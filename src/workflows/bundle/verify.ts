import {
  type Architecture,
  architecturesOf,
  type Bundle,
  type BundleFile,
  type BundleNeeds,
  verifyBundle,
} from '../../distributions/k3s/bundle/index.js';
import { progress, type WorkflowContext } from '../context.js';

/** A bundle as commands show it. */
export interface BundleView {
  readonly folder: string;
  readonly version: string;
  readonly source: 'release' | 'local';
  readonly architectures: readonly Architecture[];
  readonly files: readonly BundleFile[];
  /** Of all files together. */
  readonly bytes: number;
}

export function bundleView(bundle: Bundle): BundleView {
  const { folder, version, source, files } = bundle;
  return {
    folder,
    version,
    source,
    architectures: architecturesOf(bundle),
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @throws UsageError code BAD_BUNDLE with every problem there is */
export async function checkBundle(context: WorkflowContext, folder: string, needs: BundleNeeds): Promise<BundleView> {
  progress(context, `reading ${folder}`);
  return bundleView(await verifyBundle(folder, needs, context.signal));
}
