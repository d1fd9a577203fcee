import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;
const path = join(cli.home, 'cluster.yaml');

interface Server {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly server_type: { readonly name: string };
}
interface Status {
  readonly etcd: { readonly members: number; readonly voters: number };
  readonly machines: readonly { readonly name: string; readonly type: string; readonly node?: { ready: boolean } }[];
  readonly remarks: readonly string[];
}

const slipway = (...args: string[]) => cli.run(args);
const status = async (): Promise<Status> =>
  JSON.parse((await slipway('cluster', 'status', 'demo', '--json')).out) as Status;
const errorOf = async (...args: string[]) => {
  const { code, out } = await slipway(...args, '--json');
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details: string[] } };
  return { exit: code, ...error };
};
const isWeb = ({ labels }: Server): boolean => labels['slipway.dev/pool'] === 'web';
/** The generation of the machine in each place, the youngest where there are two. */
const generations = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await cli.cloud<Server>('servers'))
      .map(
        ({ labels }) =>
          [
            `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']}`,
            Number(labels['slipway.dev/generation']),
          ] as const,
      )
      .sort(),
  );
const younger = (before: Record<string, number>, places = Object.keys(before)): Record<string, number> =>
  Object.fromEntries(Object.entries(before).map(([place, age]) => [place, age + (places.includes(place) ? 1 : 0)]));
