import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const signal = new AbortController().signal;
const channels = { stable: 'v1.36.5+k3s1', 'v1.35': 'v1.35.9+k3s1', 'v1.36': 'v1.36.5+k3s1', 'v1.37': 'v1.37.1+k3s1' };

/** k3s' channel server, as far as it is asked; how often it was. */
class Channels {
  asked = 0;
  readonly known: Record<string, string> = { ...channels };
  readonly #server: Server = createServer((_, response) => {
    this.asked += 1;
    const data = Object.entries(this.known).map(([id, latest]) => ({ id, type: 'channel', name: id, latest }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ type: 'collection', data }));
  });
  async open(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
  }
  get env() {
    return { SLIPWAY_K3S_CHANNELS: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/channels` };
  }
  close(): void {
    this.#server.close();
  }
}

let cli: Cli;
let source: Channels;

/** Until it is whole: on a busy computer a kubelet of the sandbox may count as lost for a while, and a chart's job with it. */
async function created(args: readonly string[]): Promise<void> {
  let made = await cli.run(['cluster', 'create', ...args, '--yes']);
  for (let more = 3; more > 0 && made.err.includes('COMPONENT_FAILED'); more -= 1)
    made = await cli.run(['cluster', 'create', ...args, '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}

async function create(version: string, controlPlanes: number, workers: number): Promise<Kube> {
  const describing = ['--control-planes', String(controlPlanes), '--workers', String(workers)];
  await created(['demo', '--provider', 'sandbox', '--kubernetes-version', version, ...describing]);
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
}

const upgrade = (to: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'upgrade', 'demo', '--to', to, '--yes', ...args], { ...source.env, ...env });

/** Slots by what their nodes run. */
async function versions(kube: Kube): Promise<Record<string, string>> {
  const nodes = await kube.nodes({ signal });
  return Object.fromEntries(
    nodes.map(({ name, version }) => [name.split('-').slice(1, 3).join('-'), version]).sort() as [string, string][],
  );
}

/** Nodes that do not take pods as they did before. */
const hindered = async (kube: Kube): Promise<string[]> =>
  (await kube.nodes({ signal })).flatMap(({ name, schedulable, taints, annotations, ready }) =>
    ready &&
    schedulable &&
    taints.every(({ key }) => !key.startsWith('slipway.dev')) &&
    annotations['slipway.dev/upgrading-from'] === undefined
      ? []
      : [name],
  );

const all = (kube: Kube, version: string) =>
  expect(versions(kube).then((found) => new Set(Object.values(found)))).resolves.toEqual(new Set([version]));

async function deploy(kube: Kube, name: string, { replicas = 2, budgets = [] as readonly object[] }): Promise<void> {
  const selector = { matchLabels: { app: name } };
  const metadata = { name, namespace: 'default' };
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
  };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
  await kube.apply({ ...deployment, spec: { replicas, selector, template } }, { signal });
  for (const [index, budget] of budgets.entries()) {
    const spec = { ...budget, selector };
    const named = { name: `${name}-${index + 1}`, namespace: 'default' };
    await kube.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: named, spec }, { signal });
  }
  await expect
    .poll(async () => (await kube.get(deployment, { signal }))?.['status'], { timeout: 20_000 })
    .toMatchObject({ readyReplicas: replicas });
}

beforeEach(async () => {
  // Slower than other scenarios: a kubelet that the test's own computer keeps waiting counts as lost.
  cli = new Cli();
  source = new Channels();
  await source.open();
});
afterEach(async () => {
  source.close();
  await cli.close();
});

interface Said {
  readonly type: string;
  readonly id?: string;
  readonly text?: string;
}
const said = ({ err }: Run): readonly Said[] =>
  err.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Said] : []));

describe('cluster upgrade', () => {
  it('goes two minors, the servers by each and one at a time, a first worker alone, and pods stay up', async () => {
    const kube = await create('v1.34.5+k3s1', 3, 5);
    await deploy(kube, 'web', { replicas: 4, budgets: [{ maxUnavailable: 1 }] });
    const run = await upgrade('stable', ['--max-unavailable', '2', '--progress', 'json']);
    expect(run, run.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    const events = said(run).filter(({ id }) => id?.startsWith('upgrade:'));
    const slots = (type: string, to: string) =>
      events
        .filter((event) => event.type === type && event.id!.endsWith(to))
        .map(({ id }) => id!.split(':')[1]!.split('-').slice(1, 3).join('-'));
    expect(slots('step-started', 'v1.35.9+k3s1')).toEqual(['cp-1', 'cp-2', 'cp-3']);
    expect(slots('step-started', 'v1.36.5+k3s1').slice(0, 4)).toEqual(['cp-1', 'cp-2', 'cp-3', 'workers-1']);
    // How many were at work at once.
    let now = 0;
    const atOnce = events
      .filter(({ type, id }) => id!.includes('-workers-') && ['step-started', 'step-done'].includes(type))
      .map(({ type }) => (now += type === 'step-started' ? 1 : -1));
    expect(atOnce.slice(0, 2)).toEqual([1, 0]);
    expect(Math.max(...atOnce)).toBe(2);
    // The snapshot is whole before anything is changed.
    const first = said(run).filter(({ type }) => type === 'step-done' || type === 'step-progress');
    expect(first[0]?.text ?? first[1]?.text).toMatch(/slipway-at-v1\.34\.5-k3s1|taking a snapshot/);
    const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as object;
    expect(status).toMatchObject({ kubernetesVersion: 'v1.36.5+k3s1', outdated: [], differs: [] });
    kube.close();
  }, 240_000);

  it('refuses before its first change what a budget never allows, two budgets on one pod as such, and pods of nobody', async () => {
    const kube = await create('v1.35.5+k3s1', 1, 2);
    await deploy(kube, 'all', { budgets: [{ minAvailable: 2 }] });
    await deploy(kube, 'twice', { budgets: [{ maxUnavailable: 1 }, { maxUnavailable: 1 }] });
    await deploy(kube, 'lonely', { replicas: 1 });
    await kube.apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'by-hand', namespace: 'default' },
        spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
      },
      { signal },
    );
    await expect
      .poll(
        async () =>
          (
            await kube.get(
              { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'by-hand', namespace: 'default' } },
              { signal },
            )
          )?.['status'],
      )
      .toMatchObject({ phase: 'Running' });
    const refused = await upgrade('v1.36');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toMatch(/default\/all-\S+: budget all-1 keeps 2 of 2, so none may ever go/);
    expect(refused.err).toMatch(/default\/twice-\S+: held by 2 budgets, twice-1, twice-2/);
    expect(refused.err).toContain('default/by-hand');
    await all(kube, 'v1.35.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    // A patch moves nobody, so that nothing of it is in the way.
    const patched = await upgrade('v1.35');
    expect(patched, patched.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.35.9+k3s1');
    const shown = await cli.run(['cluster', 'upgrade', 'demo', '--to', 'v1.35.10+k3s1', '--dry-run'], source.env);
    expect(shown.out).toContain('its pods run on');
    kube.close();
  }, 180_000);

  it('puts back a worker that a patch does not run on, begins nothing after it, and goes on when it is run again', async () => {
    const kube = await create('v1.36.4+k3s1', 1, 3);
    const sandbox = await cli.sandbox();
    const trait = (crashesWith: string | null) =>
      sandbox.call('POST', 'machines', { act: 'change', name: 'demo-workers-2', facts: { crashesWith } });
    await trait('v1.36.5+k3s1');
    const failed = await upgrade('v1.36.5+k3s1');
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toMatch(
      /demo-workers-2-\w+ could not be brought to v1\.36\.5\+k3s1, and has v1\.36\.4\+k3s1 again/,
    );
    expect(failed.err).toContain('UPGRADE_PUT_BACK');
    expect(failed.err).toMatch(/run it again to finish: \S.*cluster upgrade demo --to v1\.36\.5\+k3s1/);
    expect(await versions(kube)).toEqual({
      'cp-1': 'v1.36.5+k3s1',
      'workers-1': 'v1.36.5+k3s1',
      'workers-2': 'v1.36.4+k3s1',
      'workers-3': 'v1.36.4+k3s1',
    });
    expect(await hindered(kube)).toEqual([]);
    await trait(null);
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    kube.close();
  }, 180_000);

  it('ends at a node that a minor does not run on, and goes on with it when it is run again', async () => {
    const kube = await create('v1.35.5+k3s1', 3, 1);
    const sandbox = await cli.sandbox();
    const trait = (crashesWith: string | null) =>
      sandbox.call('POST', 'machines', { act: 'change', name: 'demo-cp-2', facts: { crashesWith } });
    await trait('v1.36.5+k3s1');
    const failed = await upgrade('v1.36.5+k3s1');
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toContain('UPGRADE_FAILED');
    expect(Object.values(await versions(kube)).filter((version) => version === 'v1.36.5+k3s1')).toHaveLength(1);
    await trait(null);
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    kube.close();
  }, 180_000);

  it('refuses while clients use APIs that the release does not serve, unless that is accepted', async () => {
    const kube = await create('v1.35.5+k3s1', 1, 0);
    const sandbox = await cli.sandbox();
    const deprecatedRequests = ['flowschemas.v1beta3.flowcontrol.apiserver.k8s.io=1.36', 'endpoints.v1=1.37'];
    await sandbox.call('POST', 'machines', { act: 'change', name: 'demo-cp-1', facts: { deprecatedRequests } });
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toContain('REMOVED_APIS');
    expect(refused.err).toMatch(
      /flowschemas\.v1beta3\.flowcontrol\.apiserver\.k8s\.io, gone since 1\.36: asked of demo-cp-1-\w+/,
    );
    expect(refused.err).not.toContain('endpoints.v1');
    await all(kube, 'v1.35.5+k3s1');
    const shown = await upgrade('v1.36.5+k3s1', ['--accept-removed-apis', '--dry-run']);
    expect(shown.out).toContain('clients still use flowschemas.v1beta3.flowcontrol.apiserver.k8s.io');
    const accepted = await upgrade('v1.36.5+k3s1', ['--accept-removed-apis']);
    expect(accepted, accepted.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    kube.close();
  }, 120_000);

  it('is refused with two servers, which survive no loss, and done once there are as many as the file says', async () => {
    const kube = await create('v1.36.4+k3s1', 3, 0);
    const toOne = ['cluster', 'create', 'demo', '--control-planes', '1', '--yes'];
    const halfWay = { when: 'after', kind: 'provider', what: '^DELETE /servers/', act: 'kill' };
    const killed = await cli.run(toOne, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([halfWay]) });
    expect(killed.code, killed.err).toBe(137);
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toContain('QUORUM');
    expect(refused.err).toMatch(/Without demo-cp-\d-\w+ only 1 of 2 servers would vote/);
    expect(refused.err).toContain('2 servers survive no more failures than 1');
    expect(refused.err).toContain('slipway cluster apply demo');
    await all(kube, 'v1.36.4+k3s1');
    kube.close();
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    const done = await upgrade('v1.36.5+k3s1');
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out)).toMatchObject({
      kubernetesVersion: 'v1.36.5+k3s1',
      etcd: { members: 1 },
    });
  }, 180_000);

  it('refuses while a server or a worker is down, and names it', async () => {
    const kube = await create('v1.36.4+k3s1', 3, 1);
    const sandbox = await cli.sandbox();
    await sandbox.call('POST', 'machines', { act: 'kill', name: 'demo-cp-2' });
    await expect.poll(async () => (await hindered(kube)).length, { timeout: 20_000 }).toBe(1);
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toMatch(/demo-cp-2-\w+ is down, and an upgrade would take down more/);
    kube.close();
  }, 120_000);

  it('keeps to the release that a channel had when it was begun, and writes it into the cluster’s file', async () => {
    const file = join(cli.home, 'cluster.yaml');
    writeFileSync(
      file,
      'name: demo # ours\nprovider: {name: sandbox}\nkubernetes: {version: v1.36.4+k3s1}\ncontrolPlane: {count: 1}\npools: [{name: web, count: 1}]\n',
    );
    await created(['-f', file]);
    const kill = { when: 'before', kind: 'ssh', what: 'start-k3s', act: 'kill' };
    expect((await upgrade('stable', [], { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) })).code).toBe(137);
    expect(readFileSync(file, 'utf8')).toBe(
      'name: demo # ours\nprovider: {name: sandbox}\nkubernetes: {version: v1.36.5+k3s1}\ncontrolPlane: {count: 1}\npools: [{name: web, count: 1}]\n',
    );
    source.known['stable'] = 'v1.36.6+k3s1';
    const { asked } = source;
    const again = await upgrade('stable');
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(again.err).toContain('stable was v1.36.5+k3s1 when this upgrade was begun');
    expect(source.asked).toBe(asked);
    const plan = await cli.run(['cluster', 'plan', '-f', file]);
    expect(plan.out).toContain('No changes.');
    // Through with it, the channel is asked again.
    expect(await upgrade('stable')).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out)).toMatchObject({
      kubernetesVersion: 'v1.36.6+k3s1',
    });
  }, 120_000);

  it('refuses to go back, and says what to type where the channels cannot be asked', async () => {
    const kube = await create('v1.36.4+k3s1', 1, 0);
    expect(await upgrade('v1.36.3+k3s1')).toMatchObject({
      code: 3,
      err: expect.stringContaining('VERSION_OLDER') as string,
    });
    const silent = { SLIPWAY_K3S_CHANNELS: 'http://127.0.0.1:1/' };
    const unreachable = await upgrade('stable', [], silent);
    expect(unreachable).toMatchObject({ code: 2, err: expect.stringContaining('--to v1.MINOR.PATCH+k3s1') as string });
    expect(await upgrade('v1.39')).toMatchObject({
      code: 2,
      err: expect.stringContaining('RELEASE_UNKNOWN') as string,
    });
    // An exact release of this or the next minor needs nobody.
    expect(await upgrade('v1.37.1+k3s1', [], silent)).toMatchObject({ code: 0 });
    await all(kube, 'v1.37.1+k3s1');
    kube.close();
  }, 120_000);
});

/** Each kind of boundary, in the order in which an upgrade comes by. */
const points = [
  { when: 'before', kind: 'workspace', what: 'write demo/record' },
  { when: 'before', kind: 'ssh', what: 'snapshot-etcd' },
  { when: 'after', kind: 'ssh', what: 'snapshot-etcd' },
  // Marked, and then cordoned.
  { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-1', nth: 2 },
  { when: 'before', kind: 'ssh', what: 'demo-cp-1\\S* install-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-1\\S* install-k3s' },
  { when: 'before', kind: 'ssh', what: 'demo-cp-2\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-3\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'pods/default/web-\\S*/eviction' },
  { when: 'after', kind: 'ssh', what: 'demo-workers-1\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-workers-2', nth: 3 },
] as const;

describe('cluster upgrade that is killed', () => {
  it('at each kind of boundary, one time after the other, goes on when it is run again', async () => {
    const kube = await create('v1.35.5+k3s1', 3, 2);
    await deploy(kube, 'web', { replicas: 4 });
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await upgrade('v1.36.5+k3s1', [], order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    kube.close();
  }, 300_000);
});
