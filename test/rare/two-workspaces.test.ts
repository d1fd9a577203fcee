import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openBoundary, Secret, systemClock } from '../../src/domain/index.js';
import { openKube } from '../../src/kube/index.js';
import { readLease, removeLease, replaceLease, type StoredLease } from '../../src/kube/lease.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const desk = join(cli.home, 'ws');
const runner = join(cli.home, 'runner');
/** The same cloud, seen from a workspace that has nothing in common with the first. */
const elsewhere = { SLIPWAY_HOME: runner };
const { signal } = new AbortController();
let kube: Kube;

const scale = (count: number): string[] => ['pool', 'scale', 'demo', 'workers', '--count', `${count}`, '--yes'];
const orders = (...all: readonly object[]) => ({ SLIPWAY_TEST_BOUNDARY: JSON.stringify(all) });
/** Before there is a machine whose host key only one of the workspaces knows. */
const beforeMachines = (act: unknown) => ({ when: 'before', kind: 'provider', what: '^POST /servers$', act });
const stopAt = (act: unknown) => orders(beforeMachines(act));
const workers = async (): Promise<number> =>
  (await cli.cloud('servers')).filter(({ name }) => name.includes('-workers-')).length;
const lease = (): Promise<StoredLease | undefined> => readLease(kube, { signal });
const failure = (out: string) =>
  (JSON.parse(out) as { error: { code: string; message: string; hint: string; details?: string[] } }).error;

beforeAll(async () => {
  const created = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '1', '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
  mkdirSync(runner);
  symlinkSync(join(desk, 'state'), join(runner, 'state'));
  const secrets = ['kubeconfig', 'id_ed25519'].map((name) => join(desk, 'clusters/demo', name));
  const ways = ['--kubeconfig', secrets[0]!, '--ssh-key', secrets[1]!];
  const adopted = await cli.run(['cluster', 'adopt', 'demo', '--provider', 'sandbox', ...ways, '--yes'], elsewhere);
  expect(adopted, adopted.err).toMatchObject({ code: 0 });
  const kubeconfig = new Secret(readFileSync(secrets[0]!, 'utf8'));
  kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
});
afterAll(async () => {
  kube?.close();
  await cli.close();
});

it('commands that are done leave no Lease behind', async () => {
  expect(await lease()).toBeUndefined();
});

it('of two applies at once from two workspaces one ends with exit code 7, and says who is at work', async () => {
  const go = join(cli.home, 'go');
  const first = cli.start(scale(2), stopAt({ until: go }));
  await expect.poll(() => lease(), { timeout: 60_000 }).toMatchObject({ operation: 'pool scale' });
  const second = await cli.run([...scale(2), '--json'], elsewhere);
  expect(second, second.err).toMatchObject({ code: 7 });
  expect(failure(second.out)).toMatchObject({
    code: 'CLUSTER_BUSY',
    message: expect.stringMatching(/^demo is busy: .+ has been running `pool scale` for \d+ s\.$/) as string,
    hint: expect.stringContaining('delete lease slipway-operation') as string,
    details: [expect.stringMatching(/^process \d+ on .+, since 20/) as string],
  });
  // Whoever only looks is kept out by nobody.
  expect(await cli.run(['cluster', 'plan', 'demo'], elsewhere)).toMatchObject({ code: 0 });
  expect(await cli.run(['cluster', 'list'], elsewhere)).toMatchObject({ code: 0 });
  const status = await cli.run(['cluster', 'status', 'demo'], elsewhere);
  expect(status.out).toMatch(/running now: pool scale since .+ by .+ \(pid \d+ on .+\)/);
  writeFileSync(go, '');
  const done = await first;
  expect(done, String(done.stderr)).toMatchObject({ exitCode: 0 });
  const again = await cli.run(scale(2), elsewhere);
  expect(again, again.err).toMatchObject({ code: 0 });
  expect(await workers()).toBe(2);
});

it('a run that was killed keeps another workspace out until its Lease has expired, and its own not at all', async () => {
  expect(await cli.run(scale(3), stopAt('kill'))).toMatchObject({ code: 137 });
  const refused = await cli.run(scale(3), elsewhere);
  expect(refused, refused.err).toMatchObject({ code: 7 });
  // As if an hour had passed, of one that counts for a second: what is left is to see whether it is renewed after all.
  const left = (await lease())!;
  const expired = { ...left, renewedAt: left.renewedAt! - 3_600_000, durationMs: 1_000 };
  await replaceLease(kube, left, expired, { signal });
  const taken = await cli.run([...scale(3), '--progress', 'plain'], elsewhere);
  expect(taken.err).toContain('waiting to see whether `pool scale` of');
  expect(taken, taken.err).toMatchObject({ code: 0 });
  expect(await workers()).toBe(3);

  expect(await cli.run(scale(4), { ...elsewhere, ...stopAt('kill') })).toMatchObject({ code: 137 });
  expect(await lease()).toBeDefined();
  // Neither is a command in between that needs no Lease the end of what its workspace knows.
  expect(await cli.run(['cluster', 'adopt', 'demo', '--dry-run'], elsewhere)).toMatchObject({ code: 0 });
  const own = await cli.run([...scale(4), '--progress', 'plain'], elsewhere);
  expect(own, own.err).toMatchObject({ code: 0 });
  expect(own.err).not.toContain('waiting to see');
  expect(await workers()).toBe(4);
  expect(await lease()).toBeUndefined();
});

it('a run whose Lease somebody removes begins no further step, ends with exit code 4, and is finished by the same command', async () => {
  const [renewing, removed] = ['renewing', 'removed'].map((name) => join(cli.home, name)) as [string, string];
  // It comes back to its Lease once that is gone, and begins no step before it has the answer.
  const renewal = { when: 'before', kind: 'kube', what: '^PATCH leases/', act: { until: removed, reached: renewing } };
  const first = cli.start([...scale(5), '--json'], {
    ...elsewhere,
    ...orders(beforeMachines({ until: renewing }), renewal),
  });
  await expect.poll(() => existsSync(renewing)).toBe(true);
  await removeLease(kube, (await lease())!, { signal });
  writeFileSync(removed, '');
  const stopped = await first;
  expect(stopped, String(stopped.stderr)).toMatchObject({ exitCode: 4 });
  expect(failure(String(stopped.stdout))).toMatchObject({
    code: 'LEASE_LOST',
    hint: expect.stringContaining('slipway cluster status demo') as string,
  });
  const again = await cli.run(scale(5), elsewhere);
  expect(again, again.err).toMatchObject({ code: 0 });
  expect(await workers()).toBe(5);
});
