import type { z } from 'zod';

import { labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef, Slot } from '../../src/domain/machine.js';
import type { Clock } from '../../src/domain/clock.js';
import type { ApiClient } from '../../src/http/api/client.js';
import type { Coalesced } from '../../src/provider/kit/coalesced.js';
import type { AccountWords } from '../../src/provider/kit/ownership.js';
import { labelsOf, tagOf } from '../../src/provider/kit/tags.js';
import type { Waits } from '../../src/provider/kit/waits.js';
import type { CallOptions } from '../../src/provider/port.js';
import type { WireRegion } from './wire.js';

/** What every part of this provider works with. */
export interface Linode {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly timeScale: number;
  /** What does not change while it is there, asked once for all machines. */
  readonly known: Map<string, Promise<unknown>>;
  /** Brings the API's balancer in line with the machines, one at a time. */
  readonly converging: Coalesced;
}

export const waits = ({ clock, timeScale }: Linode, { signal }: CallOptions): Waits => ({ clock, timeScale, signal });

/** All pages of a list, or what a filter leaves of it. */
export const listOf = <T>(
  { api }: Linode,
  path: string,
  shape: z.ZodType<T>,
  { signal }: CallOptions,
  filter?: object,
): Promise<T[]> =>
  api.list(path, 'data', shape, { signal, ...(filter ? { headers: { 'x-filter': JSON.stringify(filter) } } : {}) });

/** What is at a path, asked once; a look that failed is forgotten. */
export async function once<T>(linode: Linode, path: string, shape: z.ZodType<T>, options: CallOptions): Promise<T> {
  const asked = (linode.known.get(path) as Promise<T> | undefined) ?? linode.api.get(path, shape, options);
  linode.known.set(path, asked);
  try {
    return await asked;
  } catch (error) {
    linode.known.delete(path);
    throw error;
  }
}

/** Names at Linode, where the kinds have limits of their own; what can carry no tag has the cluster's id in its name. */
export const names = {
  sshKey: ({ name, id }: ClusterRef): string => `${name}-${id}-ssh`,
  network: ({ name }: ClusterRef): string => `${name}-network`,
  firewall: ({ name }: ClusterRef): string => `${name}-firewall`,
  api: ({ name }: ClusterRef): string => `${name}-api`,
  groups: ({ name, id }: ClusterRef): string => `${name}-${id}-`,
};

/** Longest name of a firewall or NodeBalancer. */
export const labelLimit = 32;
export const subnetLabel = 'machines';
export const apiPort = 6443;
/** On the balancer of the API and its firewall, beside the cluster's own tags. */
export const apiMark = { key: labelKeys.role, value: 'api' };

export const resourceIds = {
  sshKey: 'ssh-key',
  network: 'network',
  firewall: 'firewall',
  api: 'api-balancer',
  group: (pool: string, group: number): string => `placement:${pool}:${group}`,
};

/** Machines that one placement group of a region keeps apart. */
export const groupSize = (region: WireRegion | undefined): number =>
  region?.placement_group_limits?.maximum_linodes_per_pg ?? 5;

/** The group of a slot: it stays the same however many machines the pool has. */
export const groupOf = ({ slot }: Pick<Slot, 'slot'>, size: number): number => Math.max(1, Math.ceil(slot / size));

export const clusterFilter = ({ id }: Pick<ClusterRef, 'id'>): object => ({ tags: tagOf(labelKeys.clusterId, id) });

/** Something with tags as the kit sees it: labels, and a name. */
export const named = <T extends { readonly label: string; readonly tags: readonly string[] }>(thing: T) => ({
  ...thing,
  name: thing.label,
  labels: labelsOf(thing.tags),
});

/** How messages call the account and the place where it is managed. */
export const account: AccountWords = {
  account: 'Linode account',
  console: 'Linode Cloud Manager',
  own: 'an account of its own',
};
