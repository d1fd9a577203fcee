import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { etcdRefusal } from '../../../../providers/sandbox/k3s/etcd-versions.js';
import type { Obj } from '../../../../providers/sandbox/kube-api/index.js';
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
async function run(name: string, task: string, params: HostTask['params']) {
  const { address, port, user, hostKey } = host(name);
  const pins = async (): Promise<string[]> => [hostKey];
  const session = await remote.connect({ name, address, port, user, identity: owner.privateKey, pins }, 3_000, {
    signal,
  });
  return session.run({ name: task, params, deadlineMs: 60_000 }, { signal });
}
const install = (name: string, VERSION: string) =>
  run(name, 'install-k3s', { VERSION, BASE_URL: 'https://get.example' });
const restart = (name: string, WAIT_SECONDS = 30) =>
  run(name, 'start-k3s', { ROLE: 'server', CONFIG: '', UNIT: '', WAIT_SECONDS });
const check = (name: string) => run(name, 'check-server', { WAIT_SECONDS: 30 });
const node = (name: string): Obj | undefined => {
  const { store } = world.k3s.clusters()[0]!.kubernetes;
  return store.peek(store.resource('v1', 'Node')).find(({ metadata }) => metadata.name === name);
};
const versionOf = (name: string): unknown =>
  (node(name)?.status?.['nodeInfo'] as { kubeletVersion?: string } | undefined)?.kubeletVersion;
const votes = (name: string): unknown =>
  ((node(name)?.status?.['conditions'] ?? []) as { type: string; status: string }[]).find(
    ({ type }) => type === 'EtcdIsVoter',
  )?.status;

beforeAll(async () => {
  const hosts = ['rack-a', 'rack-b'].map((name) => ({ name }));
  await world.hosts.order({ hosts, authorizedKey: owner.publicKey });
  for (const [index, { name }] of hosts.entries()) {
    const first = index === 0 ? 'cluster-init: true' : `server: https://${host('rack-a').address}:6443`;
    const CONFIG = `${first}\ntoken: t0\nnode-ip: ${host(name).address}\n`;
    await run(name, 'prepare-host', { BLOCK_METADATA: true });
    await install(name, 'v1.33.7+k3s3');
    await run(name, 'start-k3s', { ROLE: 'server', CONFIG, UNIT: '[Service]', WAIT_SECONDS: 60 });
    await vi.waitFor(() => expect(votes(name)).toBe('True'), 10_000);
  }
});
afterAll(async () => {
  await remote.close();
  for (const { id } of world.hosts.all()) world.machines.delete(id);
});

describe('k3s that is started from another binary', () => {
  it('goes on as it was until it is restarted, and then registers its node with the new release', async () => {
    await install('rack-a', 'v1.34.5+k3s1');
    expect(versionOf('rack-a')).toBe('v1.33.7+k3s3');
    expect(await restart('rack-a')).toMatchObject({ changed: 'true' });
    expect(versionOf('rack-a')).toBe('v1.34.5+k3s1');
    expect(await restart('rack-a')).toMatchObject({ changed: 'false' });
  });

  it('leaves etcd at the version that its oldest member knows, and raises it with the last one', async () => {
    expect(await check('rack-a')).toEqual({
      etcd_server: '3.6.7',
      etcd_cluster: '3.5.0',
      holds: 'false',
      requested: '',
    });
    await install('rack-b', 'v1.34.5+k3s1');
    await restart('rack-b');
    expect(await check('rack-b')).toEqual({
      etcd_server: '3.6.7',
      etcd_cluster: '3.6.0',
      holds: 'false',
      requested: '',
    });
  });

  it('crashes on data of a newer etcd, and goes on once its release is put back', async () => {
    const cluster = world.k3s.clusters()[0]!;
    await install('rack-b', 'v1.33.7+k3s3');
    await expect(restart('rack-b', 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^TASK_(FAILED|TIMEOUT)$/) as string,
    });
    const journal = () =>
      world.hosts
        .all()
        .find(({ spec }) => spec.name === 'rack-b')!
        .units.since('k3s', 0)
        .join();
    await expect.poll(journal).toContain('invalid downgrade');
    // The release that it had comes back.
    expect(await run('rack-b', 'put-back-k3s', { VERSION: 'v1.34.5+k3s1' })).toMatchObject({ changed: 'true' });
    expect(await restart('rack-b')).toMatchObject({ active: 'true' });
    expect(cluster.etcdVersion).toBe('3.6.0');
  });

  it('panics on data of an etcd that is two minors older', async () => {
    const panic = (text: string, version: string) => expect(etcdRefusal(version, text));
    panic('3.5.0', 'v1.37.1+k3s1').toBe('panic: unmarshal should never fail');
    panic('3.6.0', 'v1.37.1+k3s1').toBeUndefined();
    panic('3.5.0', 'v1.36.5+k3s1').toBeUndefined();
  });

  it('takes a snapshot that ends with its sum, and none while etcd has no quorum', async () => {
    const taken = await run('rack-a', 'snapshot-etcd', { NAME: 'slipway' });
    expect(taken['snapshot']).toMatch(/\/db\/snapshots\/slipway-rack-a-\d+$/);
    expect(Number(taken['size']) % 512).toBe(32);
    world.hosts
      .all()
      .find(({ spec }) => spec.name === 'rack-b')!
      .powerOff();
    await expect(run('rack-a', 'snapshot-etcd', { NAME: 'slipway' })).rejects.toMatchObject({
      taskCode: 'SNAPSHOT_FAILED',
    });
  });
});
