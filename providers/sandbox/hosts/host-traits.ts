import { UsageError } from '../../../src/provider/index.js';

/** What is particular or wrong with a bare host. Can be changed while it runs. */
export interface HostTraits {
  readonly os: string;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly cores: number;
  readonly architecture: 'amd64' | 'arm64';
  /** How far its clock is off; positive: ahead. */
  readonly clockSkewSeconds: number;
  readonly cgroup: 'v1' | 'v2';
  /** Some swap is on. */
  readonly swap: boolean;
  /** Name of a firewall that is active: `ufw`, `firewalld`. */
  readonly firewall: string | undefined;
  /** TCP ports that other programs listen on, each as `6443` or `6443 nginx`. */
  readonly portsInUse: readonly string[];
  /** How long its disk takes for an fsync, 99th percentile. */
  readonly fsyncMs: number;
  /** Version of iptables: `1.8.10`. */
  readonly iptablesVersion: string;
  /** A k3s of somebody else: installed by hand, with data. */
  readonly leftoverK3s: boolean;
  readonly noSystemd: boolean;
  /** Its cloud-init ended with an error when it last started. */
  readonly cloudInitFailed: boolean;
  /** sudo wants a password. */
  readonly sudoRefused: boolean;
  /** After so many more bytes the disk is full, whatever it said before. */
  readonly diskFullAfterBytes: number | undefined;
  /** MiB that are left on the disk of etcd, where it has one of its own. */
  readonly etcdDiskFreeMiB: number | undefined;
  /** No way to the internet: nothing can be downloaded, no image pulled. */
  readonly offline: boolean;
  /** k3s on it never takes part in votes of etcd. */
  readonly neverVotes: boolean;
  /** k3s on it is answered `401 Unauthorized`, as with another cluster's token. */
  readonly wrongToken: boolean;
  /** A release of k3s that crashes on it, whatever it is asked to do. */
  readonly crashesWith: string | undefined;
  /** A part of k3s that it crashes without. */
  readonly crashesWithout: string | undefined;
  /** Deprecated APIs that clients ask its k3s for, each with the minor that removes it: `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io=1.32`. */
  readonly deprecatedRequests: readonly string[];
  /** For how many days certificates are valid that k3s makes there. */
  readonly certificateDays: number;
  /** Packages whose updates wait for its next start. */
  readonly waitsForReboot: string | undefined;
}

export const soundTraits: HostTraits = {
  os: 'debian-12',
  memoryMiB: 8192,
  diskGiB: 80,
  cores: 4,
  architecture: 'amd64',
  clockSkewSeconds: 0,
  cgroup: 'v2',
  swap: false,
  firewall: undefined,
  portsInUse: [],
  fsyncMs: 2,
  iptablesVersion: '1.8.9',
  leftoverK3s: false,
  noSystemd: false,
  cloudInitFailed: false,
  sudoRefused: false,
  diskFullAfterBytes: undefined,
  etcdDiskFreeMiB: undefined,
  offline: false,
  neverVotes: false,
  wrongToken: false,
  crashesWith: undefined,
  crashesWithout: undefined,
  deprecatedRequests: [],
  certificateDays: 365,
  waitsForReboot: undefined,
};

/** @throws UsageError code SANDBOX_HOST for a name that is no trait */
export function traitsWith(changes: Readonly<Record<string, unknown>>, base: HostTraits = soundTraits): HostTraits {
  const unknown = Object.keys(changes).find((name) => !(name in soundTraits));
  if (unknown !== undefined) {
    throw new UsageError(`${unknown} is no trait of a bare host.`, {
      code: 'SANDBOX_HOST',
      hint: `Known are ${Object.keys(soundTraits).join(', ')}.`,
    });
  }
  // JSON has no undefined: null takes a trait away.
  const given = Object.entries(changes).map(([name, value]) => [name, value ?? undefined] as const);
  return { ...base, ...Object.fromEntries(given) };
}
