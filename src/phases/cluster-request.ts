import { type ClusterRef, type Comparison, locationsOf, resolveSelf } from '../domain/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';
import type { ClusterRequest, MachineProvider } from '../provider/port.js';

/** All that the provider must know of a cluster. @param self as `ownAddress` found it */
export function requestFor(
  provider: MachineProvider,
  {
    cluster,
    spec,
    sshPublicKey,
    self,
  }: {
    readonly cluster: ClusterRef;
    readonly spec: ClusterSpec;
    readonly sshPublicKey: string;
    readonly self: string | undefined;
  },
  comparison: Comparison,
): ClusterRequest {
  return {
    cluster,
    machines: [...comparison.desired, ...comparison.standbys.missing],
    locations: locationsOf(spec, provider.defaults),
    networkRange: spec.network.range,
    sshAllow: resolveSelf(spec.ssh.allow, self),
    apiAllow: resolveSelf(spec.kubernetes.api.allow, self),
    sshPublicKey,
    apiAddress: spec.kubernetes.api.address,
    accept: spec.preflight.accept,
    encryption: spec.network.encryption,
  };
}

/**
 * This computer's address, where `self` is allowed.
 * @throws UsageError code SELF_UNKNOWN
 */
export async function ownAddress(
  provider: MachineProvider,
  spec: ClusterSpec,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!provider.traits.managesFirewall) return undefined;
  if (![...spec.ssh.allow, ...spec.kubernetes.api.allow].includes('self')) return undefined;
  const self = await provider.ownAddress({ signal });
  if (self === undefined) {
    throw new UsageError('The address of this computer, which `self` stands for, could not be found out.', {
      code: 'SELF_UNKNOWN',
      hint: 'Write it into ssh.allow and kubernetes.api.allow as a range such as 203.0.113.7/32.',
    });
  }
  return self;
}
