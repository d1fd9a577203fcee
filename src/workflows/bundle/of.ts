import type { Bundles } from '../../distributions/bundles.js';
import type { Distribution } from '../../distributions/port.js';
import { UsageError } from '../../errors/index.js';

/** @throws UsageError code NO_BUNDLES for a distribution that does not come in files */
export function bundlesOf({ name, bundles }: Pick<Distribution, 'name' | 'bundles'>): Bundles {
  if (bundles) return bundles;
  throw new UsageError(`${name} does not come in bundles: no file of it is put on machines.`, {
    code: 'NO_BUNDLES',
    hint: 'Take kubernetes.bundle out of the file.',
  });
}
