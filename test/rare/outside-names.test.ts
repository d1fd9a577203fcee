import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { HostView } from '../../providers/sandbox/index.js';
import { BareHosts } from '../support/bare-hosts.js';
import { Cli, type Run } from '../support/cli.js';
import { expectHarmless, hostile } from '../support/outside-text.js';
import { PlantingProxy } from '../support/planting-proxy.js';
import { TalkingHost } from '../support/talking-host.js';

const cli = new Cli();
const modes = ['plain', 'pretty', 'json'] as const;
const file = (components: object): string[] => {
  const spec = {
    name: 'demo',
    provider: { name: 'sandbox' },
    controlPlane: { count: 1 },
    pools: [{ name: 'web', count: 1 }],
    components,
  };
  writeFileSync(join(cli.home, 'cluster.yaml'), stringify(spec));
  return ['-f', 'cluster.yaml'];
};

beforeAll(async () => {
  const created = await cli.run(['cluster', 'create', ...file({}), '--yes']);
  expect(created.code, created.err).toBe(0);
});
afterAll(() => cli.close());

describe('names that somebody else gave to a provider’s resources', () => {
  let proxy: PlantingProxy;
  beforeAll(async () => {
    proxy = await PlantingProxy.before(cli);
  });
  afterAll(() => proxy.close());
  afterEach(() => {
    proxy.plant = (_, value) => value;
  });

  const plantNames = (key: string, value: unknown, path: string): unknown =>
    key === 'name' && typeof value === 'string' && value.startsWith('demo-') && path.startsWith('/v1/servers')
      ? `${value}${hostile}`
      : value;

  it.each(modes)('reach no terminal from a plan, with progress as %s', async (progress) => {
    proxy.plant = plantNames;
    expectHarmless(await cli.run(['cluster', 'plan', ...file({}), '--progress', progress]));
  });

  it('reach no terminal from a status, a deletion that is asked about, and a result for programs', async () => {
    proxy.plant = plantNames;
    expectHarmless(await cli.run(['cluster', 'status', 'demo']));
    expectHarmless(await cli.run(['cluster', 'delete', 'demo']));
    expectHarmless(await cli.run(['cluster', 'plan', ...file({}), '--json']));
  });

  it('reach no terminal as names of machine types either', async () => {
    proxy.plant = (_key, value, path) =>
      path.startsWith('/v1/servers') && value === 'cax21' ? `cax21${hostile}` : value;
    expectHarmless(await cli.run(['pool', 'list', 'demo']));
    expectHarmless(await cli.run(['cluster', 'status', 'demo', '-o', 'yaml']));
  });
});

describe('what a host says', () => {
  let hosts: BareHosts;
  let talking: TalkingHost;
  const plan = (host: object, progress: string): Promise<Run> => {
    const provider = { name: 'ssh', identity: hosts.keyFile, hosts: [host] };
    writeFileSync(join(cli.home, 'metal.yaml'), stringify({ name: 'metal', provider, controlPlane: { count: 1 } }));
    return cli.run(['cluster', 'plan', '-f', 'metal.yaml', '--progress', progress]);
  };
  beforeAll(async () => {
    hosts = await BareHosts.order(cli, [{ name: 'a', facts: { portsInUse: [`10250 ${hostile}`] } }]);
    talking = await TalkingHost.start((channel) => {
      channel.write(`slipway-began\n# ${hostile}\nerror_code=${hostile}\nerror=${hostile}\n`);
      channel.stderr.write(`${hostile}\n`);
      channel.write('slipway-exit=1\n');
      channel.exit(1);
      channel.end();
    });
  });
  afterAll(() => talking.close());

  it.each(modes)('reaches no terminal as the facts that a task answers, with progress as %s', async (progress) => {
    const [{ name, address, port, user, hostKey }] = hosts.hosts as [HostView];
    expectHarmless(await plan({ name, address, port, user, hostKey }, progress));
  });

  it.each(modes)('reaches no terminal as the words of a task that fails, with progress as %s', async (progress) => {
    const { port, key } = talking;
    const failed = await plan({ name: 'a', address: '127.0.0.1', port, hostKey: key.publicKey }, progress);
    expect(failed.code).toBe(3);
    expectHarmless(failed);
  });
});

describe('the log of a chart that fails', () => {
  it.each(modes)('reaches no terminal, with progress as %s', async (progress) => {
    await cli.order({ charts: { nats: { fail: `Error: INSTALLATION FAILED: ${hostile}` } } });
    // The log is there only until the job gives up: time enough for a busy machine to read it.
    await cli.setTimeScale(0.1);
    const failed = await cli.run(['cluster', 'apply', ...file({ nats: {} }), '--yes', '--progress', progress]);
    await cli.setTimeScale(0.01);
    await cli.order({ clear: true });
    expect(failed.code).toBe(4);
    expectHarmless(failed);
    expect((await cli.run(['cluster', 'apply', ...file({}), '--yes'])).code).toBe(0);
  });
});
