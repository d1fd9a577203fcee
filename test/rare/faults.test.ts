import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { Cli } from '../support/cli.js';

const cli = new Cli();
beforeAll(async () => {
  await cli.run(['sandbox', 'start']);
});
afterAll(() => cli.close());

const order = (orders: object): Promise<void> => cli.order(orders);
const create = (name: string, ...more: string[]): string[] => [
  'cluster',
  'create',
  name,
  '--provider',
  'sandbox',
  '--yes',
  ...more,
];
const remove = (name: string) => cli.run(['cluster', 'delete', name, '--yes', '--confirm', name]);

describe('bad luck', () => {
  afterEach(() => order({ clear: true }));

  it('stops at the account’s limit, names it, and the same command finishes later', async () => {
    await order({ serverLimit: 2 });
    const first = await cli.run(create('quota', '--workers', '3'));
    expect(first.code).toBe(4);
    expect(first.err).toMatch(/limit/i);
    expect(await cli.cloud('servers')).toHaveLength(2);
    await order({ clear: true });
    expect((await cli.run(create('quota', '--workers', '3'))).code).toBe(0);
    expect(await cli.cloud('servers')).toHaveLength(4);
    await remove('quota');
  });

  it('takes the next type when one is sold out', async () => {
    await order({ soldOut: [{ type: 'cx33' }] });
    expect((await cli.run(create('sold', '--type', 'cx33', '--type', 'cx23'))).code).toBe(0);
    expect(await cli.cloud<{ name: string; server_type: { name: string } }>('servers')).toMatchObject([
      { server_type: { name: 'cx23' } },
    ]);
    await remove('sold');
  });

  it('stops where the location is closed, and goes on once it is open', async () => {
    await order({ cloud: [{ effect: { closed: { location: 'fsn1' } } }] });
    const first = await cli.run(create('closed', '--type', 'cx33', '--type', 'cx23', '--location', 'fsn1'));
    expect(first.code).toBe(4);
    expect(first.err).toContain('Hetzner makes no servers at fsn1 now: the location is disabled.');
    expect(await cli.cloud('servers')).toEqual([]);
    await order({ clear: true });
    expect((await cli.run(create('closed', '--type', 'cx33', '--location', 'fsn1'))).code).toBe(0);
    await remove('closed');
  });

  it('makes machines at the next location of the file where one is closed, and leaves them there', async () => {
    await order({ cloud: [{ effect: { closed: { location: 'fsn1' } } }] });
    const spec = { provider: { name: 'sandbox', locations: ['fsn1', 'nbg1', 'ash'], residency: ['DE'] } };
    const file = join(cli.home, 'elsewhere.yaml');
    writeFileSync(file, stringify({ name: 'elsewhere', ...spec, pools: [] }));
    const outside = await cli.run(['cluster', 'create', '-f', file, '--yes']);
    expect(outside.code).not.toBe(0);
    writeFileSync(
      file,
      stringify({ name: 'elsewhere', provider: { ...spec.provider, locations: ['fsn1', 'nbg1'] }, pools: [] }),
    );
    const made = await cli.run(['cluster', 'create', '-f', file, '--yes', '--progress', 'json']);
    expect(made, made.err).toMatchObject({ code: 0 });
    expect(made.err).toContain('trying nbg1');
    expect(made.err).toMatch(/"step-done".*"text":"create \w+ in nbg1, as nothing that comes before it was to be had"/);
    expect(await cli.cloud('servers')).toMatchObject([{ location: { name: 'nbg1' } }]);
    await order({ clear: true });
    expect(await cli.run(['cluster', 'plan', '-f', file, '--detailed-exitcode'])).toMatchObject({ code: 0 });
    await remove('elsewhere');
  });

  it('says in its plan which location is taken where the types are sold out at the first, and takes it', async () => {
    await order({ soldOut: [{ type: 'cx33', location: 'fsn1' }] });
    const file = join(cli.home, 'crossing.yaml');
    const provider = { name: 'sandbox', locations: ['fsn1', 'nbg1'] };
    writeFileSync(file, stringify({ name: 'crossing', provider, controlPlane: { type: 'cx33' }, pools: [] }));
    const plan = await cli.run(['cluster', 'plan', '-f', file]);
    expect(plan.out).toContain('create cx33 in nbg1, as cx33 is not to be had in fsn1 now');
    const made = await cli.run(['cluster', 'create', '-f', file, '--yes']);
    expect(made, made.err).toMatchObject({ code: 0 });
    expect(await cli.cloud('servers')).toMatchObject([{ location: { name: 'nbg1' } }]);
    await remove('crossing');
  });

  it('finds a host task again whose session was cut', async () => {
    await order({ cut: [{ machine: '^cut-cp-1', task: 'install-k3s' }] });
    expect((await cli.run(create('cut'))).code).toBe(0);
    await remove('cut');
  });

  it('looks before it asks again when an answer to a create was lost', async () => {
    await order({ cloud: [{ match: { method: 'POST', path: '^/servers$' }, effect: { drop: true } }] });
    expect((await cli.run(create('lost'))).code).toBe(0);
    expect(await cli.cloud('servers')).toHaveLength(1);
    await remove('lost');
  });
});

describe('a server error of the provider', () => {
  afterEach(() => order({ clear: true }));

  it.each([
    ['500', false],
    ['503', false],
    ['500', true],
    ['503', true],
  ])('a %s on a create and on a delete ends no run (the work done all the same: %s)', async (status, done) => {
    const effect = { error: { status: Number(status), code: 'server_error', message: 'try again' }, done };
    await order({
      cloud: [
        { match: { method: 'POST', path: '^/servers$' }, effect },
        { match: { method: 'DELETE', path: '^/servers/' }, effect },
      ],
    });
    expect(await cli.run(create('shaken'))).toMatchObject({ code: 0 });
    expect(await cli.cloud('servers')).toHaveLength(1);
    expect(await remove('shaken')).toMatchObject({ code: 0 });
    expect(await cli.cloud('servers')).toEqual([]);
  });
});
