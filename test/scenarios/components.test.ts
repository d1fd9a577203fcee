import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import type { InstanceStatus } from '../../src/components/apply/status.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli();
const planted = 'planted-7f3a91';
const env = { NOTE_TOKEN: planted };
const signal = new AbortController().signal;
let kube: Kube;
let created: Run;

const file = (components: object): void =>
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    stringify({
      apiVersion: 'slipway.dev/v1',
      kind: 'Cluster',
      name: 'demo',
      provider: { name: 'sandbox' },
      kubernetes: {},
      controlPlane: { count: 1 },
      pools: [{ name: 'web', count: 2 }],
      components,
    }),
  );

/** A component of one's own: a ConfigMap for each name, and a Secret from the environment. */
function note(version: string, ...maps: string[]): void {
  const folder = join(cli.home, 'own/note');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'manifests'), { recursive: true });
  const component = {
    title: 'Note',
    description: 'Something of our own.',
    namespace: 'note',
    chart: { name: 'traefik', repository: 'https://traefik.github.io/charts', version, timeout: '5m' },
    release: 'note',
    needs: [],
    secrets: [{ name: 'note', keys: { token: 'NOTE_TOKEN' } }],
    options: { type: 'object', additionalProperties: false, properties: {} },
    health: [{ kind: 'Deployment', name: 'note-traefik' }],
  };
  writeFileSync(join(folder, 'component.yaml'), stringify({ presets: [], ...component }));
  writeFileSync(
    join(folder, 'values.yaml.hbs'),
    `service: {spec: {type: ClusterIP}}\ningressClass: {name: note-${version.replaceAll('.', '-')}, isDefaultClass: false}\n`,
  );
  for (const name of maps)
    writeFileSync(
      join(folder, `manifests/${name}.yaml.hbs`),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {key: one}\n`,
    );
}

const apply = (more: Record<string, string> = {}) =>
  cli.run(['cluster', 'apply', '-f', 'cluster.yaml', '--yes'], { ...env, ...more });
const plan = async (): Promise<string> => (await cli.run(['cluster', 'plan', '-f', 'cluster.yaml'], env)).out;
const order = (orders: object): Promise<void> => cli.order(orders);
const status = async (): Promise<readonly InstanceStatus[]> => {
  const { out } = await cli.run(['component', 'status', '-c', 'demo', '--json']);
  return (JSON.parse(out) as { components: InstanceStatus[] }).components;
};
const sick = async (): Promise<readonly InstanceStatus[]> =>
  (await status()).filter(({ health, differs }) => health !== 'healthy' || differs !== undefined);

/** Every object there is, but for what comes and goes by itself. */
async function everything(): Promise<string[]> {
  const passing = ['Event', 'Lease', 'Pod', 'ReplicaSet', 'ControllerRevision', 'Endpoints', 'EndpointSlice'];
  const kinds = (await kube.kinds({ signal })).filter(({ kind }) => !passing.includes(kind));
  const lists = await Promise.all(kinds.map((kind) => kube.list(kind.apiVersion, kind.kind, {}, { signal })));
  return lists
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    .sort();
}

beforeAll(async () => {
  file({});
  created = await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes', '--json']);
  expect(created.code, created.err).toBe(0);
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
});
afterAll(async () => {
  kube?.close();
  await cli.close();
});
afterEach(() => order({ clear: true }));

describe('a cluster with the baseline', () => {
  it('is made with one command, everything on it healthy', async () => {
    expect(created.code).toBe(0);
    const names = (await status()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['traefik', 'cert-manager', 'monitoring', 'loki', 'hcloud-csi']));
    expect(await sick()).toEqual([]);
  });

  it('needs nothing more right after, and applying again changes nothing', async () => {
    expect((await cli.run(['cluster', 'plan', '-f', 'cluster.yaml', '--detailed-exitcode'])).code).toBe(0);
    const again = await cli.run(['cluster', 'apply', '-f', 'cluster.yaml', '--yes', '--json']);
    expect(JSON.parse(again.out)).toMatchObject({ changed: 0 });
  });

  it('keeps the provider’s token in kube-system only', async () => {
    const { info } = await cli.sandbox();
    const secrets = await kube.list('v1', 'Secret', {}, { signal });
    const holders = secrets.filter((secret) => JSON.stringify(secret).includes(btoa(info.cloudToken)));
    expect(holders.map(({ metadata }) => metadata.namespace)).toEqual(['kube-system']);
    expect(cli.workspaceText()).not.toContain(info.cloudToken);
  });
});

describe('what a plan says', () => {
  it('shows versions, values by their paths, and what goes', async () => {
    file({ traefik: { replicas: 3, version: '41.4.0' }, alloy: false });
    const text = await plan();
    expect(text).toMatch(/~ traefik\s+upgrade 41\.3\.0 → 41\.4\.0/);
    expect(text).toContain('~ values.deployment.replicas: 2 → 3');
    expect(text).toMatch(/- alloy\s+remove Alloy/);
    expect(text).toContain('- HelmChart kube-system/alloy, with all that its chart made');
    file({});
  });
});

describe('a chart that fails', () => {
  it('is reported with its log while the rest goes on, and running again finishes', async () => {
    file({ nats: {}, traefik: { replicas: 3 } });
    await order({ charts: { nats: { fail: 'Error: INSTALLATION FAILED: quota exceeded in nats', times: 3 } } });
    // Only the first attempt says why, and its log is there for two attempts: time enough to read it on any computer.
    await cli.setTimeScale(0.1);
    const failed = await apply();
    await cli.setTimeScale(0.01);
    expect(failed.code).toBe(4);
    expect(failed.err).toContain('quota exceeded in nats');
    expect(failed.err).toContain('slipway cluster apply -f cluster.yaml --yes');
    const states = await status();
    expect(states.find(({ name }) => name === 'nats')).not.toMatchObject({ health: 'healthy' });
    expect(states.find(({ name }) => name === 'traefik')).toMatchObject({ health: 'healthy' });
    await order({ clear: true });
    expect((await apply()).code).toBe(0);
    expect(await sick()).toEqual([]);
  });

  it('tells in its status which image cannot be had', async () => {
    await order({ charts: { traefik: { fail: 'image', times: 50 } } });
    file({ nats: {}, traefik: { replicas: 5 } });
    const waiting = cli.start(['cluster', 'apply', '-f', 'cluster.yaml', '--yes'], env);
    await expect
      .poll(async () => JSON.stringify((await status()).find(({ name }) => name === 'traefik')), {
        interval: 300,
      })
      .toMatch(/pulling image/);
    waiting.kill('SIGINT');
    expect((await waiting).exitCode).toBe(130);
    await order({ clear: true });
    file({ nats: {} });
    expect((await apply()).code).toBe(0);
    expect(await sick()).toEqual([]);
  });
});

describe('a component of one’s own', () => {
  const own = { folders: ['./own'] };
  const granted = { ...own, note: { secrets: { NOTE_TOKEN: { env: 'NOTE_TOKEN' } } } };

  it('gets no variable of the environment that the cluster file does not grant it', async () => {
    note('41.3.0', 'one');
    file({ ...own, note: {} });
    for (const command of ['plan', 'apply']) {
      const { code, err } = await cli.run(['cluster', command, '-f', 'cluster.yaml'], env);
      expect(code).toBe(2);
      expect(err).toContain('note asks for NOTE_TOKEN');
      expect(err).not.toContain(planted);
    }
    expect(await everything()).not.toContain('Namespace /note');
  });

  it('is refused before anything is changed when its Secret has no value', async () => {
    note('41.3.0', 'one', 'two');
    file(granted);
    const { code, err } = await cli.run(['cluster', 'apply', '-f', 'cluster.yaml', '--yes']);
    expect(code).toBe(2);
    expect(err).toContain('NOTE_TOKEN');
    expect(await everything()).not.toContain('Namespace /note');
  });

  it('loses an object with the manifest that leaves its folder', async () => {
    expect(await plan()).toContain('+ Secret note/note: token from NOTE_TOKEN');
    expect((await apply()).code).toBe(0);
    expect(await everything()).toContain('ConfigMap note/two');
    note('41.3.0', 'one');
    expect(await plan()).toContain('- ConfigMap note/two');
    expect((await apply()).code).toBe(0);
    const left = await everything();
    expect(left).toContain('ConfigMap note/one');
    expect(left).not.toContain('ConfigMap note/two');
  });

  it('has its Secret in the cluster, and nowhere else', async () => {
    const secret = await kube.get(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'note', namespace: 'note' } },
      { signal },
    );
    expect(secret).toMatchObject({ data: { token: btoa(planted) } });
    const changed = await cli.run(['cluster', 'plan', '-f', 'cluster.yaml'], { NOTE_TOKEN: 'planted-other' });
    expect(changed.out).toContain('~ Secret note/note: token changed');
    const said = JSON.stringify([changed, await plan(), await status()]);
    expect(`${said}${cli.workspaceText()}`).not.toMatch(/planted-/);
    const maps = await kube.list('v1', 'ConfigMap', {}, { signal });
    const charts = await kube.list('helm.cattle.io/v1', 'HelmChart', {}, { signal });
    expect(JSON.stringify([maps, charts])).not.toContain(planted);
  });

  it('needs its Secret’s source no more once the cluster has it', async () => {
    expect((await cli.run(['cluster', 'plan', '-f', 'cluster.yaml', '--detailed-exitcode'])).code).toBe(0);
  });

  it('gets its last version back when an upgrade fails, and the next try upgrades it', async () => {
    note('41.4.0', 'one');
    const upgrade = (): Promise<Run> => cli.run(['component', 'upgrade', 'note', '-c', 'demo'], env);
    const dry = await cli.run(['component', 'upgrade', '-c', 'demo', '--dry-run'], env);
    expect(dry.out).toMatch(/~ note\s+upgrade 41\.3\.0 → 41\.4\.0/);
    await order({ charts: { note: { fail: 'Error: UPGRADE FAILED: hooks of note failed', times: 1 } } });
    const failed = await upgrade();
    expect(failed.code).toBe(4);
    expect(failed.err).toContain('41.3.0 is back and healthy');
    expect(failed.err).toContain('hooks of note failed');
    expect((await status()).find(({ name }) => name === 'note')).toMatchObject({
      installed: '41.3.0',
      desired: '41.4.0',
      health: 'healthy',
    });
    await order({ clear: true });
    expect((await upgrade()).code).toBe(0);
    expect((await status()).find(({ name }) => name === 'note')).toMatchObject({ installed: '41.4.0' });
  });

  it('takes exactly its own objects with it when it is switched off, whatever was cut short', async () => {
    const killed = async (what: string): Promise<void> => {
      const orders = [{ when: 'after', kind: 'kube', what, act: 'kill' }];
      expect((await apply({ SLIPWAY_TEST_BOUNDARY: JSON.stringify(orders) })).code, what).toBe(137);
    };
    file({ ...own, note: false });
    expect((await apply()).code).toBe(0);
    const without = await everything();
    expect(without.filter((one) => one.includes('note'))).toEqual([]);
    file(granted);
    await killed('PATCH helmcharts/kube-system/note$');
    expect((await apply()).code).toBe(0);
    expect(await sick()).toEqual([]);
    expect((await everything()).length).toBeGreaterThan(without.length);
    file({ ...own, note: false });
    await killed('DELETE helmcharts/kube-system/note$');
    expect((await apply()).code).toBe(0);
    expect(await everything()).toEqual(without);
  });
});

it('keeps volume claims of what is switched off, and names them', async () => {
  file({ loki: false, alloy: false });
  const { code, err } = await apply();
  expect(code).toBe(0);
  expect(err).toContain('volume claim monitoring/storage-loki-0 stays, with its data');
  expect(await everything()).toContain('PersistentVolumeClaim monitoring/storage-loki-0');
  expect(await sick()).toEqual([]);
});
