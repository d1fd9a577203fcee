import { mkdir, readdir, rm } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { inspectHost, parseReport, type HostReport, type InspectOptions } from '../../providers/ssh/preflight/facts.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`inspect-host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const inspect = async (change: Partial<InspectOptions> = {}): Promise<HostReport> =>
    parseReport(
      await rig.run(
        inspectHost({ ports: ['1/tcp'], privateAddress: '127.0.0.1', writeTest: false, wireguard: false, ...change }),
      ),
    );
  /** A program of the host that says this. */
  const program = (name: string, text: string): Promise<void> =>
    rig.host.write(`../bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755);

  beforeEach(async () => {
    // What this computer has of these is not the host's.
    for (const name of ['ufw', 'firewall-cmd', 'nft', 'iptables-save']) await program(name, 'exit 1');
  });

  it('says what the host is', async () => {
    await rig.host.write('etc/os-release', 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22.1"\n');
    await rig.host.write('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
    const report = await inspect();
    expect(report).toMatchObject({
      os: 'linuxmint',
      osLike: ['ubuntu', 'debian'],
      osVersion: '22.1',
      machineId: '0123456789abcdef0123456789abcdef',
      privateInterface: 'lo',
      ports: [],
      k3sLeft: [],
      kubernetesLeft: [],
      firewall: '',
      wireguard: undefined,
      fsyncMs: undefined,
      diskNoexec: false,
    });
    expect(Math.abs(report.time! - Date.now() / 1000)).toBeLessThan(20);
    expect(report.memoryMiB).toBeGreaterThan(100);
    expect(report.cores).toBeGreaterThan(0);
    expect(report.diskFreeMiB).toBeGreaterThan(0);
    expect(report.hostname).not.toBe('');
    expect(['v1', 'v2']).toContain(report.cgroup);
    expect(report.cgroupMissing).toEqual([]);
  });

  it('knows by the running systemd who started the host', async () => {
    expect((await inspect()).init).not.toBe('');
    await rig.host.write('run/systemd/system/.keep', '');
    expect((await inspect()).init).toBe('systemd');
  });

  it('times the disk, and leaves nothing there', async () => {
    const { fsyncMs } = await inspect({ writeTest: true });
    // A disk in memory may take no time that can be told.
    expect(fsyncMs).toBeGreaterThanOrEqual(0);
    expect(await readdir(join(rig.host.prefix, 'var/lib'))).toEqual([]);
  });

  describe('with something in the way', () => {
    const closing: (() => unknown)[] = [];
    afterEach(() => closing.splice(0).forEach((close) => close()));

    it('names the ports that are taken, of those that are asked for', async () => {
      const server = createServer();
      const socket = createSocket('udp4');
      closing.push(
        () => server.close(),
        () => socket.close(),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const tcp = `${(server.address() as AddressInfo).port}/tcp`;
      const udp = `${socket.address().port}/udp`;
      const { ports } = await inspect({ ports: [tcp, udp, '1/tcp'] });
      expect(ports.map(({ port }) => port)).toEqual([tcp, udp]);
    });

    it('finds an earlier k3s and other Kubernetes', async () => {
      await rig.host.write('etc/systemd/system/k3s-agent.service', '');
      await rig.host.write('var/lib/rancher/k3s/agent/x', '');
      await rig.host.write('etc/kubernetes/kubelet.conf', '');
      const { k3sLeft, kubernetesLeft } = await inspect();
      expect(k3sLeft).toEqual(['/etc/systemd/system/k3s-agent.service', '/var/lib/rancher/k3s/agent']);
      expect(kubernetesLeft).toEqual(['/etc/kubernetes/kubelet.conf']);
    });

    it('finds what an earlier k3s left as data, be it all that is left', async () => {
      const data = 'var/lib/rancher/k3s';
      for (const path of [data, 'etc/systemd/system/k3s-agent.service'])
        await rm(join(rig.host.prefix, path), { recursive: true, force: true });
      for (const folder of ['storage', 'lost+found']) await mkdir(join(rig.host.prefix, data, folder), { recursive: true });
      expect((await inspect()).k3sLeft).toEqual([]);
      await rig.host.write(`${data}/storage/pvc-1_default_db/pgdata/PG_VERSION`, '17');
      await rig.host.write(`${data}/data/current/bin/k3s`, '');
      expect((await inspect()).k3sLeft).toEqual([`/${data}/data`, `/${data}/storage`]);
      await rig.host.write(`${data}/agent/x`, '');
      await rig.host.write(`${data}/.hidden`, '');
      expect((await inspect()).k3sLeft).toEqual(['agent', 'data', 'storage', '.hidden'].map((name) => `/${data}/${name}`));
      // A name that would be read as two is no part of a remedy.
      for (const name of ['my own', 'my other']) await rig.host.write(`${data}/${name}/x`, '');
      const { k3sLeft } = await inspect();
      expect(k3sLeft.filter((path) => path === `/${data}`)).toHaveLength(1);
      expect(k3sLeft).toHaveLength(5);
    });

    it.each([
      ['ufw', 'ufw', 'echo "Status: active"'],
      ['firewalld', 'firewall-cmd', 'echo running'],
      ['nftables', 'nft', 'echo "chain input { type filter hook input priority filter; policy drop;"'],
      ['iptables', 'iptables-save', 'echo ":INPUT DROP [0:0]"'],
      ['iptables', 'iptables-save', 'echo ":INPUT ACCEPT [0:0]"; echo "-A INPUT -j REJECT --reject-with icmp-host-prohibited"'],
      ['', 'ufw', 'echo "Status: inactive"'],
      ['', 'nft', 'echo "chain forward { type filter hook forward priority filter; policy drop;"'],
      ['', 'iptables-save', 'echo ":FORWARD DROP [0:0]"; echo "-A INPUT -s 10.0.0.0/8 -j DROP"'],
    ])('sees as firewall %s: %s, %s', async (expected, name, text) => {
      await program(name, text);
      expect((await inspect()).firewall).toBe(expected);
    });

    it('tells the version of iptables', async () => {
      await program('iptables', 'echo "iptables v1.8.4 (nf_tables)"');
      expect((await inspect()).iptables).toBe('1.8.4');
    });

    it('has no interface with an address that is elsewhere, and says which it has', async () => {
      const { privateInterface, addresses } = await inspect({ privateAddress: '203.0.113.9' });
      expect(privateInterface).toBe('');
      expect(addresses.every((address) => /^\d+(\.\d+){3}$/.test(address))).toBe(true);
    });

    it('asks the kernel for WireGuard only when told to', async () => {
      await program('modprobe', 'exit 0');
      expect((await inspect({ wireguard: true })).wireguard).toBe(true);
      await program('modprobe', 'exit 1');
      await program('ip', 'case "$*" in *wireguard*) exit 1 ;; esac');
      expect((await inspect({ wireguard: true })).wireguard).toBe(false);
    });
  });
});
