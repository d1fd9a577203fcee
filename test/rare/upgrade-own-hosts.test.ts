import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { releaseFolder } from '../support/bundles.js';
import { Cli, type Run } from '../support/cli.js';

const old = 'v1.35.9+k3s1';
const next = 'v1.36.5+k3s1';
const servers = ['s1', 's2', 's3'];
const cli = new Cli();
let rack: BareHosts;

/** Writes the cluster file: three servers that take turns at an address and a worker, k3s from this release's bundle. */
function file(version: string, bundle: string): void {
  const hosts = rack.hosts.map(({ name, address, port, user, hostKey }) => ({
    ...{ name, address, port, user, hostKey },
    type: servers.includes(name) ? 'big' : 'small',
  }));
  const spec = {
    name: 'steel',
    provider: { name: 'ssh', identity: rack.keyFile, hosts },
    kubernetes: { version, bundle: join(cli.home, bundle), api: { address: rack.freeAddress } },
    controlPlane: { count: 3, type: 'big' },
    pools: [{ name: 'web', count: 1, type: 'small' }],
    network: { encryption: 'none' },
    preflight: { accept: ['time'] },
  };
  writeFileSync(join(cli.home, 'steel.yaml'), stringify(spec));
}
async function bundleOf(version: string): Promise<void> {
  const from = releaseFolder(join(cli.home, `release-${version}`), { version });
  const made = await cli.run([
    ...['bundle', 'create', '--k3s-version', version],
    '--from',
    from,
    '--out',
    join(cli.home, version),
  ]);
  expect(made, made.err).toMatchObject({ code: 0 });
}
const upgrade = (to: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'upgrade', 'steel', '--to', to, ...args], env);
interface Status {
  readonly machines: readonly {
    readonly name: string;
    readonly host: string;
    readonly node?: { readonly version: string; readonly ready: boolean };
  }[];
}
const machines = async (): Promise<Status['machines']> =>
  (JSON.parse((await cli.run(['cluster', 'status', 'steel', '--json'])).out) as Status).machines;
const releases = async (): Promise<readonly (string | undefined)[]> => [
  ...new Set((await machines()).map(({ node }) => node?.version)),
];
/** The places of the servers, in the order in which they would be changed. */
const turns = async (): Promise<readonly string[]> => {
  const { out, err, code } = await upgrade(next, ['--dry-run']);
  expect(code, err).toBe(0);
  return [...out.matchAll(/~ (cp-\d) +drain it, and bring it/g)].map(([, place]) => place!);
};

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  // Nothing can be downloaded: all they get comes from the bundle.
  rack = await BareHosts.order(
    cli,
    [...servers, 'w1'].map((name) => ({ name, facts: { offline: name === 'w1' } })),
  );
  await bundleOf(old);
  await bundleOf(next);
  file(old, old);
  const made = await cli.run(['cluster', 'create', '-f', 'steel.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

describe('`cluster upgrade` on hosts of one’s own', () => {
  it('comes last to the server that holds the API’s address, whichever that is', async () => {
    file(old, next);
    const first = await turns();
    expect([...first].sort()).toEqual(['cp-1', 'cp-2', 'cp-3']);
    const holder = first.at(-1)!;
    const { host } = (await machines()).find(({ name }) => name.startsWith(`steel-${holder}-`))!;
    await rack.act('kill', `^${host}$`);
    const away = { timeout: 60_000 };
    await expect.poll(async () => (await machines()).filter(({ node }) => node?.ready).length, away).toBe(3);
    await rack.act('start', `^${host}$`);
    await expect.poll(async () => (await machines()).filter(({ node }) => node?.ready).length, away).toBe(4);
    // It keeps the address that took it.
    expect((await turns()).at(-1)).not.toBe(holder);
  }, 180_000);

  it('takes the release from a bundle, which holds no other, and goes on when it is killed at each use of it', async () => {
    const other = await upgrade('v1.36.6+k3s1', ['--yes']);
    expect(other.code, other.err).toBe(2);
    expect(other.err).toContain('v1.36.6+k3s1');
    const far = await upgrade('v1.37.1+k3s1', ['--yes'], { SLIPWAY_K3S_CHANNELS: 'http://127.0.0.1:1/' });
    expect(far.code, far.err).toBe(2);
    const anew = await upgrade(next, ['--strategy', 'replace', '--yes']);
    expect(anew).toMatchObject({ code: 2, err: expect.stringContaining('makes no machines') as string });
    const aside = await upgrade(next, ['--undrainable', 'quarantine', '--yes']);
    expect(aside).toMatchObject({ code: 2, err: expect.stringContaining('no other takes the place') as string });
    expect(await releases()).toEqual([old]);
    const order = await turns();
    const points = [
      { when: 'before', kind: 'ssh', what: `steel-${order[0]!}\\S* put-k3s-files` },
      { when: 'after', kind: 'ssh', what: `steel-${order[0]!}\\S* put-k3s-files` },
      { when: 'after', kind: 'ssh', what: `steel-${order[1]!}\\S* install-k3s` },
      { when: 'before', kind: 'ssh', what: `steel-${order[2]!}\\S* start-k3s` },
      { when: 'after', kind: 'ssh', what: 'steel-web-1\\S* put-k3s-files' },
    ];
    for (const point of points) {
      const killed = await upgrade(next, ['--yes'], {
        SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]),
      });
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await upgrade(next, ['--yes']);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await releases()).toEqual([next]);
    const nothing = await upgrade(next, ['--yes']);
    expect(nothing.out).toContain(`No changes. Every node of steel runs ${next}.`);
    expect(await cli.run(['cluster', 'plan', 'steel', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 300_000);
});
