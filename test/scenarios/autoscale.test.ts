import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { kubeOf } from '../support/scaled-cluster.js';

const cli = new Cli();
const cluster = kubeOf(cli);

beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
pools: [{name: web, autoscale: {min: 1, max: 3}}]
components: {preset: none}
`,
  );
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

describe('a pool with `autoscale`', () => {
  it('begins with the least, and each list and plan says so', async () => {
    expect(await cluster.workers()).toHaveLength(1);
    const pools = await cli.run(['pool', 'list', 'demo']);
    expect(pools.out).toMatch(/^web +1 \(1 to 3\) +1 /m);
    const listed = JSON.parse((await cli.run(['pool', 'list', 'demo', '--json'])).out) as { pools: object[] };
    expect(listed.pools).toMatchObject([{ name: 'cp' }, { name: 'web', machines: 1, autoscale: { min: 1, max: 3 } }]);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
    const spec = await cli.run(['cluster', 'status', 'demo', '--spec']);
    expect(spec.out).toMatch(/ {2}- name: web\n {4}autoscale:\n {6}min: 1\n {6}max: 3$/);
  }, 120_000);

  it('is not given a number by `pool scale`', async () => {
    const refused = await cli.run(['pool', 'scale', 'demo', 'web', '--count', '2', '--yes', '--json']);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'POOL_AUTOSCALES' } });
  }, 120_000);

  it('gets a machine for a pod that finds no node, also where the run that made it was killed', async () => {
    await cluster.deploy(2);
    const killed = await cluster.watch({
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when: 'after', kind: 'provider', what: 'POST /servers$', act: 'kill' }]),
    });
    await expect(killed.ended).resolves.not.toBe(0);
    expect(killed.said()).toMatch(/demo-web-2-\S+: add: 1 pod has waited for a place for \d+ s: default\/big-/);
    const watching = await cluster.watch();
    await expect.poll(() => cluster.running(), { timeout: 150_000 }).toBe(2);
    await expect.poll(() => watching.said(), { timeout: 30_000 }).toContain('all machines of demo are well');
    expect(await cluster.workers()).toHaveLength(2);
    // What pods need now is what the file asks for: nothing is to be changed, and nothing is made smaller.
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
    expect(await cli.run(['cluster', 'apply', 'demo', '--yes'])).toMatchObject({ code: 0 });
    expect(await cluster.workers()).toHaveLength(2);
    expect(readFileSync(join(cli.home, 'demo.yaml'), 'utf8')).toContain('autoscale: {min: 1, max: 3}');

    // No pod is left on one of them, which goes once that has been so for a while.
    await cluster.deploy(1);
    await expect.poll(() => watching.said(), { timeout: 150_000 }).toMatch(/: remove: it has been empty for \d+ s/);
    await expect.poll(async () => (await cluster.workers()).length, { timeout: 120_000 }).toBe(1);
    await expect.poll(() => cluster.nodes(), { timeout: 30_000 }).toBe(2);
    expect(await cluster.running()).toBe(1);
    await watching.stop();
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 400_000);
});
