import { afterAll, beforeAll, expect, it } from 'vitest';

import { Channels } from '../support/channels.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli();
const source = new Channels();

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(args, { ...source.env, ...env });
/** Machines by place and generation, with what their nodes run. */
async function versions(): Promise<readonly string[]> {
  const servers = await cli.cloud<{ name: string; labels: Readonly<Record<string, string>> }>('servers');
  const { machines } = JSON.parse((await run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: readonly { readonly name: string; readonly node?: { readonly version: string } }[];
  };
  return servers
    .map(({ name, labels }) => {
      const version = machines.find((machine) => machine.name === name)?.node?.version ?? 'no node';
      return `${labels['slipway.dev/pool']!}-${labels['slipway.dev/slot']!}.${labels['slipway.dev/generation']!} ${version}`;
    })
    .sort();
}

beforeAll(async () => {
  await source.open();
  const made = await run([
    'cluster',
    'create',
    'demo',
    '--provider',
    'sandbox',
    '--control-planes',
    '3',
    '--workers',
    '1',
    '--kubernetes-version',
    'v1.34.5+k3s1',
    '--yes',
  ]);
  expect(made, made.err).toMatchObject({ code: 0 });
});
afterAll(async () => {
  source.close();
  await cli.close();
});

it('`cluster upgrade --strategy replace` over two minors gives servers fresh machines at each, and workers at the last', async () => {
  const upgrade = ['cluster', 'upgrade', 'demo', '--to', 'v1.36.5+k3s1', '--strategy', 'replace', '--yes'];
  const kill = { when: 'after', kind: 'provider', what: 'DELETE /servers/', nth: 4, act: 'kill' };
  // The fourth machine that goes is one of the second minor.
  const killed = await run(upgrade, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) });
  expect(killed, killed.err).toMatchObject({ code: 137 });
  const done = await run(upgrade);
  expect(done, done.err).toMatchObject({ code: 0 });
  expect(await versions()).toEqual(
    ['cp-1.3', 'cp-2.3', 'cp-3.3', 'workers-1.2'].map((machine) => `${machine} v1.36.5+k3s1`),
  );
  const status = JSON.parse((await run(['cluster', 'status', 'demo', '--json'])).out) as object;
  expect(status).toMatchObject({ etcd: { members: 3, voters: 3 }, problems: [], outdated: [] });
});
