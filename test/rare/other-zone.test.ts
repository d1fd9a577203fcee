import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();
beforeAll(async () => {
  await cli.run(['sandbox', 'start']);
});
afterAll(() => cli.close());

const order = (orders: object): Promise<void> => cli.order(orders);
const shape = (location: string, servers: string, type: string): string[] => [
  '--location',
  location,
  '--control-planes',
  servers,
  '--workers',
  '0',
  '--type',
  type,
];
const create = (location: string, servers = '1', type = 'cpx21') =>
  cli.run(['cluster', 'create', 'hz', ...shape(location, servers, type), '--yes']);
const zones = async (): Promise<string[]> =>
  (await cli.cloud<{ name: string; subnets: { network_zone: string }[] }>('networks')).flatMap(({ subnets }) =>
    subnets.map(({ network_zone }) => network_zone),
  );

describe('a cluster that comes into another network zone', () => {
  afterEach(async () => {
    await order({ clear: true });
    await cli.run(['cluster', 'delete', 'hz', '--yes', '--confirm', 'hz']);
  });

  it('is made there after a first try that made no machine', async () => {
    await order({ serverLimit: 0 });
    expect(await create('fsn1', '3', 'cpx22')).toMatchObject({ code: 4 });
    expect(await zones()).toEqual(['eu-central']);
    await order({ clear: true });
    const { out } = await cli.run(['cluster', 'plan', 'hz', ...shape('ash', '3', 'cpx21')]);
    expect(out).toContain('its empty subnet in eu-central goes');
    expect(await create('ash', '3')).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    expect(await zones()).toEqual(['us-east']);
    expect((await cli.run(['cluster', 'plan', 'hz', '--detailed-exitcode'])).code).toBe(0);
  });

  it('is refused with the way out where machines are on its network, before anything changes', async () => {
    expect(await create('fsn1', '1', 'cpx22')).toMatchObject({ code: 0 });
    const before = await cli.cloud('networks');
    const { code, err } = await create('ash');
    expect([code, err]).toEqual([2, expect.stringContaining('slipway cluster delete hz')]);
    expect(err).toContain('is in eu-central and has server ');
    expect(await cli.cloud('networks')).toEqual(before);
  });
});
