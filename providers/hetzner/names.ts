import { labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef, Slot } from '../../src/domain/machine.js';
import { RefusedError } from '../../src/errors/index.js';

/** Names at Hetzner, unique per project and kind. */
export const names = {
  sshKey: (cluster: string): string => `${cluster}-ssh`,
  network: (cluster: string): string => `${cluster}-network`,
  firewall: (cluster: string): string => `${cluster}-firewall`,
  apiBalancer: (cluster: string): string => `${cluster}-api`,
  placement: (cluster: string, pool: string, group: number): string => `${cluster}-${pool}-${group}`,
};

export const pieceIds = {
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

export const isOurs = (thing: { readonly labels: Readonly<Record<string, string>> }, clusterId: string): boolean =>
  thing.labels[labelKeys.clusterId] === clusterId;

/** Text for something that has a name of ours and not our labels; the same in preflight and at the create. */
export function nameTaken(kind: string, name: string, id: number): { message: string; hint: string } {
  return {
    message: `There is a ${kind} ${name} (id ${id}) in this Hetzner project that does not belong to this cluster.`,
    hint: 'Rename or delete it in the Hetzner console, name the cluster differently, or use a project of its own for this cluster.',
  };
}

export function nameTakenError(kind: string, name: string, id: number): RefusedError {
  const { message, hint } = nameTaken(kind, name, id);
  return new RefusedError(message, { code: 'NAME_TAKEN', hint });
}

/** The type of the load balancer in front of the API. */
export const apiBalancerType = 'lb11';
