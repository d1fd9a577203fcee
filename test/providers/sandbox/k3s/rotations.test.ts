import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Machine } from '../../../../providers/sandbox/hosts/machine.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { World } from '../../../../providers/sandbox/world.js';
import { openBoundary } from '../../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../../src/domain/clock.js';
import { createRemote, generateKeyPair, type HostTask } from '../../../../src/remote/index.js';

const owner = generateKeyPair('owner');
const remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
const world = new World({ ...defaultProfile, timeScale: 0.002 }, [], () => undefined);
const signal = AbortSignal.timeout(600_000);

const host = (name: string) => world.hosts.list().find((one) => one.name === name)!;
const machine = (name: string): Machine => world.hosts.all().find(({ spec }) => spec.name === name)!;
async function run(name: string, task: string, params: HostTask['params']) {
  const { address, port, user, hostKey } = host(name);
  const pins = async (): Promise<string[]> => [hostKey];
  const session = await remote.connect({ name, address, port, user, identity: owner.privateKey, pins }, 3_000, {
    signal,
  });
  return session.run({ name: task, params, deadlineMs: 60_000 }, { signal });
}
const role = (name: string): string => (name.startsWith('worker') ? 'agent' : 'server');
const restart = (name: string) => run(name, 'start-k3s', { ROLE: role(name), CONFIG: '', UNIT: '', WAIT_SECONDS: 30 });
async function start(name: string, settings: string): Promise<void> {
  await run(name, 'prepare-host', { BLOCK_METADATA: true });
  await run(name, 'install-k3s', { VERSION: 'v1.36.5+k3s1', BASE_URL: 'https://get.example' });
  const CONFIG = `${settings}\nnode-ip: ${host(name).address}\n`;
  await run(name, 'start-k3s', { ROLE: role(name), CONFIG, UNIT: '[Service]', WAIT_SECONDS: 60 });
}
/** Restarts k3s in vain. @returns what its journal says */
async function crash(name: string): Promise<string> {
  await expect(restart(name)).rejects.toMatchObject({
    code: expect.stringMatching(/^TASK_(FAILED|TIMEOUT)$/) as string,
  });
  return machine(name)
    .units.since(role(name) === 'agent' ? 'k3s-agent' : 'k3s', 0)
    .join('\n');
}
const by = (name: string): string => `server: https://${host(name).address}:6443`;

beforeAll(async () => {
  const names = ['rack-a', 'rack-b', 'rack-c', 'worker-a', 'worker-b'];
  await world.hosts.order({ hosts: names.map((name) => ({ name })), authorizedKey: owner.publicKey });
  await start('rack-a', 'cluster-init: true\ntoken: "t0"\nagent-token: "a0"');
  for (const name of ['rack-b', 'rack-c']) await start(name, `${by('rack-a')}\ntoken: "t0"\nagent-token: "a0"`);
  await start('worker-a', `${by('rack-b')}\ntoken: "a0"`);
});
afterAll(async () => {
  await remote.close();
  for (const { id } of world.hosts.all()) world.machines.delete(id);
});

describe('the servers’ token', () => {
  it('is another one at once for the server that was asked, and no server starts with the old one', async () => {
    expect(await run('rack-a', 'rotate-token', { NEW_TOKEN: 't1' })).toEqual({ changed: 'true' });
    expect(machine('rack-a').files.text('/var/lib/rancher/k3s/server/token')).toMatch(/^K10[0-9a-f]+::server:t1\n$/);
    expect(machine('rack-b').files.text('/var/lib/rancher/k3s/server/token')).toMatch(/::server:t0\n$/);
    expect(await run('rack-a', 'rotate-token', { NEW_TOKEN: 't1' })).toEqual({ changed: 'false' });
    const config = '/etc/rancher/k3s/config.yaml';
    // Another setting, so that it is started anew.
    machine('rack-c').files.append(config, 'etcd-expose-metrics: true\n');
    expect(await crash('rack-c')).toContain('bootstrap data already found and encrypted with different token');
  });

  it('lets a server in that learned of it, and a snapshot of now opens with it alone', async () => {
    expect(await run('rack-c', 'put-tokens', { TOKEN: 't1', AGENT_TOKEN: 'a0' })).toEqual({ changed: 'true' });
    expect(await restart('rack-c')).toMatchObject({ active: 'true' });
    const taken = machine('rack-a').context.behaviour.snapshots.take(machine('rack-a'))!;
    const { readSnapshotFile } = await import('../../../../providers/sandbox/k3s/snapshot-file.js');
    expect(() => readSnapshotFile(taken, 't0')).toThrow('encrypted with different token');
    expect(readSnapshotFile(taken, 't1').serverToken).toBe('t1');
  });
});

