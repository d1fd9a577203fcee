import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';

const kubectl = client('kubectl');
const cli = new Cli();
const shape = ['--control-planes', '3', '--workers', '3', '--yes', '--json'];
let created: Run;

beforeAll(async () => {
  created = await cli.run(['cluster', 'create', 'demo', ...shape]);
});
afterAll(() => cli.close());

describe('a cluster made with one command', () => {
  it('is answered with one JSON object', () => {
    expect(created.err).toContain('using the sandbox');
    expect(created.code).toBe(0);
    expect(JSON.parse(created.out)).toMatchObject({ cluster: 'demo', provider: 'sandbox' });
  });

  it.skipIf(kubectl === undefined)('has six Ready nodes for the real kubectl', async () => {
    const { out } = await cli.run(['cluster', 'kubeconfig', 'demo']);
    const path = join(cli.home, 'kubeconfig');
    writeFileSync(path, out, { mode: 0o600 });
    const nodes = execFileSync(kubectl!, ['--kubeconfig', path, 'get', 'nodes', '--no-headers'], { encoding: 'utf8' });
    expect(nodes.match(/ Ready /g)).toHaveLength(6);
  });

  it('needs nothing more right after, and create again changes nothing', async () => {
    expect((await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).code).toBe(0);
    const again = await cli.run(['cluster', 'create', 'demo', ...shape]);
    expect(JSON.parse(again.out)).toMatchObject({ changed: 0 });
  });

  it('tells its health', async () => {
    const { out } = await cli.run(['cluster', 'status', 'demo', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      api: { reachable: true },
      etcd: { members: 3, voters: 3, needed: 2, spare: 1 },
      differs: [],
    });
  });

  it('lets plain OpenSSH in with the cluster’s key and pinned host key', async () => {
    const { code, out } = await cli.run(['cluster', 'ssh', 'demo', 'workers-1', '--', 'hostname']);
    expect(code).toBe(0);
    expect(out).toMatch(/^demo-workers-1-/);
  });

  it('grows and shrinks by exactly what is asked', async () => {
    const names = async (): Promise<string[]> => (await cli.cloud('servers')).map(({ name }) => name).sort();
    const before = await names();
    expect((await cli.run(['pool', 'scale', 'demo', 'workers', '--count', '4', '--yes'])).code).toBe(0);
    const grown = await names();
    expect(grown.filter((name) => !before.includes(name))).toEqual([expect.stringMatching(/^demo-workers-4-/)]);
    expect((await cli.run(['pool', 'scale', 'workers', '-c', 'demo', '--count', '3', '--yes'])).code).toBe(0);
    expect(await names()).toEqual(before);
    const asks = await cli.run(['pool', 'scale', 'workers', '-c', 'demo', '--count', '1']);
    expect(asks).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    expect(await names()).toEqual(before);
  });

  it('comes back by itself after all machines rebooted at once', async () => {
    const sandbox = await cli.sandbox();
    const boots = async () =>
      (await sandbox.call<{ machines: { bootId: string; power: string }[] }>('GET', 'machines')).machines;
    const before = new Set((await boots()).map(({ bootId }) => bootId));
    await sandbox.call('POST', 'machines', { act: 'reboot' });
    await expect
      .poll(async () => (await boots()).every(({ bootId, power }) => power === 'running' && !before.has(bootId)))
      .toBe(true);
    await expect
      .poll(
        async () => {
          const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
            api: { reachable: boolean };
            machines: { node?: { ready: boolean } }[];
          };
          return status.api.reachable && status.machines.every(({ node }) => node?.ready);
        },
        { interval: 300 },
      )
      .toBe(true);
  });

  it('is still there after the sandbox itself was killed', async () => {
    process.kill((await cli.sandbox()).info.pid, 'SIGKILL');
    const { code, out } = await cli.run(['cluster', 'status', 'demo', '--json']);
    expect(code).toBe(0);
    expect((JSON.parse(out) as { machines: unknown[] }).machines).toHaveLength(6);
  });

  it('leaves no secret where people and logs can see it', async () => {
    const { info } = await cli.sandbox();
    const secret = cli
      .workspaceText(undefined, (path) => path.includes('/secrets/'))
      .split('\n')
      .filter((line) => line.length >= 16);
    const seen = [created.out, created.err, cli.workspaceText(undefined, (path) => path.includes('/journal/'))].join(
      '\n',
    );
    expect(secret.length).toBeGreaterThan(0);
    for (const value of [info.cloudToken, ...secret, 'PRIVATE KEY']) expect(seen).not.toContain(value);
  });

  it('is deleted only when it is named, and leaves the account empty', async () => {
    const unnamed = await cli.run(['cluster', 'delete', 'demo', '--yes']);
    expect(unnamed).toMatchObject({ code: 2, err: expect.stringContaining('--yes --confirm demo') as string });
    expect(await cli.cloud('servers')).toHaveLength(6);
    expect((await cli.run(['cluster', 'delete', 'demo', '--yes', '--confirm', 'demo'])).code).toBe(0);
    for (const kind of [
      'servers',
      'networks',
      'firewalls',
      'load_balancers',
      'placement_groups',
      'ssh_keys',
      'primary_ips',
    ]) {
      expect(await cli.cloud(kind), kind).toEqual([]);
    }
    expect((await cli.run(['cluster', 'list', '--json'])).out).not.toContain('"demo"');
  });
});
