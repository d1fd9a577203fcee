import { labelKeys, machineLabels, slotOf } from '../../src/domain/labels.js';
import type { ClusterRef, FullDisk, Role } from '../../src/domain/machine.js';
import type { MachineRequest } from '../../src/provider/port.js';
import type { HostFacts, HostTask } from '../../src/remote/types.js';

/** What a host is used for: the file `/etc/slipway/claim` on it. */
export interface Claim {
  /** The machine's name in its cluster. */
  readonly machine: string;
  readonly cluster: ClusterRef;
  readonly pool: string;
  readonly role: Role;
  readonly slot: number;
  readonly generation: number;
  /** What runs on it, by the claim; claims of before this was written do not say. */
  readonly distribution?: string | undefined;
  /** ISO 8601. */
  readonly claimedAt: string;
}

const minute = 60_000;

export const readClaim = (): HostTask => ({ name: 'read-claim', params: {}, deadlineMs: 20_000 });

/** Takes a free host; content with its own claim, and fails with HOST_TAKEN on another's. @param at ISO 8601 */
export function claimHost(cluster: ClusterRef, request: MachineRequest, at: string): HostTask {
  const { name, pool, role, slot, generation } = request;
  return {
    name: 'claim-host',
    params: {
      MACHINE: name,
      CLUSTER: cluster.name,
      CLUSTER_ID: cluster.id,
      POOL: pool,
      ROLE: role,
      SLOT: slot,
      GENERATION: generation,
      DISTRIBUTION: request.labels[labelKeys.distribution] ?? '',
      AT: at,
    },
    deadlineMs: minute,
  };
}

/** Removes k3s and all that is of Slipway, the claim last. */
export function releaseHost(claim: Claim): HostTask {
  return {
    name: 'release-host',
    params: { MACHINE: claim.machine, CLUSTER_ID: claim.cluster.id },
    deadlineMs: 10 * minute,
  };
}

/** From the facts of `read-claim`; undefined when the host is free, or its claim is no claim. */
export function parseClaim(facts: HostFacts): Claim | undefined {
  const { machine, cluster, cluster_id: id } = facts;
  const place = slotOf({
    [labelKeys.pool]: facts['pool'] ?? '',
    [labelKeys.role]: facts['role'] ?? '',
    [labelKeys.slot]: facts['slot'] || 'none',
    [labelKeys.generation]: facts['generation'] || 'none',
  });
  if (!machine || !cluster || !id || !place) return undefined;
  const distribution = facts['distribution'] || undefined;
  return { machine, cluster: { name: cluster, id }, ...place, distribution, claimedAt: facts['claimed_at'] ?? '' };
}

/**
 * Below so many MiB a disk is about to end what runs on it. etcd makes its log in files of 64 MiB, and a copy of all data
 * beside them; a kubelet complains of its own disks alone, not of one that etcd has for itself.
 */
const leastFree = 512;

/** From the facts of `read-claim`: disks with data of the cluster that are all but full. */
export const parseFullDisks = (facts: HostFacts): FullDisk[] =>
  (facts['data_free_mib'] ?? '').split(' ').flatMap((word) => {
    const [path = '', free = ''] = word.split('=');
    return path.startsWith('/') && /^\d+$/.test(free) && Number(free) < leastFree
      ? [{ path, freeMiB: Number(free) }]
      : [];
  });

/** What labels say of machines elsewhere. */
export const claimLabels = (claim: Claim): Record<string, string> =>
  machineLabels(claim.cluster, claim, claim.distribution);
