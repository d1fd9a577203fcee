import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { answered } from '../../../../providers/sandbox/k3s/cloud-client.js';
import { HcloudVolumes } from '../../../../providers/sandbox/k3s/cloud-volumes.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { World } from '../../../../providers/sandbox/world.js';
import { HelmRig } from '../helm/rig.js';

const token = 'a'.repeat(64);
let world: World;
let rig: HelmRig;
let server: number;

interface Volume {
  readonly name: string;
  readonly size: number;
  readonly server: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

const cloud = <T>(method: 'GET' | 'POST', path: string, body?: unknown): T =>
  answered<T>(world.cloud.call({ method, path, token, body }));
const volumes = () => cloud<{ volumes: Volume[] }>('GET', '/volumes').volumes;

/** A claim, and a pod that uses it. */
function use(name: string, storage = '1Gi', storageClassName = 'hcloud-volumes'): void {
  rig.put({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  });
  rig.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'nginx' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    },
    status: { phase: 'Pending' },
  });
}
const phase = (kind: string, name: string): unknown => rig.get('v1', kind, 'default', name)?.status?.['phase'];
const remove = (kind: string, name: string): void =>
  void rig.server.controllers.delete(rig.get('v1', kind, 'default', name)!, 'Background');

beforeEach(() => {
  world = new World({ ...defaultProfile, timeScale: 0.001 }, [{ token, access: 'read-write' }], () => undefined);
  rig = new HelmRig();
  const { cluster } = rig.server.controllers;
  const driver = new HcloudVolumes(cluster, (given, method, path, body) =>
    world.cloud.call({ token: given, method, path, body }),
  );
  cluster.volumeDrivers.push(driver);
  rig.server.store.watch((change) => driver.seen(change));
  server = cloud<{ server: { id: number } }>('POST', '/servers', {
    name: 'n1',
    server_type: 'cx23',
    image: 'ubuntu-24.04',
    location: 'fsn1',
  }).server.id;
  rig.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'hcloud', namespace: 'kube-system' },
    data: { token: Buffer.from(token).toString('base64') },
  });
  rig.chart('hcloud-csi', {
    chart: 'hcloud-csi',
    repo: 'https://charts.hetzner.cloud',
    version: '2.22.1',
    targetNamespace: 'kube-system',
    valuesContent: `storageClasses:
  - {name: hcloud-volumes, defaultStorageClass: true, reclaimPolicy: Delete}
  - {name: hcloud-retained, defaultStorageClass: false, reclaimPolicy: Retain}
`,
  });
});
afterEach(() => {
  rig.stop();
  for (const { id } of world.machines.all()) world.machines.delete(id);
});

describe('Hetzner’s volume driver in the sandbox', () => {
  it('makes a volume of at least 10 GiB at the cloud for a claim, attached to the server of its pod', async () => {
    use('data');
    await expect.poll(() => phase('Pod', 'data')).toBe('Running');
    const uid = rig.get('v1', 'PersistentVolumeClaim', 'default', 'data')!.metadata.uid!;
    expect(volumes()).toMatchObject([
      {
        name: `pvc-${uid}`,
        size: 10,
        server,
        labels: {
          'managed-by': 'csi-driver',
          'pvc-name': 'data',
          'pvc-namespace': 'default',
          'pv-name': `pvc-${uid}`,
        },
      },
    ]);
    expect(rig.get('v1', 'PersistentVolumeClaim', 'default', 'data')?.status).toMatchObject({
      capacity: { storage: '10Gi' },
    });
    expect(rig.all('storage.k8s.io/v1', 'VolumeAttachment')).toMatchObject([
      { spec: { nodeName: 'n1', source: { persistentVolumeName: `pvc-${uid}` } }, status: { attached: true } },
    ]);
  });

  it('detaches a volume when its pod is gone, and deletes it with its claim', async () => {
    use('data', '12Gi');
    await expect.poll(() => phase('Pod', 'data')).toBe('Running');
    remove('Pod', 'data');
    await expect.poll(() => volumes()[0]?.server).toBeNull();
    expect(volumes()[0]?.size).toBe(12);
    expect(rig.all('storage.k8s.io/v1', 'VolumeAttachment')).toEqual([]);
    remove('PersistentVolumeClaim', 'data');
    await expect.poll(volumes).toEqual([]);
    expect(rig.all('v1', 'PersistentVolume')).toEqual([]);
  });

  it('keeps the volume of a claim whose class retains it', async () => {
    use('kept', '1Gi', 'hcloud-retained');
    await expect.poll(() => phase('Pod', 'kept')).toBe('Running');
    remove('Pod', 'kept');
    await expect.poll(() => volumes()[0]?.server).toBeNull();
    remove('PersistentVolumeClaim', 'kept');
    await expect.poll(() => rig.all('v1', 'PersistentVolume')[0]?.status?.['phase']).toBe('Released');
    expect(volumes()).toHaveLength(1);
  });

  it('cannot attach a seventeenth volume to a server: its pod waits, and an event says why', async () => {
    const names = Array.from({ length: 17 }, (_, i) => `data-${i}`);
    for (const name of names) use(name);
    const running = (): number => names.filter((name) => phase('Pod', name) === 'Running').length;
    await expect.poll(running).toBe(16);
    await expect
      .poll(() =>
        rig.all('v1', 'Event', 'default').map(({ reason, message }) => `${String(reason)} ${String(message)}`),
      )
      .toContainEqual(expect.stringMatching(/^FailedAttachVolume AttachVolume\.Attach failed.*limit/));
    expect(running()).toBe(16);
    const waiting = names.find((name) => phase('Pod', name) !== 'Running')!;
    remove(
      'Pod',
      names.find((name) => name !== waiting)!,
    );
    await expect.poll(() => phase('Pod', waiting), { timeout: 20_000 }).toBe('Running');
  });
});
