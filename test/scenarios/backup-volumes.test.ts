import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const { signal } = new AbortController();
const key = {
  SLIPWAY_VOLUMES_ACCESS_KEY_ID: 'volumes-only',
  SLIPWAY_VOLUMES_SECRET_ACCESS_KEY: 'planted-volumes-secret',
};
const to = 's3://copies/prod?region=fsn1&endpoint=https://fsn1.your-objectstorage.example';

describe('volumes in backups', () => {
  const desk = new Cli();
  let kube: Kube;

  const slipway = (args: readonly string[], env: Readonly<Record<string, string>> = key): Promise<Run> =>
    desk.run(args, env);
  const claimRef = (name: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
  });
  const pod = (name: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'nginx' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    },
  });
  const volumeOf = async (name: string): Promise<string | undefined> =>
    ((await kube.get(claimRef(name), { signal })) as { spec?: { volumeName?: string } } | undefined)?.spec?.volumeName;
  const running = (name: string): Promise<void> =>
    expect
      .poll(async () => ((await kube.get(pod(name), { signal }))?.['status'] as { phase?: string } | undefined)?.phase)
      .toBe('Running');
  /** Pods and Secrets of copies, and pods that hold claims. */
  const left = async (): Promise<readonly string[]> => {
    const found = await Promise.all([
      kube.list('v1', 'Pod', { labelSelector: 'app.kubernetes.io/managed-by=slipway' }, { signal }),
      kube.list('v1', 'Secret', { namespace: 'kube-system', labelSelector: 'slipway.dev/volume' }, { signal }),
    ]);
    return found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };

  beforeAll(async () => {
    const spec = {
      name: 'demo',
      provider: { name: 'sandbox' },
      controlPlane: { count: 1 },
      components: { preset: 'none', 'hcloud-csi': true },
      backup: { volumes: { to, claims: [{ namespace: 'default', name: 'da*' }] } },
    };
    writeFileSync(join(desk.home, 'demo.yaml'), stringify(spec));
    const created = await slipway(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
    expect(created, created.err).toMatchObject({ code: 0 });
    kube = await openKube({
      kubeconfig: new Secret(readFileSync(join(desk.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
      boundary: openBoundary,
      clock: systemClock,
    });
    for (const name of ['data', 'other']) {
      const resources = { requests: { storage: '10Gi' } };
      const accessModes = ['ReadWriteOnce'];
      await kube.apply(
        { ...claimRef(name), spec: { storageClassName: 'hcloud-volumes', accessModes, resources } },
        { signal },
      );
      await kube.apply(pod(name), { signal });
    }
  });
  afterAll(async () => {
    kube?.close();
    await desk.close();
  });

  it('need a key of their own, and no other opens them', async () => {
    const none = await slipway(['backup', 'create', 'demo'], {});
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('SLIPWAY_VOLUMES_ACCESS_KEY_ID') as string });
    const same = { ...key, AWS_ACCESS_KEY_ID: key.SLIPWAY_VOLUMES_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: 'x' };
    expect(await slipway(['backup', 'create', 'demo'], same)).toMatchObject({
      code: 3,
      err: expect.stringContaining('VOLUME_KEY') as string,
    });
  });

  it('are copied where the file names their claims, and named where it does not; nothing of it stays in the cluster', async () => {
    for (const name of ['data', 'other']) await running(name);
    const created = await slipway(['backup', 'create', 'demo']);
    expect(created, created.err).toMatchObject({ code: 0 });
    for (const out of [created.out, (await slipway(['backup', 'verify', 'demo'])).out]) {
      expect(out).toContain('volume of default/data: 3 files');
      expect(out).toContain('not covered: volume of default/other, 10Gi: in a volume of csi.hetzner.cloud');
      expect(out).not.toContain('not covered: volume of default/data');
    }
    expect(await left()).toEqual([]);
    expect(created.out + created.err + desk.workspaceText()).not.toContain('planted-volumes');
  });

  it('are named by `cluster status` until a drill has brought their copies back, into a pod that goes again', async () => {
    const before = await slipway(['cluster', 'status', 'demo']);
    expect(before.out).toContain('nothing proves that one can be');
    const shown = await slipway(['backup', 'drill', 'demo', '--dry-run']);
    expect(shown.out).toContain('bring the copy of its files back into a folder that is thrown away');
    const drilled = await slipway(['backup', 'drill', 'demo']);
    expect(drilled, drilled.err).toMatchObject({ code: 0 });
    expect(drilled.out).toMatch(/can be restored: data that was .*The copy is deleted again/);
    expect(drilled.out).toMatch(/The volume of default\/data can be brought back from \S+: 3 files, took \d+ s\./);
    expect(await left()).toEqual([]);
    const { out } = await slipway(['cluster', 'status', 'demo']);
    expect(out).toMatch(/last proven volume of default\/data: \d+ s ago, 3 files, took \d+ s/);
    expect(out).not.toContain('nothing proves');
    expect((await slipway(['backup', 'drill', 'demo', '--due'])).out).toContain('No drill is due');
  });

  it('of which no copy comes back make a drill fail, by name, and are due again', async () => {
    const file = join(desk.home, 'ws/clusters/demo/secrets/volumes-password');
    const password = readFileSync(file, 'utf8');
    writeFileSync(file, 'another', { mode: 0o600 });
    const failed = await slipway(['backup', 'drill', 'demo']);
    expect(failed, failed.err).toMatchObject({ code: 4, err: expect.stringContaining('DRILL_PARTIAL') as string });
    expect(failed.err).toContain(
      'volume of default/data: The copy of the volume of default/data cannot be brought back',
    );
    writeFileSync(file, password, { mode: 0o600 });
    expect(await left()).toEqual([]);
  });

  it('are restored for no claim that pods use', async () => {
    const refused = await slipway(['backup', 'restore-volumes', 'demo', '--yes']);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('default/data') as string });
    expect(refused.err).toContain('CLAIM_IN_USE');
  });

  it('come back into fresh volumes, in place of those whose disks are gone; the old ones stay', async () => {
    await kube.delete(pod('data'), { signal });
    await expect.poll(() => kube.get(pod('data'), { signal })).toBeUndefined();
    const before = await volumeOf('data');
    const shown = await slipway(['backup', 'restore-volumes', 'demo', '--dry-run']);
    expect(shown.out).toContain('bring its files back from');
    expect(await volumeOf('data')).toBe(before);
    const restored = await slipway(['backup', 'restore-volumes', 'demo', '--yes']);
    expect(restored, restored.err).toMatchObject({ code: 0 });
    expect(restored.out).toContain(before);
    const now = await volumeOf('data');
    expect(now).toMatch(/^pvc-/);
    expect(now).not.toBe(before);
    const old = await kube.get({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: before! } }, { signal });
    expect(old).toMatchObject({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    expect(await left()).toEqual([]);
    await kube.apply(pod('data'), { signal });
    await running('data');
  });

  it('that no pod has mounted cannot be copied, which is told and an error; the rest of the backup is kept', async () => {
    await kube.delete(pod('data'), { signal });
    await expect.poll(() => kube.get(pod('data'), { signal })).toBeUndefined();
    const { code, err } = await slipway(['backup', 'create', 'demo']);
    expect(code, err).toBe(4);
    expect(err).toContain('BACKUP_PARTIAL');
    expect((await slipway(['backup', 'verify', 'demo'])).out).toContain('default/data, 10Gi: mounted nowhere now');
  });
});
