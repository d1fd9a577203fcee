import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { observe, parseHostState, parseServerInfo, putBackSettings, putTokens, restartK3s, serverInfo, stopK3s, unitText } from '../../src/distributions/k3s/host/index.js';
import type { HostTask } from '../../src/remote/types.js';
import { k3sStandIn } from '../support/host-stand-ins.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

const config = 'token: "a-long-secret-token"\ncluster-init: true\n';

function start(changes: { role?: 'server' | 'agent'; config?: string; waitSeconds?: number } = {}): HostTask {
  const { role = 'server', waitSeconds = 20 } = changes;
  return {
    name: 'start-k3s',
    params: {
      ROLE: role,
      CONFIG: new Secret(changes.config ?? config),
      UNIT: unitText(role),
      WAIT_SECONDS: waitSeconds,
    },
    deadlineMs: 60_000,
  };
}

describe.skipIf(sshdMissing)(`start-k3s, observe, server-info and stop-k3s ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const standIn = (file: string): string => `var/stand-in/${file}`;
  const calls = async (from: number) => (await rig.host.systemctlCalls()).slice(from);

  beforeEach(async () => {
    for (const path of ['var/stand-in', 'etc/systemd', 'etc/rancher', 'var/lib/slipway']) {
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    }
    await rig.host.write('usr/local/bin/k3s', k3sStandIn('v1.36.5+k3s1'), 0o755);
  });

  it('writes configuration and unit, enables the unit, starts it without blocking and waits', async () => {
    await rig.host.write(standIn('polls'), '3');
    expect(await rig.run(start())).toEqual({ active: 'true', changed: 'true' });
    expect(await rig.host.read('etc/rancher/k3s/config.yaml')).toBe(config);
    expect((await stat(join(rig.host.prefix, 'etc/rancher/k3s/config.yaml'))).mode & 0o777).toBe(0o600);
    expect(await rig.host.read('etc/systemd/system/k3s.service')).toBe(unitText('server'));
    const made = await rig.host.systemctlCalls();
    expect(made.indexOf('daemon-reload')).toBeLessThan(made.indexOf('enable k3s.service'));
    expect(made.indexOf('enable k3s.service')).toBeLessThan(made.indexOf('start --no-block k3s.service'));
  });

  it('leaves a k3s alone that runs with the same configuration, unit and binary', async () => {
    await rig.run(start());
    const before = (await rig.host.systemctlCalls()).length;
    expect(await rig.run(start())).toEqual({ active: 'true', changed: 'false' });
    expect((await calls(before)).join()).not.toMatch(/start /);
  });

  it.each([
    ['configuration', async () => start({ config: `${config}tls-san: ["203.0.113.1"]\n` })],
    [
      'binary',
      async () => {
        await rig.host.write('usr/local/bin/k3s', k3sStandIn('v1.36.6+k3s1'), 0o755);
        return start();
      },
    ],
  ])('restarts it when its %s has changed', async (_what, change) => {
    await rig.run(start());
    const before = (await rig.host.systemctlCalls()).length;
    expect(await rig.run(await change())).toEqual({ active: 'true', changed: 'true' });
    expect(await calls(before)).toContain('restart --no-block k3s.service');
  });

  it('keeps what k3s ran well with until then, which is put back for that start alone, and in secret', async () => {
    const [first, second, third] = ['one', 'two', 'three'].map((part) =>
      start({ config: `token: "a-long-secret-token"\ndisable: [${part}]` }),
    ) as [HostTask, HostTask, HostTask];
    const configured = () => rig.host.read('etc/rancher/k3s/config.yaml');
    const back = (started: HostTask) => rig.run(putBackSettings({ role: 'server', started }));
    const restart = () => rig.run(restartK3s({ role: 'server', deadlineMs: 60_000 }));
    await rig.run(first);
    await expect(back(first)).rejects.toMatchObject({ taskCode: 'NO_FORMER_SETTINGS' });
    await rig.run(second);
    const former = 'var/lib/slipway/settings.former.config';
    expect((await stat(join(rig.host.prefix, former))).mode & 0o777).toBe(0o600);
    await expect(back(third)).rejects.toMatchObject({ taskCode: 'NO_FORMER_SETTINGS' });
    expect(await configured()).toContain('disable: [two]');
    expect(await back(second)).toEqual({ changed: 'true' });
    expect(await configured()).toBe((first.params['CONFIG'] as Secret).reveal());
    expect(await back(second)).toEqual({ changed: 'false' });
    expect(await restart()).toEqual({ active: 'true', changed: 'true' });
    // Nothing is left to restart it for, and what it runs well with is what it would go back to.
    expect(await rig.run(first)).toEqual({ active: 'true', changed: 'false' });
    await expect(back(second)).rejects.toMatchObject({ taskCode: 'NO_FORMER_SETTINGS' });
    await rig.run(third);
    // What does not run well is nothing to go back to.
    await rig.host.write(standIn('k3s.service.state'), 'activating\n');
    await rig.host.write(standIn('k3s.service.left'), '2');
    await rig.run(second);
    await expect(back(second)).rejects.toMatchObject({ taskCode: 'NO_FORMER_SETTINGS' });
    expect(await back(third)).toEqual({ changed: 'true' });
    // With other tokens, the former ones would not be let in.
    await rig.run(first);
    await rig.run(putTokens({ password: new Secret('other') }));
    await expect(back(first)).rejects.toMatchObject({ taskCode: 'NO_FORMER_SETTINGS' });
  });

  it('does not disturb one that is still on its way with what is desired', async () => {
    await rig.host.write(standIn('polls'), '999');
    await expect(rig.run(start({ waitSeconds: 1 }))).rejects.toMatchObject({ taskCode: 'START_TIMEOUT' });
    await rig.host.write(standIn('k3s.service.left'), '2');
    const before = (await rig.host.systemctlCalls()).length;
    expect(await rig.run(start())).toEqual({ active: 'true', changed: 'false' });
    expect((await calls(before)).join()).not.toMatch(/start /);
  });

  it.each([
    ['BAD_TOKEN', 'level=fatal msg="starting kubernetes: failed to normalize server token; must be in format K10"'],
    ['BAD_TOKEN', 'level=error msg="failed to get CA certs: https://10.0.0.2:6443/cacerts: 401 Unauthorized"'],
    ['CA_MISMATCH', 'level=fatal msg="token CA hash does not match the Cluster CA certificate hash: ab != cd"'],
    ['CONFIG_MISMATCH', 'level=fatal msg="critical configuration value mismatch between servers"'],
    [
      'NO_BOOTSTRAP_DATA',
      'level=fatal msg="failed to bootstrap cluster data: failed to reconcile with local datastore: no bootstrap data found in datastore - check server token value and verify datastore integrity"',
    ],
  ])('names what will not mend by itself before the time is up: %s', async (code, line) => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), `a line before\n${line}\n`);
    await expect(rig.run(start({ waitSeconds: 50 }))).rejects.toMatchObject({
      taskCode: code,
      details: expect.arrayContaining(['a line before', line]) as string[],
    });
  });

  it.each([
    'the member has been permanently removed from the cluster',
    'This node has been removed from the cluster - please restart k3s to rejoin the cluster',
  ])('names a server that etcd took out although its run began before, and says other things since: %s', async (line) => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('invocation'), 'f00d\n');
    await rig.host.write(standIn('journal.f00d'), `etcd:\n${line}\n${'context deadline exceeded\n'.repeat(500)}`);
    await rig.host.write(standIn('journal'), 'context deadline exceeded\n');
    await expect(rig.run(start({ waitSeconds: 50 }))).rejects.toMatchObject({ taskCode: 'NOT_A_MEMBER' });
  });

  it('names a server that etcd took out by what k3s left behind, though it still runs or is not started any more', async () => {
    await rig.run(start());
    await rig.host.write('var/lib/rancher/k3s/server/db/etcd/tombstone', '');
    await expect(rig.run(start({ waitSeconds: 50 }))).rejects.toMatchObject({ taskCode: 'NOT_A_MEMBER' });
    await rig.run(stopK3s({ killPods: false }));
    await rig.host.write(standIn('polls'), '1000');
    await expect(rig.run(start({ waitSeconds: 50 }))).rejects.toMatchObject({ taskCode: 'NOT_A_MEMBER' });
    await rm(join(rig.host.prefix, 'var/lib/rancher'), { recursive: true, force: true });
  });

  it('does not hold against a server what an earlier run of it was told', async () => {
    await rig.host.write(standIn('invocation'), 'cafe\n');
    await rig.host.write(standIn('journal.f00d'), 'the member has been permanently removed from the cluster\n');
    // What earlier runs were told is looked at in the tenth round.
    await rig.host.write(standIn('polls'), '12');
    expect(await rig.run(start({ waitSeconds: 50 }))).toMatchObject({ active: 'true' });
  });

  it('goes on waiting for a server that joins although its own etcd has no bootstrap data: the others have them', async () => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), 'level=fatal msg="no bootstrap data found in datastore - check"\n');
    const joining = start({ config: 'server: "https://10.0.0.2:6443"\n', waitSeconds: 1 });
    await expect(rig.run(joining)).rejects.toMatchObject({
      taskCode: 'NO_BOOTSTRAP_DATA',
      message: expect.stringContaining('was not ready after 1 s') as string,
    });
  });

  it.each([
    ['NODE_PASSWORD_REJECTED', 'level=info msg="Waiting to retrieve: Node password rejected, duplicate hostname"'],
    ['SERVER_UNREACHABLE', 'level=error msg="dial tcp 10.0.0.2:6443: connect: connection refused"'],
    ['START_TIMEOUT', 'level=info msg="nothing of interest"'],
  ])('waits to the end for what may mend, then names it: %s', async (code, line) => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), `${line}\n`);
    await expect(rig.run(start({ waitSeconds: 1 }))).rejects.toMatchObject({
      taskCode: code,
      details: expect.arrayContaining([line]) as string[],
    });
  });

  it.each([
    [
      'PORT_IN_USE',
      'level=fatal msg="listen tcp 0.0.0.0:10250: bind: address already in use"',
      'port 10250, which k3s needs, is taken by another program',
    ],
    [
      'DISK_FULL',
      'level=fatal msg="write /var/lib/rancher/k3s/server/db/etcd/tmp: no space left on device"',
      'the disk is full: no space is left for /var/lib/rancher/k3s/server/db/etcd/tmp',
    ],
    [
      'CGROUP_V1',
      'kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is in maintenance mode',
      'this system has cgroup v1, which Kubernetes no longer takes',
    ],
    [
      'DISK_FULL',
      'panic: failed to sync: no space left on device',
      /the disk is full: no space is left below \S*\/var\/lib/,
    ],
  ])('gives what hardly mends by itself a sixth of the time: %s', async (code, line, text) => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), `${line}\n`);
    const began = Date.now();
    await expect(rig.run(start({ waitSeconds: 18 }))).rejects.toMatchObject({
      taskCode: code,
      message: expect.stringMatching(text) as string,
    });
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it('does not wait for a k3s that goes on saying that its token is not taken', async () => {
    await rig.host.write(standIn('polls'), '1000');
    await rig.host.write(standIn('journal'), 'level=error msg="failed to get CA certs: 401 Unauthorized"\n');
    await expect(rig.run(start({ waitSeconds: 18 }))).rejects.toMatchObject({ taskCode: 'BAD_TOKEN' });
  });

  it('does not take the flag of a kubelet that may run on cgroup v1 for what ended k3s', async () => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), 'level=info msg="Running kubelet --fail-cgroupv1=false --read-only-port=0"\n');
    const error: unknown = await rig.run(start({ waitSeconds: 1 })).catch((e: unknown) => e);
    expect(error).toMatchObject({ taskCode: expect.not.stringMatching('CGROUP_V1') as string });
  });

  it('shows what ended k3s although many lines have come since', async () => {
    const fatal = 'level=fatal msg="listen tcp :6443: bind: address already in use"';
    const lines = Array.from({ length: 100 }, (_, n) => `level=info msg="line ${n}"`);
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), [fatal, ...lines, ''].join('\n'));
    const error: unknown = await rig.run(start({ waitSeconds: 1 })).catch((e: unknown) => e);
    expect(error).toMatchObject({ taskCode: 'PORT_IN_USE' });
    expect((error as { details: string[] }).details).toEqual([fatal, ...lines.slice(-15)]);
  });

  it('shows no token in an error, even where k3s wrote it into its journal', async () => {
    await rig.host.write(standIn('fails'), '');
    await rig.host.write(standIn('journal'), 'bad token a-long-secret-token\n');
    const error: unknown = await rig.run(start({ waitSeconds: 1 })).catch((e: unknown) => e);
    expect(JSON.stringify(error)).toContain('bad token [secret]');
  });

  it('refuses to make an agent of a server', async () => {
    await rig.run(start());
    await expect(rig.run(start({ role: 'agent' }))).rejects.toMatchObject({ taskCode: 'ROLE_CONFLICT' });
  });

  it('refuses to start what is not installed', async () => {
    await rm(join(rig.host.prefix, 'usr/local/bin/k3s'));
    await expect(rig.run(start())).rejects.toMatchObject({ taskCode: 'K3S_MISSING' });
  });

  it('observes a machine before, while and after k3s runs on it', async () => {
    const look = async () => parseHostState(await rig.run(observe()));
    const nothing = { unit: 'none', active: false, enabled: false, configSha256: undefined };
    expect(await look()).toMatchObject({ k3sVersion: 'v1.36.5+k3s1', ...nothing });
    await rig.run(start({ role: 'agent' }));
    const configSha256 = createHash('sha256').update(config).digest('hex');
    expect(await look()).toMatchObject({ unit: 'agent', active: true, enabled: true, configSha256 });
    await rig.run(stopK3s({ killPods: false }));
    expect(await look()).toMatchObject({ unit: 'agent', active: false, enabled: false });
    await rm(join(rig.host.prefix, 'usr/local/bin/k3s'));
    expect((await look()).k3sVersion).toBeUndefined();
  });

  it('counts what etcd’s members told a server to drop as no data', async () => {
    const db = 'var/lib/rancher/k3s/server/db/etcd';
    const hasData = async () => parseHostState(await rig.run(observe())).etcdData;
    expect(await hasData()).toBe(false);
    await rig.host.write(`${db}/member/snap/db`, 'data');
    expect(await hasData()).toBe(true);
    await rig.host.write(`${db}/tombstone`, '');
    expect(await hasData()).toBe(false);
    await rm(join(rig.host.prefix, 'var/lib/rancher'), { recursive: true, force: true });
  });

  it('stops and disables, also twice, also where nothing runs', async () => {
    expect(await rig.run(stopK3s({ killPods: false }))).toEqual({ was: 'none' });
    await rig.run(start());
    expect(await rig.run(stopK3s({ killPods: true }))).toEqual({ was: 'server' });
    expect(await rig.run(stopK3s({ killPods: true }))).toEqual({ was: 'server' });
  });

  it('reads tokens and kubeconfig, and waits for files that k3s has not written yet', async () => {
    const server = 'var/lib/rancher/k3s/server';
    await rig.host.write(`${server}/token`, 'K10abcdef::server:one-password\n');
    await rig.host.write(`${server}/agent-token`, 'K10abcdef::node:two-password\n');
    const reading = rig.run(serverInfo());
    const kubeconfig = 'apiVersion: v1\nkind: Config\n';
    await rig.host.write('etc/rancher/k3s/k3s.yaml', kubeconfig);
    const info = parseServerInfo(await reading);
    expect(info.serverToken.reveal()).toBe('K10abcdef::server:one-password');
    expect(info.agentToken.reveal()).toBe('K10abcdef::node:two-password');
    expect(info.agentPassword.reveal()).toBe('two-password');
    expect(info.kubeconfig.reveal()).toBe(kubeconfig);
  });

  it('says which file is missing on a machine that is no server', async () => {
    await rm(join(rig.host.prefix, 'var/lib/rancher'), { recursive: true, force: true });
    await expect(rig.run(serverInfo({ deadlineMs: 7_000 }))).rejects.toMatchObject({
      taskCode: 'NOT_A_SERVER',
      message: expect.stringContaining('server/token is missing') as string,
    });
  });
});
