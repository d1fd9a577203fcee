import type { Versions } from '../../distributions/port.js';
import { RefusedError } from '../../errors/index.js';
import type { ClusterFacts } from '../../phases/context.js';

/**
 * A file that asks for an older release than the cluster runs.
 * @throws RefusedError code VERSION_OLDER
 */
export function refuseOlderVersion(
  cluster: string,
  { outdated }: Pick<ClusterFacts, 'outdated'>,
  { compare }: Versions,
): void {
  const newer = outdated.flatMap(({ machine, reasons }) =>
    reasons
      .filter(({ reason, desired, observed }) => reason === 'version' && compare(desired, observed) < 0)
      .map((found) => ({ machine, found })),
  );
  const [first] = newer;
  if (!first) return;
  const { desired, observed } = first.found;
  throw new RefusedError(
    `The file asks for Kubernetes ${desired}, and ${cluster} runs ${observed} already. Kubernetes does not go back to an older release.`,
    {
      code: 'VERSION_OLDER',
      hint: `Set kubernetes.version to ${observed} or newer.`,
      details: newer.map(({ machine, found }) => `${machine} runs ${found.observed}`),
    },
  );
}
