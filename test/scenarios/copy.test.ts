import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';
import { type SmallS3, smallS3 } from '../support/small-s3.js';

const signal = new AbortController().signal;
const cli = new Cli('0.03');
let s3: SmallS3;
let id = '';

const run = async (...args: string[]): Promise<Run> => {
  const result = await cli.run(args, s3.env);
  expect(result, `${args.join(' ')}\n${result.err}`).toMatchObject({ code: 0 });
  return result;
};
const api = (cluster: string): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, `ws/clusters/${cluster}/kubeconfig`), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
const ref = (apiVersion: string, kind: string, name: string, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const found = async (kube: Kube, ...of: Parameters<typeof ref>): Promise<KubeObject | undefined> =>
  kube.get(ref(...of), { signal });

const kinds = ['servers', 'load_balancers', 'volumes', 'networks', 'firewalls', 'ssh_keys', 'placement_groups'];
const asked = async (path: string): Promise<Record<string, unknown>> => {
  const { endpoint, info } = await cli.sandbox();
  const answer = await fetch(`${endpoint}/${path}`, { headers: { Authorization: `Bearer ${info.cloudToken}` } });
  return (await answer.json()) as Record<string, unknown>;
};
/** All that the cloud has but for what a name begins with, and every action that was ever taken on what is left. */
const cloudBut = async (copy: string): Promise<unknown> => {
  const there: Record<string, unknown> = {};
  for (const kind of kinds) {
    const all = (await cli.cloud<{ id: number; name: string }>(kind)).filter(({ name }) => !name.startsWith(copy));
    there[kind] = all;
    for (const one of ['ssh_keys', 'placement_groups'].includes(kind) ? [] : all)
      there[`${kind}/${one.id}/actions`] = (await asked(`${kind}/${one.id}/actions?per_page=50`))['actions'];
  }
  return there;
};
const writesToS3 = (): number => s3.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD').length;

beforeAll(async () => {
  s3 = await smallS3();
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    stringify({
      name: 'demo',
      provider: { name: 'sandbox' },
      pools: [{ name: 'workers', count: 1 }],
      components: { preset: 'none', 'hcloud-csi': true },
      backup: { to: 's3://small/backups' },
    }),
  );
  await run('cluster', 'create', '-f', 'demo.yaml', '--yes');
  const kube = await api('demo');
  const shop = { name: 'shop', namespace: 'shop' };
  const pod = { containers: [{ name: 'shop', image: 'shop' }] };
  const labels = { app: 'shop' };
  for (const object of [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...shop,
        finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
        annotations: { 'load-balancer.hetzner.cloud/location': 'fsn1' },
      },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: labels },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'gone', namespace: 'shop', annotations: { 'load-balancer.hetzner.cloud/location': 'fsn1' } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: labels },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'shop' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'hcloud-volumes',
        resources: { requests: { storage: '10Gi' } },
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: shop,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { ...pod, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
        },
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'dump', namespace: 'shop' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bucket', namespace: 'shop' },
      stringData: { AWS_SECRET_ACCESS_KEY: 'planted-bucket-key' },
    },
  ])
    await kube.apply(object, { signal });
  await vi.waitFor(
    async () => {
      expect(await cli.cloud('load_balancers')).toHaveLength(2);
      expect((await cli.cloud<{ name: string; server: unknown }>('volumes')).map(({ server }) => server)).toEqual([
        expect.any(Number),
      ]);
    },
    { timeout: 30_000, interval: 100 },
  );
  id = (JSON.parse((await run('backup', 'create', 'demo', '--json')).out) as { id: string }).id;
  // A controller that works with the data of the backup would make its balancer anew.
  await kube.delete(ref('v1', 'Service', 'gone', 'shop'), { signal });
  await vi.waitFor(async () => expect(await cli.cloud('load_balancers')).toHaveLength(1), { timeout: 30_000 });
});
afterAll(async () => {
  await cli.close();
  await s3.close();
});

