import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const { signal } = new AbortController();
const key = { SLIPWAY_VOLUMES_ACCESS_KEY_ID: 'volumes-only', SLIPWAY_VOLUMES_SECRET_ACCESS_KEY: 'planted' };
const to = 's3://copies/prod?region=fsn1&endpoint=https://fsn1.your-objectstorage.example';
const metadata = { name: 'data', namespace: 'default', labels: { of: 'the-shop' } };
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: {
    containers: [{ name: 'main', image: 'nginx' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  },
};

describe('volumes that are restored', () => {
  const desk = new Cli();
  let kube: Kube;

  const slipway = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
    desk.run(args, { ...key, ...env });
  const claimed = async () =>
    (await kube.get(claim, { signal })) as unknown as {
      readonly metadata: { readonly labels?: object };
      readonly spec: { readonly volumeName?: string; readonly resources: object };
    };
  /** Pods, Secrets and notes of the work. */
  const left = async (): Promise<readonly string[]> => {
    const inSystem = (kind: string) => kube.list('v1', kind, { namespace: 'kube-system' }, { signal });
    const pods = kube.list('v1', 'Pod', { labelSelector: 'app.kubernetes.io/managed-by=slipway' }, { signal });
    const found = await Promise.all([pods, inSystem('Secret'), inSystem('ConfigMap')]);
    return found
      .flat()
      .map(({ metadata: { name } }) => name)
      .filter((name) => /^slipway-(volume|claim|restore)-/.test(name));
  };

  beforeAll(async () => {
    const spec = {
      name: 'demo',
      provider: { name: 'sandbox' },
      controlPlane: { count: 1 },
      components: { preset: 'none', 'hcloud-csi': true },
      backup: { volumes: { to, claims: [{ namespace: 'default', name: 'data' }] } },
    };
    writeFileSync(join(desk.home, 'demo.yaml'), stringify(spec));
    const created = await slipway(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
    expect(created, created.err).toMatchObject({ code: 0 });
    const kubeconfig = new Secret(readFileSync(join(desk.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
    kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
    const resources = { requests: { storage: '10Gi' } };
    await kube.apply(
      { ...claim, spec: { storageClassName: 'hcloud-volumes', accessModes: ['ReadWriteOnce'], resources } },
      { signal },
    );
    await kube.apply(pod, { signal });
    const waiting = { timeout: 60_000, interval: 100 };
    await vi.waitFor(async () => {
      expect(await kube.get(pod, { signal })).toMatchObject({ status: { phase: 'Running' } });
    }, waiting);
    const backup = await slipway(['backup', 'create', 'demo']);
    expect(backup, backup.err).toMatchObject({ code: 0 });
    await kube.delete(pod, { signal });
    await vi.waitFor(async () => expect(await kube.get(pod, { signal })).toBeUndefined(), waiting);
  });
  afterAll(async () => {
    kube?.close();
    await desk.close();
  });

  it.each([
    ['before', 'DELETE persistentvolumeclaims/default/data'],
    ['after', 'DELETE persistentvolumeclaims/default/data'],
    ['before', 'POST persistentvolumeclaims/default/data'],
    ['after', 'POST persistentvolumeclaims/default/data'],
    ['after', 'PATCH pods/default/slipway-restore-data'],
    ['after', 'PATCH secrets/kube-system/slipway-volume-'],
    ['after', 'PATCH pods/kube-system/slipway-volume-'],
    ['before', 'PATCH persistentvolumeclaims/default/data'],
    ['after', 'PATCH persistentvolumeclaims/default/data'],
  ])('come back by the same command after it was killed %s %s', async (when, what) => {
    const args = ['backup', 'restore-volumes', 'demo', '--yes'];
    const before = (await claimed()).spec.volumeName;
    const killed = await slipway(args, {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when, kind: 'kube', what, act: 'kill' }]),
    });
    expect(killed, killed.err).toMatchObject({ code: 137 });
    const done = await slipway(args);
    expect(done, done.err).toMatchObject({ code: 0 });
    const { metadata: now, spec } = await claimed();
    expect(now.labels).toEqual(metadata.labels);
    expect(spec).toMatchObject({ resources: { requests: { storage: '10Gi' } } });
    expect(spec.volumeName).not.toBe(before);
    const old = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: before! } };
    expect(await kube.get(old, { signal })).toMatchObject({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    expect(await left()).toEqual([]);
  });
});
