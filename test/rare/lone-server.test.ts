import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const path = join(cli.home, 'cluster.yaml');
const signal = new AbortController().signal;

/** Writes the cluster file. */
const file = (type: string): void =>
  writeFileSync(
    path,
    stringify({
      name: 'demo',
      provider: { name: 'sandbox', locations: ['fsn1'] },
      controlPlane: { count: 1, type },
      pools: [{ name: 'web', type: 'cax21', count: 1 }],
    }),
  );
const slipway = (...args: string[]) => cli.run(args);
const kubeNow = async (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
interface Server {
  readonly name: string;
  readonly server_type: { readonly name: string };
}
const servers = async (): Promise<readonly string[]> =>
  (await cli.cloud<Server>('servers')).map(({ name, server_type }) => `${name.slice(0, 9)} ${server_type.name}`).sort();
/** What is kept in the cluster, so that it is seen to be the same one. */
const kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' } };

/** The cluster is the one it was, whole, with nothing left to do. */
async function isWhole(): Promise<void> {
  const { etcd, machines } = JSON.parse((await slipway('cluster', 'status', 'demo', '--json')).out) as {
    etcd: object;
    machines: { node?: { ready: boolean } }[];
  };
  expect(etcd).toMatchObject({ members: 1, voters: 1 });
  expect(machines.map(({ node }) => node?.ready)).toEqual([true, true]);
  const kube = await kubeNow();
  expect(await kube.get(kept, { signal })).toMatchObject({ data: { before: 'the change' } });
  kube.close();
  const plan = await slipway('cluster', 'plan', 'demo', '--detailed-exitcode');
  expect(plan, plan.out).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  file('cax21');
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
  const kube = await kubeNow();
  await kube.apply({ ...kept, data: { before: 'the change' } }, { signal });
  kube.close();
}, 120_000);
afterAll(() => cli.close());

describe('the only server of a cluster', () => {
  it('is replaced with everything else by `cluster recycle`; the fresh one votes before it leaves', async () => {
    const before = await cli.cloud<Server>('servers');
    const shown = await slipway('cluster', 'recycle', 'demo', '--dry-run');
    expect(shown.out).toMatch(/- cp-1 +create cax21 in fsn1, join it; drain demo-cp-1-\w+ and delete it/);
    expect(shown.out).toContain('etcd can lose neither');
    const done = await slipway('cluster', 'recycle', 'demo', '--yes', '--progress', 'json');
    expect(done, done.err).toMatchObject({ code: 0 });
    const order = [...done.err.matchAll(/"step-done","at":\d+,"id":"((?:join|remove):demo-cp-1)-/g)];
    expect(order.map(([, id]) => id)).toEqual(['join:demo-cp-1', 'remove:demo-cp-1']);
    const after = (await cli.cloud<Server>('servers')).map(({ name }) => name);
    expect(after.filter((name) => before.some((old) => old.name === name))).toEqual([]);
    await isWhole();
  }, 240_000);

  it('stays where no fresh one may come first', async () => {
    const refused = await slipway('cluster', 'recycle', 'demo', '--pool', 'cp', '--max-surge', '0', '--yes');
    expect(refused.code).toBe(3);
    expect(refused.err).toMatch(/demo-cp-1-\w+ is the only server, and no fresh one may come before it leaves/);
    await isWhole();
  });

  /** Each kind of boundary, in the order in which the replacement comes by. */
  const points = [
    { when: 'after', kind: 'provider', what: 'POST /servers$' },
    { when: 'after', kind: 'workspace', what: 'kubeconfig' },
    { when: 'before', kind: 'ssh', what: 'start-k3s' },
    { when: 'after', kind: 'ssh', what: 'start-k3s' },
    { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-1', nth: 2 },
    { when: 'after', kind: 'ssh', what: 'stop-k3s' },
    { when: 'after', kind: 'provider', what: 'DELETE /servers/' },
  ] as const;

  it('is replaced by apply where the file asks for another type, however often that is killed', async () => {
    file('cax31');
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await cli.run(['cluster', 'apply', 'demo', '--yes'], order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const applied = await slipway('cluster', 'apply', 'demo', '--yes');
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await servers()).toEqual(['demo-cp-1 cax31', 'demo-web- cax21']);
    await isWhole();
  }, 240_000);
});
