import { get } from 'node:https';

import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HostView } from '../../../../providers/sandbox/hosts/bare-hosts.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { World } from '../../../../providers/sandbox/world.js';
import { openBoundary } from '../../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../../src/domain/clock.js';
import { createRemote, generateKeyPair, type HostTask, type Session } from '../../../../src/remote/index.js';

const owner = generateKeyPair('owner');
const other = generateKeyPair('somebody');
const remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
const world = new World({ ...defaultProfile, timeScale: 0.002 }, [], () => undefined);
const signal = AbortSignal.timeout(600_000);
let freeAddress: string;

beforeAll(async () => {
  const order = [
    { name: 'rack-a' },
    { name: 'rack-b', user: 'ops' },
    { name: 'rack-c', user: 'ops', facts: { sudoRefused: true } },
    { name: 'rack-d', facts: { clockSkewSeconds: 3600 } },
    { name: 'rack-e', facts: { diskFullAfterBytes: 3_000 } },
    { name: 'rack-f', facts: { leftoverK3s: true } },
    { name: 'rack-g' },
    { name: 'rack-h' },
  ];
  ({ freeAddress } = await world.hosts.order({ hosts: order, authorizedKey: owner.publicKey }));
});
afterAll(async () => {
  await remote.close();
  for (const { id } of world.hosts.all()) world.machines.delete(id);
});

const host = (name: string): HostView => world.hosts.list().find((one) => one.name === name)!;
const connect = (name: string, changes: { hostKey?: string; identity?: typeof owner } = {}): Promise<Session> => {
  const { address, port, user, hostKey } = host(name);
  const identity = (changes.identity ?? owner).privateKey;
  const pins = async (): Promise<string[]> => [changes.hostKey ?? hostKey];
  return remote.connect({ name, address, port, user, identity, pins }, 3_000, { signal });
};
const task = (name: string, params: HostTask['params'] = {}): HostTask => ({ name, params, deadlineMs: 60_000 });
const run = async (name: string, ...args: Parameters<typeof task>) =>
  (await connect(name)).run(task(...args), { signal });

const place = {
  POOL: 'cp',
  ROLE: 'control-plane',
  SLOT: 1,
  GENERATION: 1,
  DISTRIBUTION: 'k3s',
  AT: '2026-11-21T00:00:00Z',
};
const claim = (machine: string, clusterId = 'c1') =>
  task('claim-host', { MACHINE: machine, CLUSTER: 'acme', CLUSTER_ID: clusterId, ...place });

async function startServer(name: string, config: string): Promise<void> {
  await run(name, 'prepare-host', { BLOCK_METADATA: true });
  await run(name, 'install-k3s', { VERSION: 'v1.36.5+k3s1', BASE_URL: 'https://get.example' });
  await run(name, 'start-k3s', { ROLE: 'server', CONFIG: config, UNIT: '[Service]', WAIT_SECONDS: 120 });
}
const first = (name: string): string =>
  `cluster-init: true\ntoken: t0\nnode-ip: ${host(name).address}\ntls-san: [${freeAddress}]\n`;
const joining = (): string => `server: https://${host('rack-b').address}:6443\ntoken: t0\ntls-san: [${freeAddress}]\n`;
const hold = (name: string, priority: number): HostTask =>
  task('hold-with-keepalived', {
    ADDRESS: freeAddress,
    OWN_ADDRESS: host(name).address,
    PEERS: '',
    PRIORITY: priority,
    PASSWORD: 'abcdefgh',
    SETTINGS: 'abc',
    HANDOVER: false,
    WAIT_SECONDS: 60,
  });