describe('the agents’ token', () => {
  it('is what a server was started with, so that an agent joins only by way of one that knows its own', async () => {
    await run('rack-b', 'put-tokens', { TOKEN: 't1', AGENT_TOKEN: 'a1' });
    await restart('rack-b');
    // The agent that runs goes on; started anew with the token of before it is not let in.
    expect(machine('worker-a').units.get('k3s-agent')?.state).toBe('active');
    machine('worker-a').files.append('/etc/rancher/k3s/config.yaml', 'selinux: false\n');
    expect(await crash('worker-a')).toContain('401 Unauthorized');
    expect(await run('worker-a', 'put-tokens', { TOKEN: 'a1' })).toEqual({ changed: 'true' });
    expect(await restart('worker-a')).toMatchObject({ active: 'true' });
    // Servers that were not started with it do not know it yet.
    await expect(start('worker-b', `${by('rack-a')}\ntoken: "a1"`)).rejects.toMatchObject({ name: 'TaskFailedError' });
  });
});

describe('certificates', () => {
  const certificates = async (name: string): Promise<ReadonlyMap<string, string>> => {
    const { certificates: text = '' } = await run(name, 'read-certificates', {});
    return new Map(
      text.split(' ').map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
  };
  const endOf = (text: string): number => Date.parse(new X509Certificate(Buffer.from(text, 'base64')).validTo);

  it('stay through a restart, unless they are within 120 days of their end', async () => {
    const before = await certificates('worker-a');
    expect([...before.keys()]).toEqual(['agent/client-kubelet.crt', 'agent/serving-kubelet.crt']);
    machine('worker-a').files.append('/etc/rancher/k3s/config.yaml', 'prefer-bundled-bin: true\n');
    await restart('worker-a');
    expect(await certificates('worker-a')).toEqual(before);
    machine('worker-a').changeTraits({ certificateDays: 100 });
    expect(await run('worker-a', 'rotate-certificates', { ROLE: 'agent', ROTATION: 'one' })).toEqual({
      changed: 'true',
    });
    await restart('worker-a');
    const short = await certificates('worker-a');
    expect(short).not.toEqual(before);
    machine('worker-a').changeTraits({ certificateDays: 365 });
    machine('worker-a').files.append('/etc/rancher/k3s/config.yaml', 'lb-server-port: 6445\n');
    await restart('worker-a');
    await vi.waitFor(async () => expect(await certificates('worker-a')).not.toEqual(short), 20_000);
    for (const text of (await certificates('worker-a')).values())
      expect(endOf(text) - Date.now()).toBeGreaterThan(300 * 86_400_000);
  });

  it('are all made anew by a rotation, that of the port and the kubeconfig’s with them', async () => {
    const before = await certificates('rack-c');
    const kubeconfig = machine('rack-c').files.text('/etc/rancher/k3s/k3s.yaml');
    expect(await run('rack-c', 'rotate-certificates', { ROLE: 'server', ROTATION: 'one' })).toEqual({
      changed: 'true',
    });
    expect(await run('rack-c', 'rotate-certificates', { ROLE: 'server', ROTATION: 'one' })).toEqual({
      changed: 'false',
    });
    await restart('rack-c');
    const after = await certificates('rack-c');
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect([...after].filter(([path, text]) => before.get(path) === text)).toEqual([]);
    expect([...after.keys()]).toContain('server/tls/dynamic-cert.json');
    expect(machine('rack-c').files.text('/etc/rancher/k3s/k3s.yaml')).not.toBe(kubeconfig);
  });
});
