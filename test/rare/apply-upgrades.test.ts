import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli, type Run } from '../support/cli.js';

const old = 'v1.35.9+k3s1';
const next = 'v1.36.5+k3s1';
const signal = new AbortController().signal;
let cli: Cli;
let path: string;

/** Writes the cluster file. */
const file = (version: string, { servers = 1, workers = 1 } = {}): void =>
  writeFileSync(
    path,
    stringify({
      name: 'demo',
      provider: { name: 'sandbox' },
      kubernetes: { version },
      controlPlane: { count: servers },
      pools: [{ name: 'web', count: workers }],
    }),
  );
const apply = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'apply', '-f', path, ...args], env);
const plan = (): Promise<Run> => cli.run(['cluster', 'plan', '-f', path, '--detailed-exitcode']);
/** Releases of the nodes, by their slots. */
async function versions(): Promise<Record<string, string | undefined>> {
  const { machines } = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: { name: string; node?: { version: string } }[];
  };
  return Object.fromEntries(machines.map(({ name, node }) => [name.split('-').slice(1, 3).join('-'), node?.version]));
}
const openedKube = () =>
  openKube({
    kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
    boundary: openBoundary,
    clock: systemClock,
  });

async function create(size: { servers?: number; workers?: number } = {}): Promise<void> {
  file(old, size);
  const made = await cli.run(['cluster', 'create', '-f', path, '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}

beforeEach(() => {
  cli = new Cli();
  path = join(cli.home, 'cluster.yaml');
});
afterEach(() => cli.close());

describe('`cluster apply` of a file that asks for a newer release', () => {
  it('asks, and makes the plan of `cluster upgrade`; machines that join before come along', async () => {
    await create();
    file(next, { workers: 2 });
    const shown = await plan();
    expect(shown.code, shown.err).toBe(5);
    expect(shown.out).toContain('take a snapshot, slipway-at-v1.35.9-k3s1');
    expect(shown.out).toMatch(/~ cp-1 +drain it, and bring it from v1\.35\.9\+k3s1 to v1\.36\.5\+k3s1/);
    expect(shown.err).toContain('Machines that join before are brought to the new release with the others.');
    file(next);
    const unasked = await apply([]);
    expect(unasked.err).toContain('Upgrade demo from v1.35.9+k3s1 to v1.36.5+k3s1');
    expect(unasked.code).not.toBe(0);
    expect(new Set(Object.values(await versions()))).toEqual(new Set([old]));
    expect((await cli.run(['cluster', 'status', 'demo'])).out).toContain(
      `An upgrade to ${next} would change 1 server, then 1 worker; the pods of each move first. See every step: slipway cluster upgrade demo --to ${next} --dry-run`,
    );
    file(next, { workers: 2 });
    const both = await apply(['--json']);
    const { error } = JSON.parse(both.out) as { error: { code: string; message: string; details: string[] } };
    expect(error.code).toBe('CONFIRMATION_NEEDED');
    expect(error.message).toMatch(
      /Change demo in \d+ steps\? Then: Upgrade demo from v1\.35\.9\+k3s1 to v1\.36\.5\+k3s1/,
    );
    expect(error.details.join('\n')).toMatch(/create 1 machine at[\s\S]*1 server to v1\.36\.5\+k3s1, one at a time/);
    const gated = await apply(['--yes', '--gate-url', 'http://127.0.0.1:1/']);
    expect(gated.code, gated.err).toBe(3);
    expect(gated.err).toContain('GATE_FAILS');
    expect(Object.keys(await versions())).toEqual(['cp-1', 'web-1']);
    const applied = await apply(['--yes', '--soak', '1s']);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(applied.out).toContain(`demo is ready: 1 control plane, 2 workers, ${next}.`);
    expect(applied.out).not.toContain('Not changed by apply');
    expect(await versions()).toEqual({ 'cp-1': next, 'web-1': next, 'web-2': next });
    expect(await plan()).toMatchObject({ code: 0 });
    expect((await cli.run(['cluster', 'list'])).out).not.toContain('differed from its file');
  }, 180_000);

  it('is refused with nothing changed where the upgrade is, and stops half-way where other changes came first', async () => {
    await create();
    const kube = await openedKube();
    const metadata = { name: 'by-hand', namespace: 'default' };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata };
    await kube.apply({ ...pod, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } }, { signal });
    await expect
      .poll(async () => (await kube.get(pod, { signal }))?.['status'], { timeout: 20_000 })
      .toMatchObject({ phase: 'Running' });
    file(next, { servers: 1, workers: 2 });
    const shown = await plan();
    expect(shown.out).toMatch(/The upgrade to v1\.36\.5\+k3s1 would be refused now: Pods that nothing would start/);
    const applied = await apply(['--yes']);
    expect(applied.code, applied.err).toBe(4);
    expect(applied.err).toContain('UNMANAGED_PODS');
    const again = await apply(['--yes']);
    expect(again.code, again.err).toBe(3);
    expect(await versions()).toEqual({ 'cp-1': old, 'web-1': old, 'web-2': old });
    kube.close();
  }, 180_000);
});

/** Each kind of boundary, in the order in which the upgrade comes by. */
const points = [
  { when: 'before', kind: 'workspace', what: 'write demo/record' },
  { when: 'after', kind: 'ssh', what: 'snapshot-etcd' },
  { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-1', nth: 2 },
  { when: 'after', kind: 'ssh', what: 'demo-cp-1\\S* install-k3s' },
  { when: 'before', kind: 'ssh', what: 'demo-cp-2\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-3\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-web-1\\S* install-k3s' },
  { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-web-2', nth: 3 },
] as const;

describe('`cluster apply` that is killed while it upgrades', () => {
  it('goes on with the upgrade before anything else, whichever kind of boundary it was killed at', async () => {
    await create({ servers: 3, workers: 2 });
    file(next, { servers: 3, workers: 2 });
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await apply(['--yes'], order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await apply(['--yes']);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(new Set(Object.values(await versions()))).toEqual(new Set([next]));
    const kube = await openedKube();
    for (const { schedulable, taints, annotations } of await kube.nodes({ signal })) {
      expect({ schedulable, marked: annotations['slipway.dev/upgrading-from'] }).toEqual({ schedulable: true });
      expect(taints.filter(({ key }) => key.startsWith('slipway.dev'))).toEqual([]);
    }
    kube.close();
    expect(await plan()).toMatchObject({ code: 0 });
  }, 300_000);
});
