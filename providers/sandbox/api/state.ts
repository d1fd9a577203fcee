import type { Labels } from './labels.js';

/** What the project holds, as plain JSON. */
export interface StoredServer {
  readonly id: number;
  name: string;
  status: 'initializing' | 'starting' | 'running' | 'stopping' | 'off' | 'deleting';
  readonly created: string;
  readonly type: string;
  readonly location: string;
  readonly image: number;
  labels: Labels;
  readonly userData: string;
  /** OpenSSH public keys. */
  readonly sshKeys: readonly string[];
  readonly ipv4: string | undefined;
  readonly ipv4Id: number | undefined;
  readonly ipv6: string | undefined;
  readonly ipv6Id: number | undefined;
  /** `attached` once the action is over. */
  nets: { network: number; ip: string; attached: boolean; mac: string }[];
  firewalls: number[];
  placementGroup: number | undefined;
  protected: boolean;
}

export interface StoredKey {
  readonly id: number;
  name: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  labels: Labels;
  readonly created: string;
}

export interface Subnet {
  readonly type: string;
  readonly ip_range: string;
  readonly network_zone: string;
  readonly gateway: string;
}

export interface StoredNetwork {
  readonly id: number;
  name: string;
  ipRange: string;
  subnets: Subnet[];
  labels: Labels;
  readonly created: string;
}

export interface Rule {
  readonly direction: string;
  readonly protocol: string;
  readonly port: string | null;
  readonly source_ips: readonly string[];
  readonly destination_ips: readonly string[];
  readonly description: string | null;
}

export interface StoredFirewall {
  readonly id: number;
  name: string;
  rules: Rule[];
  labels: Labels;
  readonly created: string;
}

export interface StoredGroup {
  readonly id: number;
  name: string;
  labels: Labels;
  readonly created: string;
}

export interface Target {
  readonly type: 'server' | 'label_selector';
  readonly server?: number;
  readonly selector?: string;
  readonly usePrivateIp: boolean;
}

export interface Service {
  readonly protocol: string;
  readonly listen_port: number;
  readonly destination_port: number;
  readonly proxyprotocol: boolean;
  readonly health_check: unknown;
  readonly http?: unknown;
}

export interface StoredBalancer {
  readonly id: number;
  name: string;
  readonly type: string;
  readonly location: string;
  readonly algorithm: string;
  readonly publicInterface: boolean;
  readonly ipv4: string;
  readonly ipv6: string;
  nets: { network: number; ip: string }[];
  services: Service[];
  targets: Target[];
  labels: Labels;
  readonly created: string;
}

export interface StoredVolume {
  readonly id: number;
  name: string;
  size: number;
  server: number | null;
  readonly location: string;
  readonly format: string | null;
  labels: Labels;
  readonly created: string;
}

/** Names unique per kind, numbers unique in the project. */
export class Collection<T extends { readonly id: number; name: string }> {
  readonly byId = new Map<number, T>();

  all(): T[] {
    return [...this.byId.values()];
  }

  named(name: string): T | undefined {
    return this.all().find((item) => item.name === name);
  }

  add(item: T): T {
    this.byId.set(item.id, item);
    return item;
  }
}