const kubeNow = async (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
const boundary = (order: object) => ({ SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });

beforeAll(async () => {
  writeFileSync(
    path,
    `name: demo # of the shop
provider: {name: sandbox, locations: [fsn1, nbg1]}
controlPlane: {count: 3, locations: [fsn1]}
pools:
  - {name: web, type: cax21, count: 2, locations: [fsn1]} # customers
`,
  );
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
}, 240_000);
afterAll(() => cli.close());

describe('`cluster recycle`', () => {
  it('shows what it would replace by what, in waves, with the price, and changes nothing', async () => {
    const before = await generations();
    const { out, code } = await slipway('cluster', 'recycle', 'demo', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/- cp-3 +create cax21 in fsn1, join it; drain demo-cp-3-\w+ and delete it\n +in wave 1 of 5/);
    expect(out).toMatch(/- cp-1 .*\n +in wave 3 of 5; lost: cax21 in fsn1, with everything on its disk/);
    expect(out).toMatch(/The whole cluster: about [\d.]+ EUR a month, net \(now [\d.]+, 0\.00\)/);
    expect(await generations()).toEqual(before);
  });

  it('asks first, and names what will be lost', async () => {
    const error = await errorOf('cluster', 'recycle', 'demo');
    expect(error).toMatchObject({ code: 'CONFIRMATION_NEEDED', exit: 2 });
    expect(error.details.join('\n')).toMatch(/lost: cax21 in fsn1, with everything on its disk/);
  });

  it('replaces every node, the first server last of the servers, and etcd has three or four members all along', async () => {
    const before = await generations();
    const running = cli.start(['cluster', 'recycle', 'demo', '--yes', '--progress', 'json']);
    const removed: string[] = [];
    const etcd: Promise<Status['etcd']>[] = [];
    running.stderr?.on('data', (chunk: Buffer) => {
      for (const [, place] of chunk.toString().matchAll(/"step-done","at":\d+,"id":"remove:demo-(\w+-\d)-/g)) {
        removed.push(place!);
        etcd.push(status().then((now) => now.etcd));
      }
    });
    const { exitCode, stderr } = await running;
    expect(exitCode, String(stderr)).toBe(0);
    expect(removed).toEqual(['cp-3', 'cp-2', 'cp-1', 'web-1', 'web-2']);
    for (const { members, voters } of await Promise.all(etcd)) {
      expect([3, 4]).toContain(members);
      expect(voters).toBeGreaterThanOrEqual(3);
    }
    expect(await generations()).toEqual(younger(before));
    const { etcd: last, machines } = await status();
    expect(last).toMatchObject({ members: 3, voters: 3 });
    expect(machines.map(({ node }) => node?.ready)).toEqual(Array.from({ length: 5 }, () => true));
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
  }, 240_000);

  it.each<[string, 'cp' | 'web', object]>([
    [
      'before a provider’s request',
      'web',
      { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' },
    ],
    [
      'after a provider’s request',
      'cp',
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', nth: 2, act: 'kill' },
    ],
    ['before a task on a host', 'cp', { when: 'before', kind: 'ssh', what: 'stop-k3s', nth: 1, act: 'kill' }],
    ['after a task on a host', 'cp', { when: 'after', kind: 'ssh', what: 'start-k3s', nth: 2, act: 'kill' }],
    [
      'before it is written down what is to be replaced',
      'web',
      { when: 'before', kind: 'kube', what: 'slipway-recycle', act: 'kill' },
    ],
    [
      'after it was written down what is to be replaced',
      'web',
      { when: 'after', kind: 'kube', what: 'slipway-recycle', act: 'kill' },
    ],
    [
      'after the last node was deleted',
      'web',
      { when: 'after', kind: 'kube', what: 'DELETE .*demo-web', nth: 2, act: 'kill' },
    ],
    [
      'before it is written off',
      'web',
      { when: 'before', kind: 'kube', what: 'DELETE .*slipway-recycle', act: 'kill' },
    ],
    [
      'after a write to the workspace',
      'cp',
      { when: 'after', kind: 'workspace', what: 'kubeconfig', nth: 2, act: 'kill' },
    ],
  ])(
    'killed %s is finished by the same command, which replaces each node once',
    async (_, pool, order) => {
      const before = await generations();
      const recycle = ['cluster', 'recycle', 'demo', '--pool', pool, '--yes'];
      const killed = await cli.run(recycle, boundary(order));
      expect(killed.code, killed.err).not.toBe(0);
      const again = await cli.run(recycle);
      expect(again, again.err).toMatchObject({ code: 0 });
      expect(await generations()).toEqual(
        younger(
          before,
          Object.keys(before).filter((place) => place.startsWith(pool)),
        ),
      );
      expect((await status()).etcd).toMatchObject({ members: 3, voters: 3 });
      expect(await cli.cloud('servers')).toHaveLength(5);
    },
    240_000,
  );

  it('that was stopped is told of by plan and status, and keeps others from replacing something else', async () => {
    const before = await generations();
    const order = { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' };
    await cli.run(['cluster', 'recycle', 'demo', '--pool', 'web', '--yes'], boundary(order));
    const go = 'slipway cluster recycle demo --pool web';
    expect((await slipway('cluster', 'plan', 'demo')).err).toContain(go);
    expect((await status()).remarks.join('\n')).toContain(go);
    const other = await errorOf('cluster', 'recycle', 'demo', '--yes');
    expect(other).toMatchObject({ code: 'RECYCLE_UNFINISHED', exit: 3 });
    expect(other.message).toContain(go);
    expect((await slipway('pool', 'rotate', 'demo', 'web', '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
    expect((await slipway('cluster', 'plan', 'demo')).err).not.toContain(go);
  }, 240_000);

  it('that was stopped is dropped by --restart, which replaces what it names and leaves the rest', async () => {
    const before = await generations();
    const order = { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' };
    await cli.run(['cluster', 'recycle', 'demo', '--pool', 'web', '--yes'], boundary(order));
    const restarted = await slipway('cluster', 'recycle', 'demo', '--node', 'web-1', '--restart', '--yes');
    expect(restarted, restarted.err).toMatchObject({ code: 0 });
    expect(await generations()).toEqual({ ...before, 'web-1': before['web-1']! + 2 });
    expect((await slipway('cluster', 'plan', 'demo')).err).not.toContain('slipway cluster recycle');
  }, 240_000);

  it('lets a worker leave before the fresh one comes where one may be missing and none may come first', async () => {
    const ids = async () => (await cli.cloud<Server>('servers')).filter(isWeb).map(({ id }) => id);
    const before = await ids();
    const rotate = ['pool', 'rotate', 'demo', 'web', '--max-surge', '0', '--max-unavailable', '1'];
    const dry = await slipway(...rotate, '--dry-run');
    expect(dry.out).toMatch(/- web-1 +drain demo-web-1-\w+ and delete it; create cax21 in fsn1 and join it/);
    const done = await slipway(...rotate, '--yes', '--progress', 'json');
    expect(done, done.err).toMatchObject({ code: 0 });
    const order = [...done.err.matchAll(/"step-done","at":\d+,"id":"((?:remove|create):demo-web-\d)-/g)];
    expect(order.map(([, step]) => step)).toEqual([
      'remove:demo-web-1',
      'create:demo-web-1',
      'remove:demo-web-2',
      'create:demo-web-2',
    ]);
    const after = await ids();
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  }, 240_000);

  it('says which node it does not know, and knows one that it has replaced', async () => {
    expect(await errorOf('cluster', 'recycle', 'demo', '--node', 'web-9', '--yes')).toMatchObject({
      code: 'UNKNOWN_MACHINE',
      exit: 2,
    });
    const { machines } = await status();
    const web = machines.find(({ name }) => name.startsWith('demo-web-1'))!.name;
    const before = await generations();
    expect((await slipway('cluster', 'recycle', 'demo', '--node', web, '--yes')).code).toBe(0);
    expect((await slipway('cluster', 'recycle', 'demo', '--node', web, '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1']));
  }, 240_000);
});

describe('what holds a node', () => {
  it('a budget that never lets its pods go is named before the first change, and again fit the same command goes on', async () => {
    const kube = await kubeNow();
    const before = await generations();
    try {
      const labels = { app: 'web' };
      const metadata = { name: 'web', namespace: 'default' };
      const selector = { matchLabels: labels };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } };
      const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
      await kube.apply({ ...deployment, spec: { replicas: 1, selector, template } }, { signal });
      const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata };
      await kube.apply({ ...budget, spec: { minAvailable: 1, selector } }, { signal });
      await expect
        .poll(async () => (await kube.get(budget, { signal }))?.['status'])
        .toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
      const error = await errorOf('pool', 'rotate', 'demo', 'web', '--yes');
      expect(error).toMatchObject({ code: 'BUDGET_NEVER_ALLOWS', exit: 3 });
      expect(error.details.join('\n')).toMatch(/default\/web-\S+: budget web keeps 1 of 1/);
      expect(await generations()).toEqual(before);
      await kube.delete(budget, { signal });
    } finally {
      kube.close();
    }
    expect((await slipway('pool', 'rotate', 'demo', 'web', '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
  }, 240_000);

  it('data on its disk is refused, and given up with the claim where --accept-data-loss names the pod', async () => {
    const kube = await kubeNow();
    const before = await generations();
    const node = (await kube.nodes({ signal })).find(({ name }) => name.startsWith('demo-web-2'))!.name;
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } };
    const accessModes = ['ReadWriteOnce'];
    try {
      await kube.apply(
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: 'disk' },
          spec: { local: { path: '/data' }, capacity: { storage: '1Gi' }, accessModes, storageClassName: '' },
        },
        { signal },
      );
      await kube.apply(
        {
          ...claim,
          spec: { volumeName: 'disk', accessModes, storageClassName: '', resources: { requests: { storage: '1Gi' } } },
        },
        { signal },
      );
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true }];
      await kube.apply(
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'db-0', namespace: 'default', ownerReferences },
          spec: { nodeName: node, containers: [{ name: 'db', image: 'db:1' }], volumes },
        },
        { signal },
      );
      const rotate = ['pool', 'rotate', 'demo', 'web'];
      const refused = await errorOf(...rotate, '--yes');
      expect(refused).toMatchObject({ code: 'LOCAL_DATA', exit: 3 });
      expect(refused.hint).toContain('--accept-data-loss');
      expect(await generations()).toEqual(before);
      const asked = await errorOf(...rotate, '--accept-data-loss', 'default/db-0');
      expect(asked.details.join('\n')).toContain('default/db-0');
      const done = await slipway(...rotate, '--accept-data-loss', 'default/db-0', '--yes');
      expect(done, done.err).toMatchObject({ code: 0 });
      expect(await kube.get(claim, { signal })).toBeUndefined();
    } finally {
      kube.close();
    }
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
  }, 240_000);
});

describe('fresh machines of another kind', () => {
  it('are of the type and at the location that `pool rotate` is given, which it writes into the file', async () => {
    const done = await slipway(
      'pool',
      'rotate',
      'demo',
      'web',
      '--type',
      'cax31',
      '--location',
      'nbg1',
      '--max-surge',
      '2',
      '--yes',
      '--json',
    );
    expect(done, done.err).toMatchObject({ code: 0 });
    const { replaced, waves, monthly } = JSON.parse(done.out) as {
      replaced: { slot: string; type: string; location: string }[];
      waves: number;
      monthly: { difference: number };
    };
    expect(replaced.map(({ slot, type, location }) => `${slot} ${type} ${location}`).sort()).toEqual([
      'web-1 cax31 nbg1',
      'web-2 cax31 nbg1',
    ]);
    expect(waves).toBe(1);
    expect(monthly.difference).toBeGreaterThan(0);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('name: demo # of the shop');
    expect(text).toMatch(/\{name: web, type: cax31, count: 2, locations: \[nbg1\]\} # customers/);
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
  }, 240_000);

  it('have the image that `cluster recycle` is given; --outdated replaces none that has it', async () => {
    const before = await generations();
    writeFileSync(path, `${readFileSync(path, 'utf8')}image: debian-13\n`);
    expect((await slipway('cluster', 'recycle', 'demo', '--outdated', '--node', 'web-1')).code).toBe(2);
    const first = await slipway('cluster', 'recycle', 'demo', '--pool', 'web', '--yes');
    expect(first, first.err).toMatchObject({ code: 0 });
    const rest = await slipway('cluster', 'recycle', 'demo', '--outdated', '--yes');
    expect(rest, rest.err).toMatchObject({ code: 0 });
    expect(await generations()).toEqual(younger(before));
    const listed = JSON.parse((await slipway('cluster', 'list', '--json')).out) as { clusters: { lastLook: object }[] };
    expect(listed.clusters[0]!.lastLook).toMatchObject({ by: 'cluster recycle', steps: 0, outdated: [] });
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
    const nothing = await slipway('cluster', 'recycle', 'demo', '--outdated', '--yes');
    expect(nothing).toMatchObject({ code: 0, out: 'No node of demo is left to replace.' });
  }, 240_000);

  it('are refused where the flags do not say whose they are', async () => {
    expect(await errorOf('cluster', 'recycle', 'demo', '--type', 'cax31', '--yes')).toMatchObject({
      code: 'BAD_FLAGS',
      exit: 2,
    });
    const elsewhere = await errorOf('pool', 'rotate', 'demo', 'web', '--location', 'hel1', '--yes');
    expect(elsewhere).toMatchObject({ code: 'BAD_FLAGS', exit: 2 });
    expect(elsewhere.hint).toContain('provider.locations');
    expect(await errorOf('cluster', 'recycle', 'demo', '--pool', 'web', '--image', 'x', '--yes')).toMatchObject({
      code: 'BAD_FLAGS',
      exit: 2,
    });
  });
});
