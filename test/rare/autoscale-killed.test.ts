import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { kubeOf } from '../support/scaled-cluster.js';

const cli = new Cli();
const cluster = kubeOf(cli);
const well = 'all machines of demo are well';

interface Pools {
  readonly pools: readonly { readonly name: string; readonly machines: number; readonly standbys?: number }[];
}
const ids = async (): Promise<readonly number[]> => (await cluster.workers()).map(({ id }) => id).sort();

beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
pools: [{name: web, standby: 1, autoscale: {min: 1, max: 3}}]
components: {preset: none}
`,
  );
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
});
afterAll(() => cli.close());

describe('a pool with `autoscale` and a standby', () => {
  it('grows by the standby, makes another one, and goes on with a removal wherever that was killed', async () => {
    const before = await ids();
    expect(before).toHaveLength(2);
    await cluster.deploy(2);
    const growing = await cluster.watch();
    await expect.poll(() => cluster.running(), { timeout: 150_000 }).toBe(2);
    await expect.poll(() => growing.said(), { timeout: 60_000 }).toContain(well);
    await growing.stop();
    const grown = await ids();
    expect(grown).toHaveLength(3);
    expect(
      before.filter((id) => grown.includes(id)),
      'the standby is a node now',
    ).toEqual(before);
    expect(await cluster.nodes()).toBe(3);

    await cluster.deploy(1);
    for (const order of [
      { when: 'after', kind: 'kube', what: 'slipway-heal' },
      { when: 'before', kind: 'provider', what: 'DELETE /servers/' },
      { when: 'after', kind: 'provider', what: 'DELETE /servers/' },
    ]) {
      const killed = await cluster.watch({ SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...order, act: 'kill' }]) });
      expect(await killed.ended, JSON.stringify(order) + killed.said()).not.toBe(0);
    }
    // Its machine is gone, and was not lost: no other one takes its place.
    const watching = await cluster.watch();
    await expect.poll(() => cluster.nodes(), { timeout: 60_000 }).toBe(2);
    await expect.poll(async () => (await ids()).length).toBe(2);
    await watching.stop();
    expect(watching.said()).not.toMatch(/: (add|replace|promote): /);
    expect(await cluster.running()).toBe(1);
    const { pools } = JSON.parse((await cli.run(['pool', 'list', 'demo', '--json'])).out) as Pools;
    expect(pools.find(({ name }) => name === 'web')).toMatchObject({ machines: 1 });
    expect((await cli.run(['cluster', 'status', 'demo'])).out).toMatch(/demo-web-s\d\S* .*stands by/);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  });
});
