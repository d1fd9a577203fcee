import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { HostView } from '../../providers/sandbox/index.js';
import { generateKeyPair } from '../../src/remote/index.js';
import { BareHosts } from '../support/bare-hosts.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
/** Hosts of this computer answer at once, or not at all. */
const patience = { SLIPWAY_SSH_PATIENCE: '2' };
let hosts: BareHosts;
/** Files of each host before anything was done. */
let fresh: Map<string, readonly string[]>;

interface Asked {
  readonly name?: string;
  /** Names of hosts in the file, in their order. */
  readonly list: readonly string[];
  readonly workers?: number;
  readonly accept?: readonly string[];
  /** Changes to entries. */
  readonly change?: Readonly<Record<string, object>>;
}

/** Writes the cluster file; the rest of a command line that uses it. */
function file({ name = 'metal', list, workers = 1, accept = [], change = {} }: Asked): string[] {
  const entries = list.map((desired) => {
    const { address, port, user, hostKey } = hosts.hosts.find((one) => one.name === desired)!;
    return { name: desired, address, port, user, hostKey, ...change[desired] };
  });
  const spec = {
    name,
    provider: { name: 'ssh', identity: hosts.keyFile, hosts: entries },
    controlPlane: { count: 1 },
    pools: [{ name: 'web', count: workers }],
    preflight: { accept },
  };
  writeFileSync(join(cli.home, `${name}.yaml`), stringify(spec));
  return ['-f', `${name}.yaml`];
}
const plain = ['--yes', '--progress', 'plain'];
const apply = (asked: Asked) => cli.run(['cluster', 'apply', ...file(asked), ...plain], patience);
const plan = (asked: Asked) => cli.run(['cluster', 'plan', ...file(asked), '--detailed-exitcode'], patience);
const failure = async (args: readonly string[]) => {
  const { code: exit, out } = await cli.run([...args, '--json'], patience);
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details?: string[] } };
  return { ...error, exit };
};
const now = async (name: string): Promise<HostView> => (await hosts.now()).find((one) => one.name === name)!;
/** Whether the node in that place of the cluster is Ready. */
const ready = async (slot: string): Promise<boolean | undefined> => {
  const { out } = await cli.run(['cluster', 'status', 'metal', '--json'], patience);
  const { machines } = JSON.parse(out) as { machines: { name: string; node?: { ready: boolean } }[] };
  return machines.find(({ name }) => name.includes(`-${slot}-`))?.node?.ready;
};
/** What is on a host that was not there at first. */
const added = async (name: string): Promise<string[]> =>
  (await now(name)).files.filter((line) => !fresh.get(name)!.includes(line)).map((line) => line.split(' ')[0]!);

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  hosts = await BareHosts.order(cli, [
    // What cloud-init once met on a host is its owner's affair.
    ...['a', 'b', 'c', 'd'].map((name) => ({ name, facts: { cloudInitFailed: name !== 'b' } })),
    { name: 'ops', user: 'ops' },
    { name: 'nosudo', user: 'ops', facts: { sudoRefused: true } },
    {
      name: 'bad',
      facts: {
        cgroup: 'v1',
        memoryMiB: 256,
        portsInUse: ['10250 nginx'],
        firewall: 'ufw',
        clockSkewSeconds: -3600,
        swap: true,
      },
    },
    { name: 'old', facts: { leftoverK3s: true } },
    { name: 'ancient', facts: { noSystemd: true } },
  ]);
  fresh = new Map(hosts.hosts.map(({ name, files }) => [name, files]));
});
afterAll(() => cli.close());

