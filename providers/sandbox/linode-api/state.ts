import type { Job } from './jobs.js';
import type { Labelled, Tagged } from './labelled.js';
import type { LkeClusterRecord } from './lke/state.js';

export interface EventEntity {
  readonly type: string;
  readonly id: number;
  readonly label: string;
}

export interface EventRecord {
  readonly id: number;
  readonly action: string;
  readonly created: string;
  status: 'scheduled' | 'started' | 'finished' | 'failed' | 'notification';
  readonly entity: EventEntity | null;
  message: string;
}

export type InstanceStatus =
  'provisioning' | 'booting' | 'running' | 'offline' | 'rebooting' | 'shutting_down' | 'deleting';

export interface InterfaceRecord {
  readonly id: number;
  readonly purpose: 'public' | 'vpc';
  readonly primary: boolean;
  readonly vpc: number | null;
  readonly subnet: number | null;
  /** Its address in the VPC. */
  readonly ip: string | null;
}

export interface InstanceRecord extends Tagged {
  status: InstanceStatus;
  readonly type: string;
  readonly region: string;
  image: string | null;
  readonly ipv4: string;
  readonly ipv6: string;
  /** An address that all of the region can reach, for NodeBalancers. */
  privateIp: string | null;
  readonly config: number;
  readonly interfaces: readonly InterfaceRecord[];
  placementGroup: number | null;
  readonly userData: string;
  readonly keys: readonly string[];
  /** Whether the machine host was told of it. */
  made: boolean;
  /** Ordered by a fault: says that it runs, and never comes up. */
  dead: boolean;
  /** Of an LKE cluster: which. */
  readonly lke: number | null;
}

export interface SubnetRecord extends Labelled {
  readonly range: string;
}

export interface VpcRecord extends Labelled {
  description: string;
  readonly region: string;
  subnets: SubnetRecord[];
}

export interface FirewallRule {
  readonly action: 'ACCEPT' | 'DROP';
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'IPENCAP';
  readonly ports?: string | null | undefined;
  readonly addresses?: { readonly ipv4?: readonly string[] | undefined; readonly ipv6?: readonly string[] | undefined };
  readonly label?: string | undefined;
  readonly description?: string | undefined;
}

export interface FirewallRules {
  readonly inbound: readonly FirewallRule[];
  readonly inbound_policy: 'ACCEPT' | 'DROP';
  readonly outbound: readonly FirewallRule[];
  readonly outbound_policy: 'ACCEPT' | 'DROP';
}

export interface DeviceRecord {
  readonly id: number;
  readonly type: 'linode' | 'nodebalancer';
  readonly entity: number;
  readonly created: string;
}

export interface FirewallRecord extends Tagged {
  status: 'enabled' | 'disabled';
  rules: FirewallRules;
  version: number;
  devices: DeviceRecord[];
}

export interface PlacementGroupRecord {
  readonly id: number;
  label: string;
  readonly region: string;
  readonly policy: 'strict' | 'flexible';
}

export interface BalancerNode {
  readonly id: number;
  label: string;
  /** `10.0.0.2:6443` */
  address: string;
  weight: number;
  mode: 'accept' | 'reject' | 'drain' | 'backup';
  readonly vpcConfig: number | null;
}

export interface BalancerConfig {
  readonly id: number;
  port: number;
  /** What was set beside port and nodes, as the API shows it. */
  settings: Readonly<Record<string, unknown>>;
  nodes: BalancerNode[];
}

export interface BalancerRecord extends Tagged {
  readonly region: string;
  readonly ipv4: string;
  readonly ipv6: string;
  throttle: number;
  configs: BalancerConfig[];
  readonly vpcs: readonly {
    readonly id: number;
    readonly vpc: number;
    readonly subnet: number;
    readonly range: string;
  }[];
  /** Of an LKE cluster: which. */
  readonly lke: number | null;
}

export interface VolumeRecord extends Tagged {
  readonly region: string;
  size: number;
  status: 'creating' | 'active';
  linode: number | null;
}

export interface SshKeyRecord {
  readonly id: number;
  label: string;
  readonly key: string;
  readonly created: string;
}

/** Everything an account owns, by id. */
export interface Tables {
  readonly instances: Map<number, InstanceRecord>;
  readonly vpcs: Map<number, VpcRecord>;
  readonly firewalls: Map<number, FirewallRecord>;
  readonly placementGroups: Map<number, PlacementGroupRecord>;
  readonly balancers: Map<number, BalancerRecord>;
  readonly volumes: Map<number, VolumeRecord>;
  readonly sshKeys: Map<number, SshKeyRecord>;
  readonly lke: Map<number, LkeClusterRecord>;
  readonly events: Map<number, EventRecord>;
}

export interface Counters {
  id: number;
  ipv4: number;
  ipv6: number;
}

/** The plain JSON of an account. */
export interface LinodeState {
  readonly format: 1;
  readonly tables: { readonly [K in keyof Tables]: readonly (Tables[K] extends Map<number, infer T> ? T : never)[] };
  readonly counters: Counters;
  readonly jobs: readonly Job[];
}

export const emptyTables = (): Tables => ({
  instances: new Map(),
  vpcs: new Map(),
  firewalls: new Map(),
  placementGroups: new Map(),
  balancers: new Map(),
  volumes: new Map(),
  sshKeys: new Map(),
  lke: new Map(),
  events: new Map(),
});

/** A deep copy as arrays, sharing nothing with the living tables. */
export function tablesToJson(tables: Tables): LinodeState['tables'] {
  const arrays = Object.fromEntries(
    Object.entries(tables).map(([name, table]: [string, Map<number, unknown>]) => [name, [...table.values()]]),
  );
  return structuredClone(arrays) as unknown as LinodeState['tables'];
}

export function fillTables(tables: Tables, json: LinodeState['tables']): void {
  for (const name of Object.keys(tables) as (keyof Tables)[]) {
    const table = tables[name] as Map<number, { readonly id: number }>;
    table.clear();
    for (const record of structuredClone(json[name] ?? [])) table.set(record.id, record);
  }
}
