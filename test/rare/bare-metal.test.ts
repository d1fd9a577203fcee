import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
let rack: BareHosts;
/** Files of each host before anything was done. */
let found: Map<string, readonly string[]>;

/** Writes the cluster file over these hosts; the rest of a command line that uses it. */
function file(hosts: readonly string[], { servers = 3, workers = 2, name = 'steel' } = {}): string[] {
  const listed = hosts.map((host) => {
    const { address, port, user, hostKey } = rack.hosts.find((one) => one.name === host)!;
    return { name: host, address, port, user, hostKey, type: host.slice(0, 1) === 's' ? 'big' : 'small' };
  });
  const spec = {
    name,
    provider: { name: 'ssh', identity: rack.keyFile, hosts: listed },
    kubernetes: { api: { address: rack.freeAddress } },
    controlPlane: { count: servers, type: 'big' },
    pools: [{ name: 'web', count: workers, type: 'small' }],
    preflight: { accept: ['time'] },
  };
  writeFileSync(join(cli.home, `${name}.yaml`), stringify(spec));
  return ['-f', `${name}.yaml`];
}
const apply = (...args: Parameters<typeof file>) =>
  cli.run(['cluster', 'apply', ...file(...args), '--yes', '--progress', 'plain']);
const plan = async (...args: Parameters<typeof file>) =>
  (await cli.run(['cluster', 'plan', ...file(...args), '--detailed-exitcode'])).code;
interface Status {
  readonly api: { readonly reachable: boolean };
  readonly etcd: { readonly voters: number };
  readonly machines: readonly { readonly name: string; readonly node?: { readonly ready: boolean } }[];
}
const status = async (): Promise<Status> =>
  JSON.parse((await cli.run(['cluster', 'status', 'steel', '--json'])).out) as Status;
const allReady = async (): Promise<boolean> => {
  const { api, machines } = await status();
  return api.reachable && machines.every(({ node }) => node?.ready);
};
const now = async (name: string) => (await rack.now()).find((host) => host.name === name)!;
/** What the API says at the address that servers hold, with the cluster's own authority. */
const ping = (): Promise<string> =>
  new Promise((resolve) => {
    const kubeconfig = readFileSync(join(cli.home, 'ws', 'clusters', 'steel', 'kubeconfig'), 'utf8');
    const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(kubeconfig)![1]!, 'base64');
    get(`https://${rack.freeAddress}:6443/ping`, { agent: false, ca }, (answer) => {
      answer.on('data', (data: Buffer) => resolve(data.toString()));
    }).on('error', (error) => resolve(error.message));
  });

const first = ['s1', 's2', 's3', 'w1', 'w2'];

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  rack = await BareHosts.order(cli, [
    ...['s1', 's2', 's3', 's4', 's5'].map((name) => ({ name, user: name === 's2' ? 'ops' : 'root' })),
    ...['w1', 'w2', 'w3'].map((name) => ({ name })),
  ]);
  found = new Map(rack.hosts.map(({ name, files }) => [name, files]));
});
afterAll(() => cli.close());

describe('a server that cannot take part', () => {
  it('is stopped by a token that the cluster does not take: said at once, and the others go on', async () => {
    await rack.change('^w2$', { wrongToken: true });
    const run = await apply(first);
    expect(run.code, run.err).toBe(4);
    expect(run.err).toMatch(/web-\d.*(does not take the token|token)/);
    const { machines } = await status();
    expect(machines.filter(({ node }) => node?.ready)).toHaveLength(4);
    await rack.change('^w2$', { wrongToken: false });
    const again = await apply(first);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await plan(first)).toBe(0);
  });
});

describe('three servers and two agents on hosts that stood there', () => {
  it('answer at the address that the servers hold', async () => {
    expect(await status()).toMatchObject({ api: { reachable: true }, etcd: { voters: 3 } });
    expect(await ping()).toBe('pong');
  });

  it('go on answering there when a server dies, and a host that stood by becomes the third voter', async () => {
    await rack.act('kill', '^s1$');
    await expect.poll(ping).toBe('pong');
    const next = ['s2', 's3', 's4', 'w1', 'w2'];
    const run = await apply(next);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ etcd: { voters: 3 } });
    expect(await plan(next)).toBe(0);
  });

  it('release the dead one when it comes back, and have it stand by', async () => {
    await rack.act('start', '^s1$');
    const all = ['s1', 's2', 's3', 's4', 'w1', 'w2'];
    const run = await apply(all);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect((await now('s1')).files).toEqual(found.get('s1'));
    expect(await status()).toMatchObject({ etcd: { voters: 3 } });
    expect(await plan(all)).toBe(0);
  });

  it('come back by themselves after all were started anew at once', async () => {
    const boots = async () => new Map((await rack.now()).map(({ name, bootId }) => [name, bootId]));
    const before = await boots();
    await rack.act('reboot', '^(s[234]|w[12])$');
    await expect.poll(async () => (await boots()).get('s4') !== before.get('s4')).toBe(true);
    await expect.poll(allReady, { interval: 300 }).toBe(true);
    await expect.poll(ping).toBe('pong');
  });

  it('wait for one that never votes until they are told to stop, and finish once it does', async () => {
    const other = ['s5', 's2', 's3', 'w1', 'w2'];
    await rack.change('^s5$', { neverVotes: true });
    const running = cli.start(['cluster', 'apply', ...file(other), '--yes', '--progress', 'plain']);
    let said = '';
    running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said).toMatch(/join as a server/);
    // Its unit is not ready before it votes.
    await expect
      .poll(async () => (await now('s5')).files.join('\n'))
      .toMatch(/^\/etc\/systemd\/system\/k3s\.service /m);
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(130);
    await rack.change('^s5$', { neverVotes: false });
    await rack.act('reboot', '^s5$');
    const again = await apply(other);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ etcd: { voters: 3 } });
  });

  it('leave every host as it was found', async () => {
    expect((await cli.run(['cluster', 'delete', 'steel', '--yes', '--confirm', 'steel'])).code).toBe(0);
    for (const { name, files, units } of await rack.now()) {
      expect(units, name).toEqual([]);
      expect(files, name).toEqual(found.get(name));
    }
    expect((await cli.run(['cluster', 'list', '--json'])).out).not.toContain('"steel"');
  });
});
