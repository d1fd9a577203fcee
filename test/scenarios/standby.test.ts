import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();

interface Server {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
interface Step {
  readonly id: string;
  readonly text: string;
}

const servers = (): Promise<readonly Server[]> => cli.cloud<Server>('servers');
const standing = async (): Promise<readonly Server[]> =>
  (await servers()).filter(({ labels }) => labels['slipway.dev/standby'] !== undefined);
const at = async (place: string): Promise<Server> =>
  (await servers()).find(({ name }) => name.startsWith(`demo-${place}-`))!;
const json = async <T>(...args: string[]): Promise<T> => {
  const { out, err } = await cli.run([...args, '--json']);
  expect(out, err).not.toBe('');
  return JSON.parse(out) as T;
};
async function lose(place: string): Promise<Server> {
  const { endpoint, info } = await cli.sandbox();
  const lost = await at(place);
  const headers = { Authorization: `Bearer ${info.cloudToken}` };
  await fetch(`${endpoint}/servers/${lost.id}`, { method: 'DELETE', headers });
  await expect.poll(async () => (await servers()).some(({ id }) => id === lost.id)).toBe(false);
  return lost;
}

/** Two nodes and a standby, as the file asks for. */
async function expectWell(workers = 2): Promise<void> {
  const { machines, problems } = await json<{
    machines: { name: string; pool: string; standby?: string; node?: { ready: boolean } }[];
    problems: string[];
  }>('cluster', 'status', 'demo');
  expect(problems).toEqual([]);
  expect(machines.filter(({ pool, node }) => pool === 'web' && node?.ready)).toHaveLength(workers);
  expect(machines.filter(({ standby }) => standby === 'v1.36.5-k3s1')).toHaveLength(1);
  expect(machines).toHaveLength(2 + workers);
  const plan = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
  expect(plan, plan.out).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
kubernetes: {version: v1.36.5+k3s1}
pools: [{name: web, count: 2, standby: 1}]
components: {preset: none}
`,
  );
  const planned = await cli.run(['cluster', 'plan', '-f', 'demo.yaml']);
  expect(planned.out).toMatch(/web-s1 +create cax21 in fsn1, to stand by/);
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
  expect(made.out).toContain('1 control plane, 2 workers, 1 standby,');
}, 120_000);
afterAll(() => cli.close());

describe('a machine that stands by', () => {
  it('is booted and prepared and no node, and each list says so', async () => {
    await expectWell();
    const status = await cli.run(['cluster', 'status', 'demo']);
    expect(status.out).toMatch(/demo-web-s1-\S+ .*stands by/);
    const pools = await cli.run(['pool', 'list', 'demo']);
    expect(pools.out).toMatch(/^POOL +MACHINES +READY +STANDBY +TYPES$/m);
    expect(pools.out).toMatch(/^web +2 +2 +1 /m);
    const { monthly } = await json<{ monthly: { now: { addresses: number } } }>('cluster', 'plan', 'demo');
    // Four machines are paid for, whoever of them is a node.
    expect(monthly.now.addresses).toBe(2);
  }, 120_000);

  it('takes the place of a worker that is lost, and another one is made to stand by', async () => {
    const [standby] = await standing();
    const lost = await lose('web-1');
    const shown = await json<{ verdicts: object[]; steps: Step[] }>('cluster', 'heal', 'demo', '--dry-run');
    expect(shown.verdicts).toMatchObject([
      { does: 'promote', because: `its machine is gone; the standby ${standby!.name} takes its place` },
    ]);
    expect(shown.steps.filter(({ id }) => id.startsWith('create:')).map(({ text }) => text)).toEqual([
      'create cax21 in fsn1, to stand by',
    ]);
    const healed = await cli.run(['cluster', 'heal', 'demo', '--yes']);
    expect(healed, healed.err).toMatchObject({ code: 0 });
    expect(healed.out).toMatch(/replaced by a standby: its machine is gone/);
    const now = await at('web-1');
    expect([now.id, now.name]).toEqual([standby!.id, lost.name]);
    await expectWell();
  }, 120_000);

  it('is made again by `cluster heal` where somebody deleted it', async () => {
    const lost = await lose('web-s1');
    const healed = await cli.run(['cluster', 'heal', 'demo', '--yes']);
    expect(healed, healed.err).toMatchObject({ code: 0 });
    expect(healed.out).toContain('made to stand by: pool web is short of a standby');
    expect((await standing()).map(({ id }) => id)).not.toContain(lost.id);
    await expectWell();
  }, 120_000);

  it.each<[string, string, object]>([
    ['before it has its new place', 'web-2', { when: 'before', kind: 'provider', what: 'PUT /servers/', act: 'kill' }],
    ['after it has its new place', 'web-1', { when: 'after', kind: 'provider', what: 'PUT /servers/', act: 'kill' }],
    ['before it joins', 'web-2', { when: 'before', kind: 'ssh', what: 'start-k3s', act: 'kill' }],
  ])(
    'a heal that was killed %s is finished by the same command (%s)',
    async (_, place, order) => {
      await lose(place);
      const killed = await cli.run(['cluster', 'heal', 'demo', '--yes'], {
        SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]),
      });
      expect(killed.code, killed.err).toBe(137);
      const again = await cli.run(['cluster', 'heal', 'demo', '--yes']);
      expect(again, again.err).toMatchObject({ code: 0 });
      await expectWell();
    },
    120_000,
  );
});

describe('`pool promote`', () => {
  it('has the standby join, counts it in the file, and makes another one', async () => {
    const before = await standing();
    const promoted = await cli.run(['pool', 'promote', 'demo', 'web', '--yes']);
    expect(promoted, promoted.err).toMatchObject({ code: 0 });
    expect((await at('web-3')).id).toBe(before[0]!.id);
    expect(readFileSync(join(cli.home, 'demo.yaml'), 'utf8')).toContain('{name: web, count: 3, standby: 1}');
    await expectWell(3);
  }, 120_000);

  it('is refused where nothing stands by, and `pool scale` says how many do', async () => {
    const none = await cli.run(['pool', 'scale', 'demo', 'web', '--standby', '0', '--yes']);
    expect(none, none.err).toMatchObject({ code: 0 });
    expect(await standing()).toEqual([]);
    expect(await servers()).toHaveLength(4);
    const refused = await json<{ error: { code: string; hint: string } }>('pool', 'promote', 'demo', 'web', '--yes');
    expect(refused.error).toMatchObject({ code: 'NO_STANDBY' });
    expect(readFileSync(join(cli.home, 'demo.yaml'), 'utf8')).toContain('{name: web, count: 3, standby: 0}');
    expect(await cli.run(['pool', 'scale', 'demo', 'web', '--yes'])).toMatchObject({ code: 2 });
  }, 120_000);
});