describe('a bare host', () => {
  it('shows the host key that its owner knows, and lets in whom its owner let in', async () => {
    expect((await connect('rack-a')).hostKey).toContain(host('rack-a').hostKey);
    await remote.disconnect('rack-a');
    await expect(connect('rack-a', { hostKey: other.publicKey })).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    await expect(connect('rack-a', { identity: other })).rejects.toMatchObject({ code: 'SSH_LOGIN_REFUSED' });
  });

  it('runs tasks for a user with sudo, and says what sudo says where it is refused', async () => {
    expect(await run('rack-b', 'read-claim')).toMatchObject({ machine: '', cluster_id: '' });
    await expect(run('rack-c', 'read-claim')).rejects.toThrow(/may not become root without a password/);
  });

  it('is judged by its cloud-init only where that is asked for', async () => {
    world.hosts.change(/rack-d/, { cloudInitFailed: true });
    await expect(run('rack-d', 'first-login', { CLOUD_INIT: true })).rejects.toMatchObject({
      taskCode: 'CLOUD_INIT_FAILED',
    });
    expect(await run('rack-d', 'first-login', { CLOUD_INIT: false })).toMatchObject({ os: 'debian' });
    world.hosts.change(/rack-d/, { cloudInitFailed: false });
  });

  it('tells what it is like, wrongs included', async () => {
    const params = {
      PORTS: '6443/tcp 8472/udp',
      PRIVATE_ADDRESS: host('rack-d').address,
      WRITE_TEST: true,
      WIREGUARD: true,
    };
    world.hosts.change(/rack-d/, { swap: true, portsInUse: ['6443 nginx'], fsyncMs: 40, firewall: 'ufw' });
    const facts = await run('rack-d', 'inspect-host', params);
    expect(facts).toMatchObject({
      swap_mib: '2048',
      ports: '6443/tcp=nginx',
      fsync_ms: '40.0',
      firewall: 'ufw',
      private_interface: 'eth0',
    });
    expect(Number(facts['time']) - Date.now() / 1000).toBeGreaterThan(3500);
    world.hosts.change(/rack-d/, { swap: false, portsInUse: [] });
    expect(await run('rack-f', 'inspect-host', params)).toMatchObject({
      k3s_left: expect.stringContaining('/usr/local/bin/k3s') as string,
    });
    const { files } = world.hosts.all().find(({ spec }) => spec.name === 'rack-d')!;
    files.mkdirs('/var/lib/rancher/k3s/storage/pvc-1');
    expect(await run('rack-d', 'inspect-host', params)).toMatchObject({ k3s_left: '' });
    files.install('/var/lib/rancher/k3s/storage/pvc-1/data', 'theirs\n');
    expect(await run('rack-d', 'inspect-host', params)).toMatchObject({ k3s_left: '/var/lib/rancher/k3s/storage' });
    files.removeTree('/var/lib/rancher');
  });

  it('belongs to one cluster at a time, and a reader never waits', async () => {
    const session = await connect('rack-b');
    expect(await session.run(claim('m1'), { signal })).toMatchObject({ changed: 'true' });
    expect(await session.run(claim('m1'), { signal })).toMatchObject({ changed: 'false' });
    await expect(session.run(claim('m9', 'c2'), { signal })).rejects.toThrow(/belongs to the cluster acme as m1/);
    expect(await run('rack-b', 'read-claim')).toMatchObject({ machine: 'm1', cluster: 'acme', pool: 'cp' });
  });

  it('is released at once although a start of k3s that nobody waits for any more is still under way', async () => {
    const session = await connect('rack-g');
    await session.run(claim('m7'), { signal });
    const starting = startServer('rack-g', 'server: https://192.0.2.1:6443\ntoken: t0\n');
    const ended = expect(starting).rejects.toMatchObject({ taskCode: 'STEPPED_ASIDE' });
    const progress: string[] = [];
    const { files } = world.hosts.all().find(({ spec }) => spec.name === 'rack-g')!;
    await expect.poll(() => files.exists('/var/lib/slipway/k3s.started'), { timeout: 20_000 }).toBe(true);
    const release = task('release-host', { MACHINE: 'm7', CLUSTER_ID: 'c1' });
    const released = session.run(release, { signal, progress: (text) => progress.push(text) });
    expect(await released).toMatchObject({ changed: 'true' });
    await ended;
    expect(progress[0]).toMatch(/^waiting for start-k3s, which runs here since/);
  });

  it('starts anew once', async () => {
    const before = host('rack-b').bootId;
    expect(await run('rack-b', 'reboot-host', { BOOT_ID: before })).toMatchObject({ boot_id: host('rack-b').bootId });
    expect(host('rack-b').bootId).not.toBe(before);
  });

  it('is as it was found after a cluster has released it', async () => {
    const before = host('rack-a').files;
    const session = await connect('rack-a');
    await session.run(claim('m2'), { signal });
    await startServer('rack-a', first('rack-a'));
    await run('rack-a', 'put-k3s-files', { FILES: `${'0'.repeat(64)} images.tar.zst`, OWNER: 'root' });
    await session.run(hold('rack-a', 100), { signal });
    expect(host('rack-a')).toMatchObject({ units: ['k3s'] });
    expect(host('rack-a').files).not.toEqual(before);
    expect(await run('rack-a', 'release-host', { MACHINE: 'm2', CLUSTER_ID: 'c1' })).toMatchObject({ changed: 'true' });
    expect(host('rack-a')).toMatchObject({ units: [], files: before });
    expect(await run('rack-a', 'release-host', { MACHINE: 'm2', CLUSTER_ID: 'c1' })).toMatchObject({
      changed: 'false',
    });
    world.snapshot();
    expect(world.k3s.clusters()).toEqual([]);
  });

  it('that lost power while it made etcd never starts again, until those files are put aside', async () => {
    const machine = world.hosts.all().find(({ spec }) => spec.name === 'rack-h')!;
    const { files } = machine;
    const member = '/var/lib/rancher/k3s/server/db/etcd/member';
    const cut = startServer('rack-h', first('rack-h')).catch(() => undefined);
    await expect.poll(() => files.exists(member), { interval: 1, timeout: 20_000 }).toBe(true);
    machine.powerOff();
    machine.powerOn();
    await cut;
    await expect(startServer('rack-h', first('rack-h'))).rejects.toMatchObject({ taskCode: 'NO_BOOTSTRAP_DATA' });
    const data = files.text(member);
    expect(await run('rack-h', 'begin-anew')).toEqual({ changed: 'true' });
    const [aside] = files.list('/var/lib/rancher/k3s/server/never-began');
    expect(files.text(`/var/lib/rancher/k3s/server/never-began/${aside}/db/etcd/member`)).toBe(data);
    await startServer('rack-h', first('rack-h'));
    // A server that has run is left alone, also when it is down.
    machine.stopUnit('k3s');
    await expect(run('rack-h', 'begin-anew')).rejects.toMatchObject({ taskCode: 'HOLDS_DATA' });
  });

  it('cannot join with a clock that is off by an hour, and joins once that is right', async () => {
    await startServer('rack-b', first('rack-b'));
    const started = startServer('rack-d', joining());
    const machine = world.hosts.all().find(({ spec }) => spec.name === 'rack-d')!;
    await expect
      .poll(() => machine.units.since('k3s', 0).join())
      .toContain('x509: certificate has expired or is not yet valid');
    world.hosts.change(/rack-d/, { clockSkewSeconds: 0 });
    await started;
  });

  it('says that its disk is full, and keeps saying so until somebody makes room', async () => {
    await run('rack-e', 'prepare-host', { BLOCK_METADATA: true });
    await expect(startServer('rack-e', joining())).rejects.toThrow(/space/);
    await expect(run('rack-e', 'prepare-host', { BLOCK_METADATA: false })).resolves.toBeDefined();
    await expect(startServer('rack-e', joining())).rejects.toThrow(/space/);
    world.hosts.change(/rack-e/, { diskFullAfterBytes: null });
    await startServer('rack-e', joining());
  });

  it('does not start a k3s on the data of another cluster', async () => {
    await expect(startServer('rack-f', first('rack-f'))).rejects.toThrow(/another token/);
  });
});

