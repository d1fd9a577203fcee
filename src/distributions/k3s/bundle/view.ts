import type { BundleView } from '../../bundles.js';
import { architecturesOf, type Bundle } from './manifest.js';

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