describe('what is wrong with hosts', () => {
  it('is said of all of them at once, each with its remedy, before anything is changed', async () => {
    const error = await failure([
      'cluster',
      'create',
      ...file({ list: ['bad', 'old', 'ancient'], workers: 2 }),
      '--yes',
    ]);
    expect(error).toMatchObject({ code: 'PREFLIGHT', exit: 3 });
    const text = error.details!.join('\n');
    for (const said of [
      /bad \(.*control groups of version 1/,
      /bad \(.*0\.3 GiB of memory/,
      /bad \(.*10250\/tcp \(nginx\)/,
      /bad \(.*ufw/,
      /bad \(.*60 minutes behind/,
      /old \(.*earlier k3s/,
      /ancient \(.*not started by systemd/,
    ])
      expect(text).toMatch(said);
    expect(error.details!.filter((line) => line.startsWith('  → '))).toHaveLength(error.details!.length / 2);
    for (const name of ['bad', 'old', 'ancient']) expect(await added(name)).toEqual([]);
  });

  it('can be gone on with, where the file says so knowingly', async () => {
    const accept = ['cgroup-v1', 'memory', 'ports', 'firewall', 'time'];
    const { code, err, out } = await plan({ list: ['a', 'bad'], accept });
    expect(code, err).toBe(5);
    expect(out).toMatch(/take a \(127\.77\./);
    expect(err).toContain('Gone on with, since preflight.accept has cgroup-v1');
    expect(err).toContain('swap');
  });

  it('is a key that is not the one of the file: both are named, and nothing was sent', async () => {
    const other = generateKeyPair('other').publicKey;
    const args = file({ list: ['a', 'b'], change: { a: { hostKey: other } } });
    const error = await failure(['cluster', 'create', ...args, '--yes']);
    expect(error).toMatchObject({ code: 'HOST_KEY_MISMATCH', exit: 3 });
    expect(error.message.match(/SHA256:/g)!.length).toBeGreaterThanOrEqual(2);
    expect(error.hint).toContain('slipway host scan');
    expect(await cli.run(['host', 'scan', ...args])).toMatchObject({
      code: 3,
      out: expect.stringContaining('DIFFERS') as string,
    });
  });

  it('is a user who may not become root', async () => {
    const error = await failure(['cluster', 'create', ...file({ list: ['a', 'nosudo'] }), '--yes']);
    expect(error).toMatchObject({ exit: 3, hint: expect.stringContaining('NOPASSWD') as string });
    expect(error.message).toContain('nosudo');
  });

  it('is one that does not answer, of which nobody knows what it does', async () => {
    await hosts.act('cutOff', '^b$');
    const error = await failure(['cluster', 'create', ...file({ list: ['a', 'b'] }), '--yes']);
    await hosts.act('reconnect', '^b$');
    expect(error).toMatchObject({
      code: 'SSH_UNREACHABLE',
      exit: 3,
      hint: expect.stringContaining('take it out') as string,
    });
    expect(await added('a')).toEqual([]);
  });
});

describe('the life of a cluster on hosts of one’s own', () => {
  const asked: Asked = { list: ['a', 'ops', 'c'] };

  it('is made of the first that fit, with no price, and then needs nothing', async () => {
    const before = await plan(asked);
    expect(before.out).toMatch(/take a \(.*\n(.*\n)*.*take ops \(/);
    expect(before.out).not.toMatch(/a month/);
    const run = await apply(asked);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(await plan(asked)).toMatchObject({ code: 0 });
    expect(await added('a')).toContain('/etc/slipway/claim');
    expect(await added('c')).toEqual([]);
    const a = await now('a');
    expect(a.hostKey).toBe(hosts.hosts.find(({ name }) => name === 'a')!.hostKey);
  });

  it('has a disk of etcd’s own told that is nearly full, which no kubelet watches, by plan, apply, create and status', async () => {
    await hosts.change('^a$', { etcdDiskFreeMiB: 3 });
    const warning = /metal-cp-1-\w+ has 3 MiB left on the disk of \/var\/lib\/rancher\/k3s\/server\/db/g;
    const create = ['cluster', 'create', ...file(asked), ...plain];
    const runs = [
      () => plan(asked),
      () => apply(asked),
      () => cli.run(create),
      () => cli.run(['cluster', 'status', 'metal']),
    ];
    for (const [index, run] of runs.entries()) {
      const { code, out, err } = await run();
      expect(code, err).toBe(0);
      expect((out + err).match(warning), String(index)).toHaveLength(1);
    }
    await hosts.change('^a$', { etcdDiskFreeMiB: 600 });
    expect((await plan(asked)).err).not.toContain('left on the disk');
    await hosts.change('^a$', { etcdDiskFreeMiB: null });
  });

  it('is told with its machines, also when what was remembered is gone', async () => {
    rmSync(join(cli.home, 'ws', 'state', 'ssh'), { recursive: true, force: true });
    const { out } = await cli.run(['cluster', 'status', 'metal', '--json']);
    const { machines } = JSON.parse(out) as { machines: { name: string; status: string }[] };
    expect(machines.map(({ status }) => status)).toEqual(['running', 'running']);
    const shown = await cli.run(['cluster', 'status', 'metal']);
    expect(shown.out).toMatch(/MACHINE +POOL +HOST +STATUS/);
    expect(shown.out).toMatch(/web +ops +running/);
  });

  it('is not disturbed by another that wants the same hosts', async () => {
    const error = await failure(['cluster', 'create', ...file({ ...asked, name: 'greedy' }), '--yes']);
    expect(error).toMatchObject({ code: 'HOST_TAKEN', exit: 3 });
    expect(error.message).toContain('belongs to the cluster metal as');
    expect(error.hint).toContain('slipway cluster delete');
  });

  it('goes on where it can while one host is silent, and the same command finishes', async () => {
    await hosts.act('cutOff', '^ops$');
    const more = { list: ['a', 'ops', 'c', 'd'], workers: 3 };
    await expect.poll(() => ready('web-1')).toBe(false);
    const first = await apply(more);
    expect(first.code).toBe(4);
    expect(first.err).toContain('does not answer');
    expect(first.err).toContain('log in (2'); // and not after the 15 s that others have
    expect([await ready('web-1'), await ready('web-2'), await ready('web-3')]).toEqual([false, true, true]);
    await hosts.act('reconnect', '^ops$');
    const again = await apply(more);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await plan(more)).toMatchObject({ code: 0 });
  });

  it('replaces a host that left the file, and releases it as it was found, whatever becomes of another', async () => {
    const next = { list: ['a', 'b', 'c', 'd'], workers: 3 };
    const told = await cli.run(['cluster', 'plan', ...file(next), '--json'], patience);
    expect((JSON.parse(told.out) as { outdated: unknown }).outdated).toMatchObject([
      { slot: 'web-1', reasons: [{ reason: 'marked' }], remedy: 'replace', needs: ['cluster apply'] },
    ]);
    await hosts.act('cutOff', '^d$');
    await expect.poll(() => ready('web-3')).toBe(false);
    const first = await apply(next);
    expect(first, first.err).toMatchObject({ code: 4 });
    expect(await added('ops')).toEqual([]);
    await hosts.act('reconnect', '^d$');
    const run = await apply(next);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect((await now('ops')).units).toEqual([]);
    expect(await added('b')).toContain('/etc/slipway/claim');
    expect(await plan(next)).toMatchObject({ code: 0 });
  });

  it('replaces a host that is gone for good with one that stands by', async () => {
    await hosts.act('kill', '^d$');
    const next = { list: ['a', 'b', 'c', 'ops'], workers: 3 };
    const run = await apply(next);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(run.err).toContain('does not answer and is given up');
    expect(await plan(next)).toMatchObject({ code: 0 });
    await hosts.act('start', '^d$');
  });

  it('does not forget a silent host when it is deleted, unless told that it is lost', async () => {
    await hosts.act('cutOff', '^c$');
    const run = await cli.run(['cluster', 'delete', 'metal', '--yes', '--confirm', 'metal'], patience);
    expect(run, run.err).toMatchObject({ code: 4 });
    expect(run.err).toContain('SLIPWAY_LOST_HOSTS=c');
    expect(run.err).toContain('release a');
    for (const name of ['a', 'b', 'ops']) expect(await added(name), name).toEqual([]);
    await hosts.act('reconnect', '^c$');
    expect(await cli.run(['cluster', 'delete', 'metal', '--yes', '--confirm', 'metal'], patience)).toMatchObject({
      code: 0,
    });
    expect(await added('c')).toEqual([]);
    expect((await hosts.now()).flatMap(({ name, units }) => (name === 'd' ? [] : units))).toEqual([]);
  });
});

describe('slipway host scan', () => {
  it('writes the keys it was told are right, and asks again no more', async () => {
    const args = file({ list: ['a', 'b'] });
    const path = join(cli.home, 'metal.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^ +hostKey:.*\n(?: +AAAA.*\n)?/gm, ''));
    expect(await cli.run(['cluster', 'plan', ...args])).toMatchObject({ code: 2 });
    expect(await cli.run(['host', 'scan', ...args, '--write'])).toMatchObject({ code: 2 });
    expect(await cli.run(['host', 'scan', ...args, '--write', '--yes'])).toMatchObject({ code: 0 });
    const { out, code } = await cli.run(['host', 'scan', ...args, '--json']);
    expect(code).toBe(0);
    expect((JSON.parse(out) as { hosts: { state: string }[] }).hosts.map(({ state }) => state)).toEqual([
      'known',
      'known',
    ]);
  });
});
