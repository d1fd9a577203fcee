import { createHash } from 'node:crypto';

import ipaddr from 'ipaddr.js';

import { type LibvirtSpec, type LibvirtTypeSpec, spanOf } from '../../src/domain/spec/libvirt.js';
import { parseRange } from '../../src/domain/spec/ranges.js';
import { choicesOf } from '../../src/provider/kit/first-offer.js';
import type { MachineRequest } from '../../src/provider/port.js';

/** A machine that is on a host, or about to be. */
export interface Tenant {
  readonly uuid: string;
  readonly memoryMiB: number;
  /** Bytes that it may come to write, of one that is about to be made. */
  readonly diskBytes: number;
  /** Of machines of Slipway’s: the cluster’s id and the pool. */
  readonly group: string | undefined;
  readonly address: string | undefined;
}

/** What a host has, and what is on it. */
export interface Room {
  readonly host: string;
  readonly location: string;
  readonly cpus: number;
  /** Without what is reserved. */
  readonly memoryMiB: number;
  readonly freeBytes: number;
  readonly machines: number | undefined;
  readonly tenants: readonly Tenant[];
}

export const memoryOf = ({ memory }: Pick<LibvirtTypeSpec, 'memory'>): number => Math.round(memory * 1024);
export const diskOf = ({ disk }: Pick<LibvirtTypeSpec, 'disk'>): number => disk * 1e9;
export const groupOf = (clusterId: string, pool: string): string => `${clusterId}/${pool}`;

/** Whether a host could have such a machine at all, were it empty. */
export const isOfferedBy = (room: Room, type: LibvirtTypeSpec): boolean =>
  type.cpu <= room.cpus && memoryOf(type) <= room.memoryMiB;

/** Of one machine more on it: what there is too little of; undefined when it fits. */
export function shortage(room: Room, type: LibvirtTypeSpec): 'processors' | 'memory' | 'disk' | 'machines' | undefined {
  const sum = (of: (tenant: Tenant) => number): number => room.tenants.reduce((total, one) => total + of(one), 0);
  if (type.cpu > room.cpus) return 'processors';
  if (sum(({ memoryMiB }) => memoryMiB) + memoryOf(type) > room.memoryMiB) return 'memory';
  if (sum(({ diskBytes }) => diskBytes) + diskOf(type) > room.freeBytes) return 'disk';
  const ours = room.tenants.filter(({ group }) => group !== undefined).length;
  return room.machines !== undefined && ours >= room.machines ? 'machines' : undefined;
}

/**
 * Where a machine goes: its first type and location that a host has room for, there the host with the fewest of its pool,
 * so that control planes stand apart, then the one with the most memory left. The same input gives the same answer.
 */
export function place(
  request: Pick<MachineRequest, 'pool' | 'types' | 'location' | 'elsewhere'>,
  clusterId: string,
  rooms: readonly Room[],
  types: readonly LibvirtTypeSpec[],
): { readonly host: string; readonly type: LibvirtTypeSpec } | undefined {
  const group = groupOf(clusterId, request.pool);
  const crowd = ({ tenants }: Room): number => tenants.filter((one) => one.group === group).length;
  const left = ({ memoryMiB, tenants }: Room): number => tenants.reduce((rest, one) => rest - one.memoryMiB, memoryMiB);
  for (const choice of choicesOf(request)) {
    const type = types.find(({ name }) => name === choice.type);
    if (!type) continue;
    const [best] = rooms
      .filter((room) => room.location === choice.location && shortage(room, type) === undefined)
      .sort((a, b) => crowd(a) - crowd(b) || left(b) - left(a) || a.host.localeCompare(b.host));
    if (best) return { host: best.host, type };
  }
  return undefined;
}

/** Whether the number of machines alone is what keeps a request from every host where it may be. */
export const isAtLimit = (
  { types: names, location, elsewhere = [] }: Pick<MachineRequest, 'types' | 'location' | 'elsewhere'>,
  rooms: readonly Room[],
  types: readonly LibvirtTypeSpec[],
): boolean =>
  types
    .filter(({ name }) => names.includes(name))
    .some((type) =>
      rooms.some((room) => [location, ...elsewhere].includes(room.location) && shortage(room, type) === 'machines'),
    );

/** The addresses of a cluster’s machines and of what they speak to. */
export interface Addresses {
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
  readonly gateway: string;
  readonly nameservers: readonly string[];
}

/**
 * Of a network of our own the lower half, but for the first: the upper is left to the API’s address and the like.
 * @param gateway the router’s address with the prefix of its network; of a network of our own the host’s
 */
export function addressesOf({ network }: Pick<LibvirtSpec, 'network'>, gateway: string): Addresses {
  const { first, last, prefix } = parseRange(gateway)!;
  const span =
    'bridge' in network ? spanOf(network.addresses)! : { first: first + 16n, last: first + (last - first) / 2n };
  const router = gateway.split('/')[0]!;
  return { ...span, prefix, gateway: router, nameservers: network.nameservers ?? [router] };
}

export const addressText = (value: bigint): string =>
  ipaddr.fromByteArray([24n, 16n, 8n, 0n].map((bits) => Number((value >> bits) & 255n))).toString();

/** A free address. It begins to look at a place that the name decides, so that two who do not know of each other rarely meet. */
export function freeAddress({ first, last }: Addresses, name: string, taken: ReadonlySet<string>): string | undefined {
  const size = last - first + 1n;
  const start = createHash('sha256').update(name).digest().readBigUInt64BE() % size;
  for (let step = 0n; step < size; step += 1n) {
    const address = addressText(first + ((start + step) % size));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** An address has always the same one, so that nobody remembers another for it. */
export const macOf = (address: string): string =>
  ['52', '54', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