describe('an address that servers take turns at', () => {
  const holder = (): string | undefined =>
    world.hosts.all().find(({ id }) => id === world.k3s.addresses.holderOf(freeAddress))?.spec.name;
  /** What the API says at the address, from this very computer. */
  const ping = (): Promise<string> =>
    new Promise((resolve) => {
      get(`https://${freeAddress}:6443/ping`, { agent: false, rejectUnauthorized: false }, (answer) => {
        answer.on('data', (data: Buffer) => resolve(data.toString()));
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        // An answer that is cut off is told of in no other way.
        .on('close', () => resolve(''));
    });

  it('is answered by the well server with the highest priority, and moves when that one dies or is cut off', async () => {
    for (const [index, name] of ['rack-b', 'rack-d', 'rack-e'].entries())
      await (await connect(name)).run(hold(name, 200 - index), { signal });
    expect([holder(), await ping()]).toEqual(['rack-b', 'pong']);
    expect(await run('rack-b', 'observe')).toMatchObject({ api_hold: 'keepalived abc' });
    const id = world.hosts.all().find(({ spec }) => spec.name === 'rack-b')!.id;
    world.machines.cutOff(id, true);
    expect(await ping()).toBe('ECONNREFUSED');
    await expect.poll(holder).toBe('rack-d');
    expect(await ping()).toBe('pong');
    world.machines.cutOff(id, false);
    world.machines
      .all()
      .find(({ spec }) => spec.name === 'rack-d')!
      .powerOff();
    await expect.poll(holder).toBe('rack-b');
    await expect.poll(ping).toBe('pong');
  });
});

describe('an SSH session that breaks off', () => {
  const half = 'set -eu\nexport TASK=';
  it.each<[string, (client: ssh2.Client, channel: ssh2.ClientChannel) => void]>([
    ['in the middle of a script', (client, channel) => channel.write(half, () => client.destroy())],
    ['right after its end', (client, channel) => channel.end(half, () => client.destroy())],
    ['with its channel closed first', (client, channel) => (channel.write(half), channel.close(), client.end())],
  ])('%s ends nothing but itself', async (_, breakOff) => {
    const { address, port } = host('rack-g');
    const client = new ssh2.Client();
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    client.on('error', () => {});
    client.on('ready', () =>
      client.exec('sh -s', (error, channel) => {
        if (error) throw error;
        channel.on('error', () => {});
        breakOff(client, channel);
      }),
    );
    client.connect({ host: address, port, username: 'root', privateKey: owner.privateKey.reveal() });
    await closed;
    expect(await run('rack-g', 'observe', {})).toBeDefined();
  });
});
