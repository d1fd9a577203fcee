import { describe, expect, it } from 'vitest';

import type { HostReport } from '../../../../providers/ssh/preflight/facts.js';
import { type Inspected, judgeHosts } from '../../../../providers/ssh/preflight/judge.js';
import { portsOf } from '../../../../providers/ssh/preflight/surroundings.js';
import { acceptable } from '../../../../src/domain/spec/hosts.js';
import { host } from '../support.js';

const now = 1_800_000_000;

/** A host with which nothing is wrong. */
const good: HostReport = {
  time: now,
  os: 'debian',
  osLike: [],
  osVersion: '13',
  machine: 'x86_64',
  hostname: 'rack1',
  machineId: '0123',
  productUuid: 'abcd',
  init: 'systemd',
  cgroup: 'v2',
  cgroupMissing: [],
  cores: 4,
  memoryMiB: 8000,
  swapMiB: 0,
  diskFreeMiB: 50_000,
  diskType: 'ext2/ext3',
  diskNoexec: false,
  fsyncMs: 1.2,
  ports: [],
  addresses: ['10.0.0.11'],
  privateInterface: 'eth0',
  firewall: '',
  iptables: '1.8.9',
  wireguard: true,
  k3sLeft: [],
  kubernetesLeft: [],
};

const inspected = (change: Partial<HostReport> = {}, about: Partial<Inspected> = {}): Inspected => ({
  host: host('rack1', { address: '10.0.0.11' }),
  role: 'control-plane',
  free: true,
  report: { ...good, ...change },
  asked: { before: now * 1000, after: now * 1000 + 500 },
  ...about,
});

const judge = (
  one: Inspected | readonly Inspected[],
  accept: readonly string[] = [],
  encryption: 'none' | 'wireguard' = 'wireguard',
  apiAddress?: string,
) =>
  judgeHosts(Array.isArray(one) ? (one as readonly Inspected[]) : [one as Inspected], {
    accept,
    encryption,
    apiAddress,
  });
const codes = (...args: Parameters<typeof judge>) => judge(...args).problems.map(({ code }) => code);

describe('a host that is to be taken', () => {
  it('has nothing said of it when nothing is wrong', () => {
    expect(judge(inspected())).toEqual({ problems: [], notes: [] });
  });

  it.each<[code: string, accept: string | undefined, change: Partial<HostReport>, said: RegExp]>([
    ['NO_SYSTEMD', undefined, { init: 'runit' }, /runit/],
    ['UNSUPPORTED_ARCHITECTURE', undefined, { machine: 'riscv64' }, /riscv64/],
    ['OS', 'os', { os: 'alpine', osVersion: '3.20' }, /alpine 3\.20/],
    ['OS', 'os', { os: '', osVersion: '' }, /does not tell its name/],
    ['CGROUP_V1', 'cgroup-v1', { cgroup: 'v1' }, /version 1/],
    ['CGROUP_MISSING', undefined, { cgroupMissing: ['memory'] }, /memory/],
    ['IPTABLES', 'iptables', { iptables: '1.8.0' }, /1\.8\.0/],
    ['IPTABLES', 'iptables', { iptables: '1.8.4' }, /1\.8\.4/],
    ['WIREGUARD_MISSING', undefined, { wireguard: false }, /WireGuard/],
    ['MEMORY', 'memory', { memoryMiB: 1024 }, /1\.0 GiB of memory; a server needs 2 GiB/],
    ['DISK_SMALL', 'disk-small', { diskFreeMiB: 2048 }, /2\.0 GiB free/],
    ['DISK_REMOTE', undefined, { diskType: 'nfs' }, /nfs/],
    ['DISK_NOEXEC', undefined, { diskNoexec: true }, /No program/],
    ['DISK_SLOW', 'disk-slow', { fsyncMs: 23.5 }, /23\.5 ms/],
    ['TIME', 'time', { time: now - 3600 }, /60 minutes behind/],
    ['TIME', 'time', { time: now + 90 }, /89 s ahead/],
    ['ADDRESS_ELSEWHERE', undefined, { privateInterface: '', addresses: ['192.168.7.2'] }, /192\.168\.7\.2/],
    ['PORTS', 'ports', { ports: [{ port: '6443/tcp', program: 'haproxy' }] }, /6443\/tcp \(haproxy\)/],
    ['FIREWALL', 'firewall', { firewall: 'ufw' }, /ufw/],
    ['K3S_LEFT', undefined, { k3sLeft: ['/var/lib/rancher/k3s/server'] }, /rancher/],
    ['KUBERNETES_LEFT', undefined, { kubernetesLeft: ['/etc/kubernetes/kubelet.conf'] }, /kubelet\.conf/],
  ])('is refused for %s, with a remedy (accepted by: %s)', (code, word, change, said) => {
    const [problem, ...more] = judge(inspected(change)).problems;
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code, kind: 'refused', path: 'provider.hosts[rack1]' });
    expect(problem?.message).toMatch(said);
    expect(problem?.message).toContain('rack1 (10.0.0.11)');
    expect(problem?.hint.length).toBeGreaterThan(20);
    if (word === undefined) {
      expect(codes(inspected(change), acceptable)).toEqual([code]);
    } else {
      expect(problem?.hint).toContain(`preflight: {accept: [${word}]}`);
      const knowingly = judge(inspected(change), [word]);
      expect(knowingly.problems).toEqual([]);
      expect(knowingly.notes).toHaveLength(1);
      expect(knowingly.notes[0]).toMatch(said);
    }
  });

  it.each<Partial<HostReport>>([
    { os: 'linuxmint', osLike: ['ubuntu', 'debian'] },
    { os: 'opensuse-leap' },
    { iptables: '1.8.5' },
    { iptables: '1.6.1' },
    { iptables: '' },
    { fsyncMs: 10 },
    { fsyncMs: undefined, memoryMiB: undefined, diskFreeMiB: undefined, time: undefined, wireguard: undefined },
    { time: now - 15 },
    { ports: [{ port: '80/tcp', program: 'nginx' }] },
    { memoryMiB: 1900 },
  ])('is taken with %o', (change) => {
    expect(codes(inspected(change))).toEqual([]);
  });

  it('has its slow disk and little memory forgiven as an agent', () => {
    const small = { fsyncMs: 30, memoryMiB: 900, ports: [{ port: '6443/tcp', program: '' }] };
    expect(codes(inspected(small, { role: 'worker' }))).toEqual([]);
    expect(codes(inspected(small))).toEqual(['MEMORY', 'DISK_SLOW', 'PORTS']);
  });

  it('needs WireGuard only where traffic is encrypted, and the ports of what is used', () => {
    const change = { wireguard: false, ports: [{ port: '8472/udp', program: '' }] };
    expect(codes(inspected(change), [], 'none')).toEqual(['PORTS']);
    expect(codes(inspected(change))).toEqual(['WIREGUARD_MISSING']);
    expect(portsOf('worker', 'none')).not.toContain('6443/tcp');
  });

  it('is told of swap, which k3s runs with, until that is accepted', () => {
    const { problems, notes } = judge(inspected({ swapMiB: 2048 }));
    expect([problems, notes.length]).toEqual([[], 1]);
    expect(notes[0]).toContain('2.0 GiB of swap');
    expect(judge(inspected({ swapMiB: 2048 }), ['swap'])).toEqual({ problems: [], notes: [] });
  });

  it('has everything that is wrong with it said at once', () => {
    const bad: Partial<HostReport> = { cgroup: 'v1', memoryMiB: 100, firewall: 'ufw', k3sLeft: ['/usr/local/bin/k3s'] };
    expect(codes(inspected(bad))).toEqual(['CGROUP_V1', 'MEMORY', 'FIREWALL', 'K3S_LEFT']);
  });

  it('has the data of an earlier k3s named as what goes with it, where there is any', () => {
    const hint = (...k3sLeft: string[]): string => judge(inspected({ k3sLeft })).problems[0]!.hint;
    expect(hint('/usr/local/bin/k3s', '/var/lib/rancher/k3s/data')).not.toContain('holds data');
    expect(hint('/var/lib/rancher/k3s/agent', '/var/lib/rancher/k3s/storage')).toMatch(
      /rm -rf \/var\/lib\/rancher\/k3s\/agent \/var\/lib\/rancher\/k3s\/storage\).*\/k3s\/storage holds data, such as the volumes/,
    );
    expect(hint('/var/lib/rancher/k3s')).toContain('/var/lib/rancher/k3s holds data');
  });

  it('may not tell its time exactly: what asking takes is no fault of its clock', () => {
    const slow = { before: now * 1000, after: now * 1000 + 60_000 };
    expect(codes(inspected({ time: now + 55 }, { asked: slow }))).toEqual([]);
    expect(codes(inspected({ time: now + 90 }, { asked: slow }))).toEqual(['TIME']);
  });
});

