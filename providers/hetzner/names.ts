import { labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef, Slot } from '../../src/domain/machine.js';
import type { AccountWords } from '../../src/provider/kit/ownership.js';

/** Names at Hetzner, unique per project and kind. */
export const names = {
  sshKey: (cluster: string): string => `${cluster}-ssh`,
  network: (cluster: string): string => `${cluster}-network`,
  firewall: (cluster: string): string => `${cluster}-firewall`,
  apiBalancer: (cluster: string): string => `${cluster}-api`,
  placement: (cluster: string, pool: string, group: number): string => `${cluster}-${pool}-${group}`,
};

export const resourceIds = {
  sshKey: 'ssh-key',
  network: 'network',
  firewall: 'firewall',
  apiBalancer: 'api-balancer',
  placement: (pool: string, group: number): string => `placement:${pool}:${group}`,
};

/** Servers that one spread placement group takes. */
export const placementGroupSize = 10;

/** The group of a slot: it stays the same however many machines the pool has. */
export const placementGroupOf = ({ slot }: Pick<Slot, 'slot'>): number =>
  Math.max(1, Math.ceil(slot / placementGroupSize));

export const selectorOf = (cluster: Pick<ClusterRef, 'id'>): string => `${labelKeys.clusterId}=${cluster.id}`;

/** On every balancer that the cloud controller made for a Service. */
export const serviceLabel = 'hcloud-ccm/service-uid';

/** How messages call the project and the place where it is managed. */
export const account: AccountWords = {
  account: 'Hetzner project',
  console: 'Hetzner console',
  own: 'a project of its own',
};

/** The type of the load balancer in front of the API. */
export const apiBalancerType = 'lb11';
