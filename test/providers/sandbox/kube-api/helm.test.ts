import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Obj } from '../../../../providers/sandbox/kube-api/index.js';
import { client } from '../../../support/clients.js';
import { readyNode, SandboxKube } from '../../../support/sandbox-kube.js';
import { HelmRig } from '../helm/rig.js';

const program = client('helm');
const chart = fileURLToPath(new URL('../../../clients/chart', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'slipway-helm-'));

interface Listed {
  readonly name: string;
  readonly revision: string;
  readonly status: string;
  readonly chart: string;
}
interface Recorded {
  readonly revision: number;
  readonly status: string;
  readonly description: string;
}

let kube: SandboxKube;

/** What helm prints; rejects with what it says on stderr where it does not end well. */
const helm = async (...args: string[]): Promise<string> =>
  (
    await promisify(execFile)(program!, [`--kube-apiserver=${kube.address()}`, ...args], {
      timeout: 60_000,
      env: { ...process.env, HOME: folder, KUBECONFIG: '', HELM_NAMESPACE: '' },
    })
  ).stdout;
const list = async (...args: string[]): Promise<Listed[]> =>
  JSON.parse(await helm('list', '--output=json', ...args)) as Listed[];
const history = async (): Promise<string[]> =>
  (JSON.parse(await helm('history', 'shop', '--output=json')) as Recorded[]).map(
    ({ revision, status, description }) => `${revision} ${status}: ${description}`,
  );
const waiting = ['--wait', '--timeout=30s'];

const look = (kind: string, name: string, apiVersion = 'v1'): Obj | undefined =>
  kube.api.store.find(kube.api.store.resource(apiVersion, kind), 'default', name);
const names = (kind: string, apiVersion = 'v1'): string[] =>
  kube.api.store
    .peek(kube.api.store.resource(apiVersion, kind), 'default')
    .map(({ metadata }) => metadata.name)
    .sort();
/** Hooks that have ended well, by the order of their ends. */
const ranWell = (): string[] =>
  kube.api.store
    .peek(kube.api.store.resource('batch/v1', 'Job'), 'default')
    .filter(({ status }) => (status as { succeeded?: number }).succeeded === 1)
    .map(({ metadata }) => metadata.name)
    .sort();
const ready = (): number | undefined =>
  (look('Deployment', 'shop', 'apps/v1')?.['status'] as { readyReplicas?: number } | undefined)?.readyReplicas;

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(readyNode('n1'));
  kube.put(readyNode('n2'));
});
afterAll(async () => {
  await kube.close();
  rmSync(folder, { recursive: true, force: true });
});