describe('cluster restore --as', () => {
  it('makes a copy beside the living cluster that writes nothing to what that has at the cloud or in a bucket', async () => {
    const status = await run('cluster', 'status', 'demo');
    expect(status.out).toContain('slipway backup drill demo');
    const before = await cloudBut('mirror');
    const writes = writesToS3();
    const shown = await run('cluster', 'restore', 'demo', '--as', 'mirror', '--dry-run');
    expect(shown.out).toContain('start a copy from the backup');
    expect(existsSync(join(cli.home, 'ws/clusters/mirror'))).toBe(false);
    const refused = await cli.run(['cluster', 'restore', 'demo', '--as', 'mirror'], s3.env);
    expect(refused.code).toBe(2);
    expect(existsSync(join(cli.home, 'ws/clusters/mirror'))).toBe(false);

    const done = await run('cluster', 'restore', 'demo', '--as', 'mirror', '--yes');
    expect(done.out).toMatch(/mirror is a quarantined copy of demo from \S+, with data that was \d+ s old, in \d+ s\./);
    expect(done.out).toMatch(/Its API answers: \d+ objects of \d+ kinds\./);
    const kube = await api('mirror');
    expect((await found(kube, 'v1', 'Service', 'shop', 'shop'))!['spec']).toMatchObject({ type: 'ClusterIP' });
    expect((await found(kube, 'apps/v1', 'Deployment', 'shop', 'shop'))!['spec']).toMatchObject({ replicas: 0 });
    expect((await found(kube, 'batch/v1', 'CronJob', 'dump', 'shop'))!['spec']).toMatchObject({ suspend: true });
    const [volume] = await kube.list('v1', 'PersistentVolume', {}, { signal });
    expect(volume!['spec']).toMatchObject({ persistentVolumeReclaimPolicy: 'Retain' });
    expect(await kube.list('v1', 'Pod', {}, { signal })).toEqual([]);
    expect(await kube.nodes({ signal })).toEqual([]);
    expect(await kube.list('storage.k8s.io/v1', 'VolumeAttachment', {}, { signal })).toEqual([]);
    const secrets = JSON.stringify(await kube.list('v1', 'Secret', {}, { signal }));
    const { info } = await cli.sandbox();
    for (const secret of ['planted-bucket-key', info.cloudToken])
      expect(secrets).not.toContain(Buffer.from(secret).toString('base64'));
    expect(Object.keys((await found(kube, 'v1', 'Secret', 'bucket', 'shop'))!['data'] as object)).toEqual([
      'AWS_SECRET_ACCESS_KEY',
    ]);

    // What a person does in the copy changes nothing outside it either.
    await kube.delete(ref('v1', 'Service', 'shop', 'shop'), { signal });
    await kube.delete(ref('v1', 'PersistentVolumeClaim', 'data', 'shop'), { signal });
    await run('cluster', 'status', 'mirror', '--exit-code');
    expect(await cloudBut('mirror')).toEqual(before);
    expect(writesToS3()).toBe(writes);
    expect((await found(await api('demo'), 'v1', 'Service', 'shop', 'shop'))!['spec']).toMatchObject({
      type: 'LoadBalancer',
    });
  });

  it('leaves a copy that may be read and deleted, and that nothing else is done to', async () => {
    for (const args of [
      ['cluster', 'apply', 'mirror', '--yes'],
      ['cluster', 'plan', 'mirror'],
      ['cluster', 'restore', 'mirror', '--yes'],
      ['cluster', 'heal', 'mirror', '--yes'],
      ['cluster', 'upgrade', 'mirror', '--to', 'v1.36.5+k3s1', '--yes'],
      ['cluster', 'rotate-ssh-key', 'mirror', '--yes'],
      ['backup', 'create', 'mirror'],
    ]) {
      const refused = await cli.run(args, s3.env);
      expect(refused, args.join(' ')).toMatchObject({
        code: 3,
        err: expect.stringContaining('slipway cluster delete mirror') as string,
      });
    }
    const taken = await cli.run(['cluster', 'restore', 'demo', '--as', 'demo', '--yes'], s3.env);
    expect(taken).toMatchObject({ code: 2, err: expect.stringContaining('NAME_INVALID') as string });
    const before = await cloudBut('mirror');
    const writes = writesToS3();
    await run('cluster', 'delete', 'mirror', '--yes', '--confirm', 'mirror');
    expect((await cli.cloud<{ name: string }>('servers')).filter(({ name }) => name.startsWith('mirror'))).toEqual([]);
    expect(await cloudBut('mirror')).toEqual(before);
    expect(writesToS3()).toBe(writes);
  });
});

