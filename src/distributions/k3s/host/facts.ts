import { X509Certificate } from 'node:crypto';

import type { Certificate } from '../../../domain/index.js';
import { Secret } from '../../../domain/secret.js';
import { UnexpectedError } from '../../../errors/index.js';
import type { HostFacts } from '../../../remote/types.js';

/** What a machine is, from `firstLogin`. */
export interface HostFactsParsed {
  /** ID of os-release: `ubuntu`. */
  readonly os: string;
  readonly osVersion: string;
  readonly arch: 'amd64' | 'arm64';
  readonly cores: number;
  readonly memoryMiB: number;
  readonly diskFreeMiB: number;
  /** Differs after each start. */
  readonly bootId: string;
  readonly hostname: string;
  readonly cgroup: 'v1' | 'v2';
  /** The interface with the private address; undefined when none was asked for. */
  readonly privateInterface: string | undefined;
}

/** What others join with, from `serverInfo`. */
export interface ServerInfo {
  /** `K10<CA hash>::server:<password>`: full power over the cluster. */
  readonly serverToken: Secret;
  /** `K10<CA hash>::node:<password>`: may join agents. */
  readonly agentToken: Secret;
  /** The password of `agentToken` alone, as `agent-token` in every server's configuration. */
  readonly agentPassword: Secret;
  /** As k3s wrote it: one server 127.0.0.1, everything named `default`. */
  readonly kubeconfig: Secret;
}

/** What k3s is on a machine, from `observe`. */
export interface HostState {
  /** `v1.36.5+k3s1`; undefined when it is not installed. */
  readonly k3sVersion: string | undefined;
  readonly unit: 'server' | 'agent' | 'none';
  readonly active: boolean;
  readonly enabled: boolean;
  /** Hex SHA-256 of config.yaml. */
  readonly configSha256: string | undefined;
  readonly bootId: string;
  /** Whether etcd's data are there: a server that has them goes on with its cluster, one without would begin another. */
  readonly etcdData: boolean;
  /** How this server takes its turn at the API's address, as `holdingOf` writes it; undefined when it does not. */
  readonly vip: string | undefined;
}

/** @throws UnexpectedError code BAD_FACTS */
export function parseHostFacts(facts: HostFacts): HostFactsParsed {
  return {
    os: text(facts, 'os'),
    osVersion: text(facts, 'os_version'),
    arch: oneOf(facts, 'arch', ['amd64', 'arm64']),
    cores: whole(facts, 'cores'),
    memoryMiB: whole(facts, 'memory_mib'),
    diskFreeMiB: whole(facts, 'disk_free_mib'),
    bootId: text(facts, 'boot_id'),
    hostname: text(facts, 'hostname'),
    cgroup: oneOf(facts, 'cgroup', ['v1', 'v2']),
    privateInterface: text(facts, 'private_interface') || undefined,
  };
}

/** @throws UnexpectedError code BAD_FACTS */
export function parseServerInfo(facts: HostFacts): ServerInfo {
  const agentToken = text(facts, 'agent_token').trim();
  return {
    serverToken: new Secret(text(facts, 'server_token').trim()),
    agentToken: new Secret(agentToken),
    agentPassword: new Secret(/^K10[0-9a-f]+::[^:]+:(.+)$/.exec(agentToken)?.[1] ?? agentToken),
    kubeconfig: new Secret(Buffer.from(text(facts, 'kubeconfig'), 'base64').toString('utf8')),
  };
}

/** What a member of etcd tells. */
export interface EtcdVersions {
  /** `3.6.7` */
  readonly server: string;
  /** What all members have agreed on: `3.6.0`. */
  readonly cluster: string;
}

/** What a server tells of itself, from `checkServer`. */
export interface ServerCheck extends EtcdVersions {
  /** Whether it has the address that servers take turns at. */
  readonly holdsAddress: boolean;
  /** Deprecated APIs that clients asked it for since it started; empty where it was not asked. */
  readonly requested: readonly RequestedApi[];
}

/** An API that a later minor does not serve any more. */
export interface RequestedApi {
  /** `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io` */
  readonly api: string;
  /** The first minor without it: `1.32` */
  readonly removedIn: string;
}

/** @throws UnexpectedError code BAD_FACTS */
export const parseServerCheck = (facts: HostFacts): ServerCheck => ({
  server: text(facts, 'etcd_server'),
  cluster: text(facts, 'etcd_cluster'),
  holdsAddress: oneOf(facts, 'holds', ['true', 'false']) === 'true',
  requested: text(facts, 'requested')
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [api = '', removedIn = ''] = word.split('=');
      return { api, removedIn };
    }),
});

/** @throws UnexpectedError code BAD_FACTS */
export function parseHostState(facts: HostFacts): HostState {
  return {
    k3sVersion: text(facts, 'k3s_version') || undefined,
    unit: oneOf(facts, 'unit', ['server', 'agent', 'none']),
    active: oneOf(facts, 'active', ['true', 'false']) === 'true',
    enabled: oneOf(facts, 'enabled', ['true', 'false']) === 'true',
    configSha256: text(facts, 'config_sha256') || undefined,
    bootId: text(facts, 'boot_id'),
    etcdData: oneOf(facts, 'etcd_data', ['true', 'false']) === 'true',
    vip: facts['api_hold'] || undefined,
  };
}

/** Certificates of `read-certificates`. @throws UnexpectedError code BAD_FACTS */
export const parseCertificates = (facts: HostFacts): readonly Certificate[] =>
  text(facts, 'certificates')
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const at = word.indexOf('=');
      try {
        const { validTo } = new X509Certificate(Buffer.from(word.slice(at + 1), 'base64'));
        return { path: word.slice(0, at), until: new Date(validTo).toISOString() };
      } catch {
        throw bad('certificates', 'holds what is no certificate');
      }
    });

/** What waits for a reboot, by `read-updates`; undefined: nothing. @throws UnexpectedError code BAD_FACTS */
export function parseUpdates(facts: HostFacts): { readonly bootId: string; readonly waiting: string | undefined } {
  const packages = text(facts, 'packages');
  return {
    bootId: text(facts, 'boot_id'),
    waiting: text(facts, 'reboot_required') === 'true' ? packages || 'updates of the system' : undefined,
  };
}

function text(facts: HostFacts, name: string): string {
  const value = facts[name];
  if (value === undefined) throw bad(name, 'is missing');
  return value;
}

function whole(facts: HostFacts, name: string): number {
  const value = text(facts, name);
  if (!/^\d+$/.test(value)) throw bad(name, 'is no whole number');
  return Number(value);
}

function oneOf<const T extends string>(facts: HostFacts, name: string, allowed: readonly T[]): T {
  const value = text(facts, name);
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw bad(name, `is none of ${allowed.join(', ')}`);
  return found;
}

/** Without the value: it may be a secret. */
function bad(name: string, why: string): UnexpectedError {
  return new UnexpectedError(`A host task’s answer cannot be used: ${name} ${why}.`, { code: 'BAD_FACTS' });
}