// One release through its life: each test goes on where the one before it stopped.
describe.skipIf(program === undefined)('the real helm', () => {
  it('installs a chart, runs its hooks and waits until the pods are ready', async () => {
    await helm('install', 'shop', chart, ...waiting);
    expect(ranWell()).toEqual(['shop-announce', 'shop-schema']);
    expect(ready()).toBe(2);
    expect(look('ConfigMap', 'shop')).toMatchObject({
      metadata: {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'default' },
      },
      data: { greeting: 'hello', revision: '1' },
    });
    expect(await list()).toMatchObject([{ name: 'shop', revision: '1', status: 'deployed', chart: 'shop-1.2.3' }]);
    expect(look('Secret', 'sh.helm.release.v1.shop.v1')).toMatchObject({
      type: 'helm.sh/release.v1',
      metadata: { labels: { owner: 'helm', name: 'shop', status: 'deployed', version: '1' } },
    });
  });

  it('shows the objects of a release as they are', async () => {
    const status = await helm('status', 'shop');
    expect(status).toMatch(/==> v1\/Deployment\nNAME +READY +UP-TO-DATE +AVAILABLE +AGE\nshop +2\/2 +2 +2 /);
    expect(status).toMatch(/==> v1\/Pod\(related\)\n.*\n(shop-\S+ +1\/1 +Running +0 .*\n){2}/);
  });

  it('runs the tests of a release, and removes what has ended well', async () => {
    expect(await helm('test', 'shop')).toMatch(/TEST SUITE: +shop-answers\n.*\n.*\nPhase: +Succeeded/);
    expect(look('Pod', 'shop-answers')).toBeUndefined();
  });

  it('upgrades a release with other values, after the hook that prepares it', async () => {
    await helm('upgrade', 'shop', chart, '--set=greeting=moin,replicas=3', ...waiting);
    expect(ranWell()).toEqual(['shop-announce', 'shop-migrate', 'shop-schema']);
    expect(ready()).toBe(3);
    expect(look('ConfigMap', 'shop')).toMatchObject({ data: { greeting: 'moin', revision: '2' } });
    expect(await history()).toEqual(['1 superseded: Install complete', '2 deployed: Upgrade complete']);
  });

  it('changes nothing where the hook before an upgrade fails', async () => {
    await expect(helm('upgrade', 'shop', chart, '--set=greeting=no,migrate=false', ...waiting)).rejects.toThrow(
      'UPGRADE FAILED: pre-upgrade hooks failed: resource Job/default/shop-migrate not ready. status: Failed',
    );
    expect(look('ConfigMap', 'shop')).toMatchObject({ data: { greeting: 'moin', revision: '2' } });
    expect((await history()).at(-1)).toContain('3 failed: Upgrade "shop" failed: pre-upgrade hooks failed');
  });

  it('puts a release back whose new pods do not become ready', async () => {
    const broken = ['--set=image=registry.invalid/web', '--wait', '--timeout=4s', '--rollback-on-failure'];
    await expect(helm('upgrade', 'shop', chart, ...broken)).rejects.toThrow('has been rolled back');
    expect((await history()).slice(3)).toEqual([
      expect.stringMatching(/^4 failed: .*(not ready|deadline exceeded)/) as string,
      '5 deployed: Rollback to 2',
    ]);
    expect(ready()).toBe(3);
  });

  it('rolls a release back to its first revision, and runs the hook after that', async () => {
    await helm('rollback', 'shop', '1', ...waiting);
    expect(ranWell()).toContain('shop-restored');
    expect(look('ConfigMap', 'shop')).toMatchObject({ data: { greeting: 'hello', revision: '1' } });
    expect(ready()).toBe(2);
    expect((await history()).at(-1)).toBe('6 deployed: Rollback to 1');
  });

  it('refuses objects that another release owns', async () => {
    await expect(helm('install', 'second', chart, '--set=name=shop')).rejects.toThrow(
      / "shop" in namespace "default" exists and cannot be imported into the current release/,
    );
    expect((await list()).map(({ name }) => name)).toEqual(['shop']);
  });

  it('uninstalls a release: the hook before it runs, its objects go, its history stays where asked', async () => {
    await helm('uninstall', 'shop', '--keep-history', ...waiting);
    expect(ranWell()).toContain('shop-farewell');
    expect(await list('--uninstalled')).toMatchObject([{ name: 'shop', revision: '6', status: 'uninstalled' }]);
    await helm('uninstall', 'shop');
    expect(await list()).toEqual([]);
    expect(names('Secret')).toEqual([]);
    for (const [kind, apiVersion] of [
      ['Deployment', 'apps/v1'],
      ['ReplicaSet', 'apps/v1'],
      ['PodDisruptionBudget', 'policy/v1'],
      ['Service', 'v1'],
      ['ConfigMap', 'v1'],
      ['ServiceAccount', 'v1'],
    ] as const) {
      expect(names(kind, apiVersion).filter((name) => name.startsWith('shop'))).toEqual([]);
    }
    await expect(helm('uninstall', 'shop')).rejects.toThrow('release: not found');
  });

  it('reads the releases that the sandbox’s own helm controller makes', async () => {
    const rig = new HelmRig();
    const listener = createServer((request, response) =>
      rig.server.handle(request, response, { user: 'admin', groups: ['system:masters'] }),
    );
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
    const there = `--kube-apiserver=http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    try {
      rig.namespace('traefik');
      const from = { repo: 'https://traefik.github.io/charts', version: '41.3.0' };
      rig.chart('traefik', {
        chart: 'traefik',
        ...from,
        targetNamespace: 'traefik',
        valuesContent: 'deployment: {replicas: 2}',
      });
      await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 deployed']);
      expect(await list(there, '--all-namespaces')).toMatchObject([
        { name: 'traefik', revision: '1', status: 'deployed', chart: 'traefik-41.3.0' },
      ]);
      expect(await helm(there, 'get', 'values', 'traefik', '--namespace=traefik')).toContain('replicas: 2');
      await helm(there, 'uninstall', 'traefik', '--namespace=traefik', ...waiting);
      expect(rig.get('apps/v1', 'Deployment', 'traefik', 'traefik')).toBeUndefined();
    } finally {
      rig.stop();
      listener.closeAllConnections();
      listener.close();
    }
  });

  it('makes the namespace that a release goes to', async () => {
    await helm('upgrade', '--install', 'deep', chart, '--namespace=new', '--create-namespace', ...waiting);
    expect(await list('--all-namespaces')).toMatchObject([{ name: 'deep', revision: '1' }]);
    await helm('uninstall', 'deep', '--namespace=new', ...waiting);
  });
});
