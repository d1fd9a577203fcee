import type { HostFacts, HostTask } from '../../../src/remote/types.js';

/** What `inspect-host` says of a host. Undefined: it could not be found out. */
export interface HostReport {
  /** Seconds since 1970, by the host's own clock. */
  readonly time: number | undefined;
  readonly os: string;
  readonly osLike: readonly string[];
  readonly osVersion: string;
  /** As uname spells it: `x86_64`. */
  readonly machine: string;
  readonly hostname: string;
  readonly machineId: string;
  readonly productUuid: string;
  /** The program with process id 1. */
  readonly init: string;
  readonly cgroup: 'v1' | 'v2';
  readonly cgroupMissing: readonly string[];
  readonly cores: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly swapMiB: number | undefined;
  readonly diskFreeMiB: number | undefined;
  readonly diskType: string;
  readonly diskNoexec: boolean;
  /** Milliseconds that one small write with its sync takes. */
  readonly fsyncMs: number | undefined;
  readonly ports: readonly { readonly port: string; readonly program: string }[];
  readonly addresses: readonly string[];
  readonly privateInterface: string;
  readonly firewall: string;
  readonly iptables: string;
  readonly wireguard: boolean | undefined;
  readonly k3sLeft: readonly string[];
  readonly kubernetesLeft: readonly string[];
}

export interface InspectOptions {
  /** `6443/tcp` */
  readonly ports: readonly string[];
  readonly privateAddress: string;
  /** Whether to time writes to the disk. */
  readonly writeTest: boolean;
  readonly wireguard: boolean;
}

export function inspectHost({ ports, privateAddress, writeTest, wireguard }: InspectOptions): HostTask {
  return {
    name: 'inspect-host',
    params: { PORTS: ports.join(' '), PRIVATE_ADDRESS: privateAddress, WRITE_TEST: writeTest, WIREGUARD: wireguard },
    deadlineMs: 90_000,
  };
}

export function parseReport(facts: HostFacts): HostReport {
  const text = (name: string): string => facts[name] ?? '';
  const list = (name: string): string[] => text(name).split(/\s+/).filter(Boolean);
  const number = (name: string): number | undefined => {
    const value = text(name);
    return /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  };
  return {
    time: number('time'),
    os: text('os'),
    osLike: list('os_like'),
    osVersion: text('os_version'),
    machine: text('machine'),
    hostname: text('hostname'),
    machineId: text('machine_id'),
    productUuid: text('product_uuid'),
    init: text('init'),
    cgroup: text('cgroup') === 'v1' ? 'v1' : 'v2',
    cgroupMissing: list('cgroup_missing'),
    cores: number('cores'),
    memoryMiB: number('memory_mib'),
    swapMiB: number('swap_mib'),
    diskFreeMiB: number('disk_free_mib'),
    diskType: text('disk_type'),
    diskNoexec: text('disk_noexec') === 'true',
    fsyncMs: number('fsync_ms'),
    ports: list('ports').map((one) => {
      const [port = '', program = ''] = one.split('=');
      return { port, program };
    }),
    addresses: list('addresses'),
    privateInterface: text('private_interface'),
    firewall: text('firewall'),
    iptables: text('iptables'),
    wireguard: text('wireguard') === '' ? undefined : text('wireguard') === 'true',
    k3sLeft: list('k3s_left'),
    kubernetesLeft: list('kubernetes_left'),
  };
}