describe('other hosts', () => {
  it('that stand by are not in the way; it is said what they lack', () => {
    const { problems, notes } = judge(inspected({ firewall: 'ufw' }, { role: undefined }));
    expect(problems).toEqual([]);
    expect(notes[0]).toMatch(/ufw.*only stands by/);
  });

  it('with a firewall are told what to let through, and the word of the servers about the address they hold', () => {
    const hint = (role: 'control-plane' | 'worker', address?: string): string =>
      judge(inspected({ firewall: 'ufw' }, { role }), [], 'none', address).problems[0]!.hint;
    expect(hint('control-plane')).toMatch(/6443\/tcp, 2379\/tcp, 2380\/tcp.*8472\/udp/);
    expect(hint('control-plane')).not.toContain('VRRP');
    expect(hint('control-plane', '10.0.0.100')).toContain('VRRP (IP protocol 112');
    expect(hint('worker', '10.0.0.100')).not.toContain('VRRP');
  });

  it('that are ours already are not judged by what we put there', () => {
    const used = {
      k3sLeft: ['/usr/local/bin/k3s'],
      ports: [{ port: '6443/tcp', program: 'k3s-server' }],
      firewall: 'nftables',
      diskFreeMiB: 10,
    };
    expect(codes(inspected(used, { free: false }))).toEqual([]);
    expect(codes(inspected({ time: 0 }, { free: false }))).toEqual(['TIME']);
  });
});

describe('clones', () => {
  const second = (change: Partial<HostReport>) =>
    inspected({ hostname: 'rack2', machineId: '4567', productUuid: 'efgh', ...change }, { host: host('rack2') });

  it('with one machine-id are refused, both named', () => {
    const { problems } = judge([inspected(), second({ machineId: '0123' })]);
    expect(problems).toMatchObject([{ code: 'MACHINE_ID_TWICE', path: 'provider.hosts' }]);
    expect(problems[0]?.message).toMatch(/rack1 .*and rack2/);
  });

  it.each([{ hostname: 'rack1' }, { productUuid: 'abcd' }])('with %o are only told', (change) => {
    const { problems, notes } = judge([inspected(), second(change)]);
    expect([problems, notes.length]).toEqual([[], 1]);
  });

  it('that tell nothing are no clones', () => {
    const none = { hostname: '', machineId: '', productUuid: '' };
    expect(judge([inspected(none), second(none)])).toEqual({ problems: [], notes: [] });
  });
});