describe('backup drill', () => {
  it('proves that a backup can be restored, deletes what it made for that, and status says so', async () => {
    const before = await cloudBut('none');
    const writes = writesToS3();
    const killed = await cli.run(['backup', 'drill', 'demo'], {
      ...s3.env,
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when: 'after', kind: 'ssh', what: 'restore-etcd', act: 'kill' }]),
    });
    expect(killed.code).toBe(137);
    expect(await cli.cloud('servers')).toHaveLength(3);
    const { out } = await run('backup', 'drill', 'demo', '--json');
    const { drill } = JSON.parse(out) as { drill: { backup: string; proof: { objects: number; withheld: number } } };
    expect(drill.backup).toBe(id);
    expect(drill.proof.objects).toBeGreaterThan(20);
    expect(await cloudBut('none')).toEqual(before);
    expect(writesToS3()).toBe(writes);
    expect(existsSync(join(cli.home, 'ws/clusters/demo-drill'))).toBe(false);
    const status = await run('cluster', 'status', 'demo');
    expect(status.out).toMatch(/last proven restore: \d+ \w+ ago, data \d+ \w+ old, took \d+ \w+/);
    expect(status.out).not.toContain('backup drill');
    expect((await run('backup', 'drill', 'demo', '--due')).out).toContain('No drill is due');
  });

  it('deletes its machine again where the restore fails, names it where that fails too, and clears up the next time', async () => {
    const before = await cloudBut('none');
    const failing = (...points: readonly [kind: string, what: string][]): Promise<Run> =>
      cli.run(['backup', 'drill', 'demo'], {
        ...s3.env,
        SLIPWAY_TEST_BOUNDARY: JSON.stringify(
          points.map(([kind, what]) => ({ when: 'before', kind, what, act: 'fail' })),
        ),
      });
    const failed = await failing(['ssh', 'restore-etcd']);
    expect(failed.code).not.toBe(0);
    expect(failed.err).toContain('restore-etcd');
    expect(failed.err).not.toContain('still there');
    expect(await cloudBut('none')).toEqual(before);
    const stuck = await failing(['ssh', 'restore-etcd'], ['provider', 'DELETE /servers']);
    expect(stuck.code).not.toBe(0);
    expect(stuck.err).toContain('restore-etcd');
    expect(stuck.err).toContain('slipway cluster delete demo-drill');
    expect(await cli.cloud('servers')).toHaveLength(3);
    await run('backup', 'drill', 'demo');
    expect(await cloudBut('none')).toEqual(before);
    expect(existsSync(join(cli.home, 'ws/clusters/demo-drill'))).toBe(false);
  });

  it('makes no machine where the backup turns out to be bad', async () => {
    const contents = [...s3.objects.keys()].find((key) => key.endsWith('snapshot-0001'))!;
    const kept = s3.objects.get(contents)!;
    s3.objects.set(contents, { ...kept, text: kept.text.slice(0, 2000) });
    const before = await cloudBut('none');
    expect(await cli.run(['backup', 'drill', 'demo'], s3.env)).toMatchObject({
      code: 3,
      err: expect.stringContaining('BACKUP_BAD') as string,
    });
    s3.objects.set(contents, kept);
    expect(await cloudBut('none')).toEqual(before);
  });
});
