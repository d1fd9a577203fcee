import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();

interface Status {
  readonly machines: readonly {
    readonly name: string;
    readonly host: string;
    readonly status: string;
    readonly node?: { readonly ready: boolean };
  }[];
}
const status = async (): Promise<Status> =>
  JSON.parse((await cli.run(['cluster', 'status', 'steel', '--json'])).out) as Status;
const heal = (...args: string[]) => cli.run(['cluster', 'heal', 'steel', ...args]);

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  const names = ['s1', 'w1', 'w2', 'w3'];
  const rack = await BareHosts.order(
    cli,
    names.map((name) => ({ name })),
  );
  const hosts = names.map((name) => {
    const { address, port, user, hostKey } = rack.hosts.find((one) => one.name === name)!;
    return { name, address, port, user, hostKey, type: name.startsWith('s') ? 'big' : 'small' };
  });
  const spec = {
    name: 'steel',
    provider: { name: 'ssh', identity: rack.keyFile, hosts },
    controlPlane: { count: 1, type: 'big' },
    pools: [{ name: 'web', count: 2, type: 'small' }],
    preflight: { accept: ['time'] },
  };
  writeFileSync(join(cli.home, 'steel.yaml'), stringify(spec));
  const made = await cli.run(['cluster', 'create', '-f', 'steel.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 240_000);
afterAll(() => cli.close());

describe('`cluster heal` on hosts of one’s own', () => {
  it('leaves a silent host as it is until somebody says that it is off, and takes the spare one then; a drill by hand times that', async () => {
    const { host, name } = (await status()).machines.find((one) => one.name.startsWith('steel-web-1-'))!;
    const refusedDrill = await cli.run(['drill', 'node-loss', 'steel', '--node', name, '--yes']);
    expect(refusedDrill, refusedDrill.err).toMatchObject({ code: 3 });
    expect(refusedDrill.err).toContain('--by-hand');
    const drill = cli.start(['drill', 'node-loss', 'steel', '--node', name, '--by-hand', '--yes', '--json']);
    let said = '';
    drill.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said).toContain(`Switch off the host ${host} now.`);
    await (await cli.sandbox()).call('POST', 'machines', { act: 'kill', name: `^${host}$` });
    await expect
      .poll(async () => (await status()).machines.find((one) => one.name === name)?.node?.ready, { timeout: 20_000 })
      .toBe(false);
    const refused = await heal('--yes');
    expect(refused, refused.err).toMatchObject({ code: 3 });
    expect(refused.err).toContain('HEAL_REFUSED');
    expect(refused.err).toContain('--confirm-off');

    const misnamed = await heal('--yes', '--confirm-off', 'w9');
    expect(misnamed, misnamed.err).toMatchObject({ code: 2 });
    expect(misnamed.err).toContain('steel has no machine called w9');

    const healed = await heal('--yes', '--confirm-off', host);
    expect(healed, healed.err).toMatchObject({ code: 0 });
    const { machines } = await status();
    expect(machines.map((one) => one.host).sort()).toEqual(['s1', 'w1', 'w2', 'w3'].filter((one) => one !== host));
    expect(machines.every(({ node }) => node?.ready)).toBe(true);
    const { exitCode, stdout } = await drill;
    expect(exitCode, said).toBe(0);
    expect(JSON.parse(String(stdout))).toMatchObject({ complete: true, node: name, kind: 'node-loss' });
  }, 240_000);
});
