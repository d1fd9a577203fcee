import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { Cli } from './cli.js';

export const cli = new Cli();
export const signal = new AbortController().signal;
export const fast = 0.01;
export let kube: Kube;
/** Nothing can be asked of the cluster any more. */
let isLost = false;
export const isNowLost = (): void => void (isLost = true);

export interface Server {
  readonly id: number;
  readonly name: string;
  readonly status: string;
}
export interface Verdict {
  readonly name: string;
  readonly does: string;
  readonly because: string;
}
export interface Answer {
  readonly verdicts?: readonly Verdict[];
  readonly steps?: readonly { readonly id: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string; details: string[] };
}

export const heal = async (...args: string[]) => {
  const { code, out, err } = await cli.run(['cluster', 'heal', 'demo', '--yes', '--json', ...args]);
  return { code, err, ...(JSON.parse(out) as Answer) };
};
export const servers = (): Promise<readonly Server[]> => cli.cloud<Server>('servers');
export const nameOf = async (place: string): Promise<string> =>
  (await servers()).find(({ name }) => name.startsWith(`demo-${place}-`))!.name;
export const ids = async (): Promise<readonly number[]> => (await servers()).map(({ id }) => id).sort();
export const act = async (what: string, name: string): Promise<void> =>
  void (await (await cli.sandbox()).call('POST', 'machines', { act: what, name: `^${name}$` }));

/** Somebody at the cloud's console. */
export async function atCloud(method: 'POST' | 'DELETE', place: string, path = ''): Promise<string> {
  const { endpoint, info } = await cli.sandbox();
  const { id, name } = (await servers()).find((one) => one.name.startsWith(`demo-${place}-`))!;
  const answer = await fetch(`${endpoint}/servers/${id}${path}`, {
    method,
    headers: { Authorization: `Bearer ${info.cloudToken}` },
  });
  expect([200, 201]).toContain(answer.status);
  return name;
}
export const powerOff = async (place: string): Promise<string> => {
  const name = await atCloud('POST', place, '/actions/poweroff');
  await expect.poll(() => isReady(name)).toBe(false);
  await expect.poll(async () => (await servers()).find((one) => one.name === name)?.status).toBe('off');
  return name;
};
export const deleteServer = async (place: string): Promise<string> => {
  const name = await atCloud('DELETE', place);
  await expect.poll(async () => (await servers()).some((one) => one.name === name)).toBe(false);
  return name;
};

export const node = async (name: string) => (await kube.nodes({ signal })).find((one) => one.name === name);
export const isReady = async (name: string): Promise<boolean> => (await node(name))?.ready ?? false;
export const get = (kind: string, name: string): Promise<KubeObject | undefined> =>
  kube.get({ apiVersion: 'v1', kind, metadata: { name, namespace: 'default' } }, { signal });
export const pod = async () => {
  const found = await get('Pod', 'data-0');
  return {
    node: (found?.['spec'] as { nodeName?: string } | undefined)?.nodeName,
    phase: (found?.['status'] as { phase?: string } | undefined)?.phase,
    uid: found?.metadata['uid'],
  };
};

/** When a node's kubelet was last heard of. */
export const heardAt = async (name: string): Promise<unknown> => {
  const metadata = { name, namespace: 'kube-node-lease' };
  const lease = await kube.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata }, { signal });
  return (lease?.['spec'] as { renewTime?: string } | undefined)?.renewTime;
};

/** Everything is as it was asked for, and the pod with the volume runs. */
export async function expectWell(): Promise<void> {
  await expect.poll(async () => (await pod()).phase, { timeout: 30_000 }).toBe('Running');
  expect(await isReady((await pod()).node!)).toBe(true);
  const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    readonly problems: readonly string[];
    readonly etcd: { readonly members: number; readonly voters: number };
    readonly orphanedNodes: readonly string[];
  };
  expect(status).toMatchObject({ problems: [], orphanedNodes: [], etcd: { members: 3, voters: 3 } });
  expect(await servers()).toHaveLength(6);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
}

/** By way of the servers that there are now. */
export const openNow = (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};

beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
controlPlane: {count: 3}
pools: [{name: workers, count: 3}]
components: {preset: none, hcloud-csi: true}
`,
  );
  const created = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
  kube = await openNow();
  await kube.apply(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: {
        storageClassName: 'hcloud-volumes',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '10Gi' } },
      },
    },
    { signal },
  );
  await kube.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'data', namespace: 'default' },
      spec: {
        serviceName: 'data',
        replicas: 1,
        selector: { matchLabels: { app: 'data' } },
        template: {
          metadata: { labels: { app: 'data' } },
          spec: {
            containers: [{ name: 'main', image: 'nginx' }],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        },
      },
    },
    { signal },
  );
}, 240_000);
beforeEach(async () => {
  kube.close();
  kube = await openNow();
});
afterEach(async () => {
  await cli.order({ clear: true });
  await cli.setTimeScale(fast);
  if (isLost) return;
  // As if an hour had passed: a place is not given a new machine over and over again.
  await kube.delete(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'slipway-heal', namespace: 'kube-system' } },
    { signal },
  );
});
afterAll(async () => {
  kube.close();
  await cli.close();
});

/** A heal is killed at a point, and run again. */
export async function healsWhenKilled(place: 'workers-1' | 'cp-3', order: object): Promise<void> {
  await powerOff(place);
  const killed = await cli.run(['cluster', 'heal', 'demo', '--yes'], {
    SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]),
  });
  expect(killed.code, killed.err).toBe(137);
  const again = await heal();
  expect(again.code, again.err).toBe(0);
  await expectWell();
}
