import type { Versions } from '../../distributions/port.js';
import type { OutdatedMachine } from '../../domain/index.js';
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
  const newer = found(outdated, 'version').filter(({ found: { desired, observed } }) => compare(desired, observed) < 0);
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

/**
 * A file that asks for what cannot change in a cluster's life, such as one that a cluster was adopted with.
 * @throws RefusedError code SETTINGS_FIXED
 */
export function refuseFixedSettings(cluster: string, { outdated }: Pick<ClusterFacts, 'outdated'>): void {
  const differing = found(outdated, 'fixed');
  const [first] = differing;
  if (!first) return;
  const { desired, observed } = first.found;
  throw new RefusedError(
    `The file asks for ${desired}, and ${cluster} was made with ${observed}. That cannot change in a cluster’s life.`,
    {
      code: 'SETTINGS_FIXED',
      hint: 'Give the file the settings that the cluster was made with.',
      details: differing.map(({ machine, found: { observed: has } }) => `${machine} has ${has}`),
    },
  );
}

/** Each difference of that kind, with its machine. */
const found = (outdated: readonly OutdatedMachine[], kind: OutdatedMachine['reasons'][number]['reason']) =>
  outdated.flatMap(({ machine, reasons }) =>
    reasons.filter(({ reason }) => reason === kind).map((one) => ({ machine, found: one })),
  );
