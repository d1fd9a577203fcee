import { RefusedError } from '../../errors/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { LkeFacts } from './context.js';
import { compareMinors, nextMinor } from './minors.js';

type Facts = Pick<LkeFacts, 'managed'>;

/**
 * What a file asks for that LKE does not do with a cluster that is there.
 * @throws RefusedError codes VERSION_OLDER, MINOR_SKIPPED, SETTINGS_FIXED
 */
export function refuseImpossible({ name, kubernetes, controlPlane, provider }: ClusterSpec, { managed }: Facts): void {
  if (!managed) return;
  const { version } = kubernetes;
  if (compareMinors(version, managed.version) < 0) {
    throw new RefusedError(
      `The file asks for Kubernetes ${version}, and ${name} runs ${managed.version} already. Kubernetes does not go back to an older release.`,
      { code: 'VERSION_OLDER', hint: `Set kubernetes.version to ${managed.version} or newer.` },
    );
  }
  const next = nextMinor(managed.version);
  if (compareMinors(version, next) > 0) {
    throw new RefusedError(`LKE goes one minor at a time, and ${name} runs ${managed.version}.`, {
      code: 'MINOR_SKIPPED',
      hint: `Go to ${next} first: slipway cluster upgrade ${name} --to ${next}`,
    });
  }
  if (controlPlane.count > 1 && !managed.highAvailability) {
    throw new RefusedError(`${name} was made without high availability of its control plane.`, {
      code: 'SETTINGS_FIXED',
      hint: `Turned on later, it has LKE replace all nodes without draining them. Set controlPlane.count to 1; or turn it on in the Cloud Manager when that does no harm.`,
    });
  }
  const [location] = provider.locations ?? [];
  if (location !== undefined && location !== managed.location) {
    throw new RefusedError(`${name} is in ${managed.location}, and cannot move to ${location}.`, {
      code: 'SETTINGS_FIXED',
      hint: `Keep to ${managed.location}, or make another cluster in ${location}.`,
    });
  }
}
