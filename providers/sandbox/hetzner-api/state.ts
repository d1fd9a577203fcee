import type { ActionRecord } from './actions.js';
import type { FaultState } from './faults.js';
import type { Labels } from './labels.js';
import type { BucketState } from './rate-limit.js';

/** What all named resources share. `created` is ISO 8601. */
export interface Named {
  readonly id: number;
  name: string;
  labels: Labels;
  readonly created: string;
}

export type ServerStatus =
  'running' | 'initializing' | 'starting' | 'stopping' | 'off' | 'deleting' | 'migrating' | 'unknown';

/** A server's place in a network. `waiting`: asked for, no address yet. `attaching`: reserved. */
export interface PrivateNet {
  readonly network: number;
  state: 'waiting' | 'attaching' | 'attached';
  ip: string;
  aliases: string[];
  readonly mac: string;
}

export interface ServerRecord extends Named {
  status: ServerStatus;
  type: string;
  readonly location: string;
  image: number | null;
  diskGB: number;
  protection: { delete: boolean; rebuild: boolean };
  /** Ids of primary IPs. */
  ipv4: number | null;
  ipv6: number | null;
  nets: PrivateNet[];
  placementGroup: number | null;
  userData: string;
  /** OpenSSH public keys. */
  readonly sshKeys: readonly string[];
  /** Whether the machine host was told of it. */
  made: boolean;
  /** Ordered by a fault: says that it runs, and never comes up. */
  dead: boolean;
  /** The shutdown that is under way in the guest, if any. */
  shutdown: number | null;
}

export interface SshKeyRecord extends Named {
  readonly fingerprint: string;
  readonly publicKey: string;
}

export interface SubnetRecord {
  readonly type: 'cloud' | 'server' | 'vswitch';
  readonly range: string;
  readonly zone: string;
  readonly vswitch: number | null;
}

export interface NetworkRecord extends Named {
  range: string;
  subnets: SubnetRecord[];
  routes: { readonly destination: string; readonly gateway: string }[];
  exposeRoutes: boolean;
  protection: { delete: boolean };
}

export interface FirewallRule {
  readonly description: string | null;
  readonly direction: 'in' | 'out';
  readonly source_ips: readonly string[];
  readonly destination_ips: readonly string[];
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'esp' | 'gre';
  readonly port: string | null;
}

export type FirewallUse =
  | { readonly type: 'server'; readonly server: number; status: 'applied' | 'pending' }
  /** `selected`: the servers the selector had reached when it was last looked at. */
  | { readonly type: 'label_selector'; readonly selector: string; selected: number[] };

export interface FirewallRecord extends Named {
  rules: readonly FirewallRule[];
  uses: FirewallUse[];
}

export type PlacementGroupRecord = Named;

export interface HealthCheck {
  readonly protocol: 'tcp' | 'http';
  readonly port: number;
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly http?: object;
}

export interface BalancerService {
  readonly protocol: 'tcp' | 'http' | 'https';
  readonly listen_port: number;
  readonly destination_port: number;
  readonly proxyprotocol: boolean;
  readonly health_check: HealthCheck;
  readonly http?: object;
}

export type BalancerTarget =
  | { readonly type: 'server'; readonly server: number; readonly privately: boolean }
  | { readonly type: 'label_selector'; readonly selector: string; readonly privately: boolean }
  | { readonly type: 'ip'; readonly ip: string };

export interface BalancerRecord extends Named {
  type: string;
  readonly location: string;
  algorithm: 'round_robin' | 'least_connections';
  services: BalancerService[];
  targets: BalancerTarget[];
  nets: { readonly network: number; readonly ip: string; state: 'attaching' | 'attached' }[];
  isPublic: boolean;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Its Primary IPs; absent in what an older sandbox stored. */
  readonly primaryIps?: { readonly ipv4: number; readonly ipv6: number };
  /** Works only after its first action. */
  ready: boolean;
  protection: { delete: boolean };
}

export interface VolumeRecord extends Named {
  server: number | null;
  readonly location: string;
  size: number;
  status: 'available' | 'creating';
  readonly format: string | null;
  protection: { delete: boolean };
}

export interface PrimaryIpRecord extends Named {
  readonly type: 'ipv4' | 'ipv6';
  /** An IPv4 address, or an IPv6 /64. */
  readonly ip: string;
  readonly location: string;
  server: number | null;
  /** Absent in what an older sandbox stored. */
  balancer?: number | null;
  autoDelete: boolean;
  protection: { delete: boolean };
}

export interface ImageRecord {
  readonly id: number;
  readonly type: 'system' | 'snapshot';
  readonly name: string | null;
  labels: Labels;
  readonly created: string;
  status: 'available' | 'creating';
  description: string;
  imageGB: number | null;
  readonly diskGB: number;
  readonly from: { readonly id: number; readonly name: string } | null;
  readonly boundTo: number | null;
  readonly flavor: 'ubuntu' | 'debian';
  readonly version: string;
  readonly architecture: 'x86' | 'arm';
  protection: { delete: boolean };
  /** What a machine that is made from it finds on its disk; `torn`: copied from one that ran, which boots no more. */
  readonly content?: { readonly disk: unknown; readonly torn: boolean } | undefined;
}

/** Everything a project owns, by id. */
export interface Tables {
  readonly servers: Map<number, ServerRecord>;
  readonly sshKeys: Map<number, SshKeyRecord>;
  readonly networks: Map<number, NetworkRecord>;
  readonly firewalls: Map<number, FirewallRecord>;
  readonly placementGroups: Map<number, PlacementGroupRecord>;
  readonly balancers: Map<number, BalancerRecord>;
  readonly volumes: Map<number, VolumeRecord>;
  readonly primaryIps: Map<number, PrimaryIpRecord>;
  /** Snapshots and backups; system images are in the catalogue. */
  readonly images: Map<number, ImageRecord>;
}

/** Counters that never go back, so that no id and no address is ever given twice. */
export interface Counters {
  id: number;
  ipv4: number;
  ipv6: number;
}

/** The plain JSON of a cloud. */
export interface CloudState {
  readonly format: 1;
  readonly tables: { readonly [K in keyof Tables]: readonly (Tables[K] extends Map<number, infer T> ? T : never)[] };
  readonly counters: Counters;
  readonly actions: readonly ActionRecord[];
  readonly faults: FaultState;
  readonly bucket: BucketState;
}

export const emptyTables = (): Tables => ({
  servers: new Map(),
  sshKeys: new Map(),
  networks: new Map(),
  firewalls: new Map(),
  placementGroups: new Map(),
  balancers: new Map(),
  volumes: new Map(),
  primaryIps: new Map(),
  images: new Map(),
});

/** A deep copy as arrays, sharing nothing with the living tables. */
export function tablesToJson(tables: Tables): CloudState['tables'] {
  const arrays = Object.fromEntries(
    Object.entries(tables).map(([name, table]: [string, Map<number, unknown>]) => [name, [...table.values()]]),
  );
  return structuredClone(arrays) as unknown as CloudState['tables'];
}

export function fillTables(tables: Tables, json: CloudState['tables']): void {
  for (const name of Object.keys(tables) as (keyof Tables)[]) {
    const table = tables[name] as Map<number, { readonly id: number }>;
    table.clear();
    for (const record of structuredClone(json[name])) table.set(record.id, record);
  }
}
