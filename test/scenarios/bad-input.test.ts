import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();
beforeAll(async () => {
  await cli.run(['sandbox', 'start']);
});
afterAll(() => cli.close());

describe('bad input is refused before the first change', () => {
  afterEach(async () => {
    expect(await cli.cloud('servers')).toEqual([]);
    expect(await cli.cloud('networks')).toEqual([]);
    expect(cli.workspaceText()).toBe('');
  });

  it.each([
    ['an unknown type', ['--type', 'cx32'], 2, /cx33|cx23/],
    ['an unknown location', ['--location', 'fsn9'], 2, /fsn1/],
    ['an even control plane', ['--control-planes', '2'], 2, /1, 3 or 5/],
    ['an inexact version', ['--kubernetes-version', '1.36'], 2, /v1\.36\.5\+k3s1/],
    ['overlapping ranges', ['--network-range', '10.42.0.0/16'], 2, /overlap/],
    ['a location outside the residency', ['--location', 'hel1', '--residency', 'DE'], 3, /FI/],
    ['more machines than a private network takes', ['--workers', '100'], 3, /100/],
    ['an own address that is not allowed', ['--ssh-allow', '203.0.113.0/24'], 3, /127\.0\.0\.1/],
  ])('%s', async (_, flags, code, text) => {
    const run = await cli.run(['cluster', 'create', 'bad', '--provider', 'sandbox', '--yes', ...flags]);
    expect(run.err).toMatch(text);
    expect(run.err).not.toMatch(/^\s+at /m);
    expect(run.code).toBe(code);
  });

  it.each([
    ['wrong', async () => 'wrong', /token/i],
    ['read-only', async () => (await cli.sandbox()).info.readOnlyToken, /read-only|read and write/i],
  ])('a %s token', async (_, token, text) => {
    const { endpoint } = await cli.sandbox();
    const env = { HCLOUD_TOKEN: await token(), HCLOUD_ENDPOINT: endpoint };
    const run = await cli.run(
      [
        'cluster',
        'create',
        'bad',
        '--provider',
        'hetzner',
        '--ssh-allow',
        '0.0.0.0/0',
        '--api-allow',
        '0.0.0.0/0',
        '--yes',
      ],
      env,
    );
    expect(run.err).toMatch(text);
    expect([2, 3]).toContain(run.code);
    expect(run.err + run.out).not.toContain(env.HCLOUD_TOKEN === 'wrong' ? '\u0000' : env.HCLOUD_TOKEN);
  });

  it('a typo in the file, with its place', async () => {
    writeFileSync(join(cli.home, 'cluster.yaml'), 'name: bad\nprovider: {name: sandbox}\ncontrolPlan: {count: 3}\n');
    const run = await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes']);
    expect(run).toMatchObject({
      code: 2,
      err: expect.stringContaining('cluster.yaml:3:1  controlPlan: unknown key; did you mean controlPlane?') as string,
    });
  });
});

describe('a file of another cluster under the same name', () => {
  it('is refused', async () => {
    const file = (name: string, range: string): string => {
      writeFileSync(join(cli.home, name), `name: twin\nprovider: {name: sandbox}\nnetwork: {range: ${range}}\n`);
      return name;
    };
    expect((await cli.run(['cluster', 'create', '-f', file('one.yaml', '10.0.0.0/16'), '--yes'])).code).toBe(0);
    const other = await cli.run(['cluster', 'create', '-f', file('two.yaml', '10.9.0.0/16'), '--yes']);
    expect(other).toMatchObject({ code: 3, err: expect.stringContaining('network.range') as string });
    expect((await cli.run(['cluster', 'delete', 'twin', '--yes', '--confirm', 'twin'])).code).toBe(0);
  });
});
