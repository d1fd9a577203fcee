import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { simulatedLines } from '../../src/cli/views/cluster.js';
import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';

const kubectl = client('kubectl');
const helm = client('helm');
const hcloud = client('hcloud');
const cli = new Cli();
const line = 'Simulated, not real: workloads, certificates, DNS and databases.';
let created: Run;

beforeAll(async () => {
  created = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes']);
});
afterAll(() => cli.close());

describe('a cluster in the sandbox', () => {
  it('says in one line of create, status and component status what is simulated', async () => {
    expect(created).toMatchObject({ code: 0, out: expect.stringContaining(line) as string });
    for (const args of [
      ['cluster', 'status', 'demo'],
      ['component', 'status', '-c', 'demo'],
    ]) {
      const { out } = await cli.run(args);
      expect(out.split('\n').filter((one) => one === line)).toHaveLength(1);
      const { simulated } = JSON.parse((await cli.run([...args, '--json'])).out) as { simulated: string[] };
      expect(simulated).toEqual(['workloads', 'certificates', 'DNS', 'databases']);
    }
  });

  it('is what hcloud’s variables and kubectl’s point at after `sandbox status --env`', async () => {
    const { code, out } = await cli.run(['sandbox', 'status', '--env']);
    expect(code).toBe(0);
    const env = JSON.parse(
      execFileSync('sh', ['-c', `${out}\nexec "$0" -p 'JSON.stringify(process.env)'`, process.execPath], {
        encoding: 'utf8',
        env: {},
      }),
    ) as Record<string, string>;
    const answer = await fetch(`${env['HCLOUD_ENDPOINT']}/servers`, {
      headers: { Authorization: `Bearer ${env['HCLOUD_TOKEN']}` },
    });
    const { servers } = (await answer.json()) as { servers: { name: string }[] };
    expect(servers.map(({ name }) => name)).toEqual([expect.stringMatching(/^demo-/)]);
    const { out: kubeconfig } = await cli.run(['cluster', 'kubeconfig', 'demo', '--path']);
    expect(env['KUBECONFIG']).toBe(kubeconfig.trim());
    // A second token would leave open where new clusters are to be.
    expect(Object.keys(env)).not.toContain('LINODE_TOKEN');
    const said = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { encoding: 'utf8', env: { ...env, HOME: cli.home } });
    if (kubectl) expect(said(kubectl, 'get', 'nodes', '--no-headers')).toMatch(/^demo-\S+ +Ready /);
    if (helm) expect(JSON.parse(said(helm, 'list', '--all-namespaces', '--output=json'))).toEqual(expect.any(Array));
    if (hcloud) expect(said(hcloud, 'server', 'list', '--output=noheader')).toMatch(/^\d+ +demo-\S+ +running /);
  });

  it('has no variables to point at it once the sandbox is stopped', async () => {
    await cli.run(['sandbox', 'stop']);
    const { code, err } = await cli.run(['sandbox', 'status', '--env']);
    expect(code).toBe(2);
    expect(err).toMatch(/Start it: .* sandbox start/);
  });

  it('is as fast after `sandbox start` as SLIPWAY_SANDBOX_TIME_SCALE says, which starts nothing where it is no number', async () => {
    const start = (scale: string) => cli.run(['sandbox', 'start', '--json'], { SLIPWAY_SANDBOX_TIME_SCALE: scale });
    expect(await start('abc')).toMatchObject({ code: 2, out: expect.stringContaining('BAD_TIME_SCALE') as string });
    await expect(cli.sandbox()).rejects.toThrow('does not run');
    for (const scale of ['0.02', '0.01']) {
      const { out } = await start(scale);
      expect(JSON.parse(out)).toMatchObject({ running: true, profile: { timeScale: Number(scale) } });
    }
  });

  it('goes with `sandbox reset`, and what cannot be read stays, with the way back', async () => {
    const folder = (name: string): string => join(cli.home, 'ws', 'clusters', name);
    mkdirSync(folder('broken'));
    writeFileSync(join(folder('broken'), 'record.json'), '{');
    const { code, out, err } = await cli.run(['sandbox', 'reset', '--yes']);
    expect({ code, out }, err).toEqual({ code: 0, out: 'The sandbox is empty.' });
    expect(err).toMatch(/^Warning: .*broken\/record\.json is damaged.*slipway cluster adopt broken$/m);
    expect(existsSync(folder('demo'))).toBe(false);
    expect(existsSync(folder('broken'))).toBe(true);
  });
});

describe('a cluster on real machines', () => {
  it('says nothing of anything simulated', () => expect(simulatedLines([])).toEqual([]));
});
