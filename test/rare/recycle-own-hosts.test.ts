import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
let rack: BareHosts;

interface Status {
  readonly etcd: { readonly members: number; readonly voters: number };
  readonly machines: readonly {
    readonly name: string;
    readonly host: string;
    readonly node?: { readonly ready: boolean };
  }[];
}
const status = async (): Promise<Status> =>
  JSON.parse((await cli.run(['cluster', 'status', 'steel', '--json'])).out) as Status;
/** Which host is in which place. */
const hostOf = async (place: string): Promise<string> =>
  (await status()).machines.find(({ name }) => name.startsWith(`steel-${place}-`))!.host;

/** Writes the cluster file over these hosts: servers whose names begin with `s`, workers with `w`. */
function file(hosts: readonly string[], servers = 3): void {
  const listed = hosts.map((host) => {
    const { address, port, user, hostKey } = rack.hosts.find((one) => one.name === host)!;
    return { name: host, address, port, user, hostKey, type: host.startsWith('s') ? 'big' : 'small' };
  });
  const spec = {
    name: 'steel',
    provider: { name: 'ssh', identity: rack.keyFile, hosts: listed },
    kubernetes: { api: { address: rack.freeAddress } },
    controlPlane: { count: servers, type: 'big' },
    pools: [{ name: 'web', count: 1, type: 'small' }],
    preflight: { accept: ['time'] },
  };
  writeFileSync(join(cli.home, 'steel.yaml'), stringify(spec));
}
const recycle = (...args: string[]) => cli.run(['cluster', 'recycle', 'steel', ...args]);
/** The places of the servers, in the order in which they would go. */
const turns = async (): Promise<readonly string[]> =>
  [...(await recycle('--dry-run')).out.matchAll(/- (cp-\d) /g)].map(([, place]) => place!);

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  rack = await BareHosts.order(
    cli,
    ['s1', 's2', 's3', 's4', 'w1', 'w2'].map((name) => ({ name })),
  );
  file(['s1', 's2', 's3', 's4', 'w1', 'w2']);
  const made = await cli.run(['cluster', 'create', '-f', 'steel.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

describe('`cluster recycle` on hosts of one’s own', () => {
  it('takes a spare host first, which the one that it frees then is for the next', async () => {
    expect(await hostOf('cp-3')).toBe('s3');
    const dry = await recycle('--dry-run');
    expect(dry.out).toMatch(/- cp-3 +take a host, join it; drain steel-cp-3-\w+ and release it/);
    const done = await recycle('--yes');
    expect(done, done.err).toMatchObject({ code: 0 });
    expect([await hostOf('cp-3'), await hostOf('cp-2'), await hostOf('cp-1')]).toEqual(['s4', 's3', 's2']);
    expect(await hostOf('web-1')).toBe('w2');
    const { etcd, machines } = await status();
    expect(etcd).toMatchObject({ members: 3, voters: 3 });
    expect(machines.every(({ node }) => node?.ready)).toBe(true);
    expect(await cli.run(['cluster', 'plan', 'steel', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 240_000);

  it('has a node leave its host before that is taken anew where there is no spare one and etcd can miss it', async () => {
    file(['s2', 's3', 's4', 'w2']);
    const created = async () => (await rack.now()).map(({ name, files }) => [name, files.join('\n')]);
    const before = await created();
    const dry = await recycle('--dry-run');
    expect(dry.out).toMatch(/- cp-3 +drain steel-cp-3-\w+ and release it; take a host and join it/);
    expect(dry.out).toMatch(/- web-1 +drain steel-web-1-\w+ and release it; take a host and join it/);
    const done = await recycle('--yes', '--json');
    expect(done, done.err).toMatchObject({ code: 0 });
    const { replaced } = JSON.parse(done.out) as { replaced: { slot: string }[] };
    expect(replaced.map(({ slot }) => slot).sort()).toEqual(['cp-1', 'cp-2', 'cp-3', 'web-1']);
    expect((await status()).etcd).toMatchObject({ members: 3, voters: 3 });
    expect(await created()).not.toEqual(before);
    expect(await cli.run(['cluster', 'plan', 'steel', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 240_000);

  it('takes the server last that holds the API’s address now', async () => {
    const holder = (await turns()).at(-1)!;
    // Another one takes the address while it is gone, and keeps it.
    await rack.act('reboot', `^${await hostOf(holder)}$`);
    const patience = { timeout: 100_000 };
    await expect.poll(async () => (await turns()).at(-1) ?? holder, patience).not.toBe(holder);
    await expect
      .poll(async () => (await status()).machines.map(({ node }) => node?.ready), patience)
      .toEqual([true, true, true, true]);
  }, 240_000);

  it('killed while a host is nobody’s is finished by the same command', async () => {
    const [, ...rest] = await turns();
    const order = { when: 'before', kind: 'ssh', what: 'claim-host', act: 'kill' };
    const killed = await cli.run(['cluster', 'recycle', 'steel', '--pool', 'cp', '--yes'], {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]),
    });
    expect(killed.code, killed.err).not.toBe(0);
    expect((await status()).etcd).toMatchObject({ members: 2, voters: 2 });
    const again = await cli.run(['cluster', 'recycle', 'steel', '--pool', 'cp', '--yes', '--json']);
    expect(again, again.err).toMatchObject({ code: 0 });
    const { replaced } = JSON.parse(again.out) as { replaced: { slot: string }[] };
    expect(replaced.map(({ slot }) => slot).sort()).toEqual([...rest].sort());
    expect((await status()).etcd).toMatchObject({ members: 3, voters: 3 });
  }, 240_000);

  it('killed while a host is nobody’s is finished by the same command also where that names the node', async () => {
    const { machines } = await status();
    const web = machines.find(({ name }) => name.startsWith('steel-web-1-'))!.name;
    const order = { when: 'before', kind: 'ssh', what: 'claim-host', act: 'kill' };
    const killed = await cli.run(['cluster', 'recycle', 'steel', '--node', web, '--yes'], {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]),
    });
    expect(killed.code, killed.err).not.toBe(0);
    expect((await status()).machines).toHaveLength(3);
    const again = await recycle('--node', web, '--yes');
    expect(again, again.err).toMatchObject({ code: 0 });
    expect((await status()).machines.map(({ node }) => node?.ready)).toEqual([true, true, true, true]);
    expect(await cli.run(['cluster', 'plan', 'steel', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 240_000);

  it('is refused for the only server without a spare host, with the reason, and uses one that is there', async () => {
    file(['s2', 's3', 's4', 'w2'], 1);
    const smaller = await cli.run(['cluster', 'apply', 'steel', '--yes']);
    expect(smaller, smaller.err).toMatchObject({ code: 0 });
    const all = ['s2', 's3', 's4', 'w2'];
    const own = await hostOf('cp-1');
    file([own, 'w2'], 1);
    const { code, out } = await recycle('--yes', '--json');
    const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string } };
    expect(code).toBe(3);
    expect(error.code).toBe('RECYCLE_BLOCKED');
    expect(error.message).toMatch(/steel-cp-1-\w+ is the only server/);
    expect(error.hint).toContain('Add a spare host for the control plane to provider.hosts');
    expect((await recycle('--pool', 'web', '--yes')).code).toBe(0);
    file(all, 1);
    const done = await recycle('--pool', 'cp', '--yes');
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await hostOf('cp-1')).not.toBe(own);
    expect((await status()).etcd).toMatchObject({ members: 1, voters: 1 });
    expect(await cli.run(['cluster', 'plan', 'steel', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 240_000);
});
