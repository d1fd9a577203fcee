import { describe, expect, it } from 'vitest';

import { type Requests, sumOf } from '../../src/components/index.js';
import { rendered } from './network-cluster.js';
import { folderWith } from './support.js';

const asked = async (name: string, ...given: Parameters<typeof rendered>): Promise<Requests> =>
  (await rendered(...given)).components.find((one) => one.id === name)!.requests;

/** Three servers without workers, and with two. */
const three = { pools: [] };
const five = { controlPlane: { count: 3 }, pools: [{ name: 'web', count: 2 }] };

describe('what a component asks of the nodes', () => {
  it('grows with them where it has a pod on each', async () => {
    expect(await asked('alloy', { alloy: true }, { file: three })).toEqual({
      cpuMilli: 3 * 55,
      memoryMiB: 3 * 160,
      volumes: [],
    });
    expect(await asked('alloy', { alloy: true }, { file: five })).toEqual({
      cpuMilli: 5 * 55,
      memoryMiB: 5 * 160,
      volumes: [],
    });
  });

  it('follows its options, its storage and the values laid over', async () => {
    expect(await asked('nats', { nats: { replicas: 5, storage: { size: '40Gi' } } }, { file: five })).toEqual({
      cpuMilli: 5 * 115,
      memoryMiB: 5 * 304,
      volumes: [{ sizeGiB: 40, count: 5 }],
    });
    const values = { deployment: { replicas: 4 }, resources: { requests: { cpu: '1', memory: '2Gi' } } };
    expect(await asked('traefik', { traefik: { values } })).toEqual({ cpuMilli: 4000, memoryMiB: 8192, volumes: [] });
  });

  it('counts the nodes that take its pods where it is on each of those', async () => {
    const traefik = { exposure: 'hostPorts' };
    expect(await asked('traefik', { traefik }, { file: three })).toMatchObject({ cpuMilli: 3 * 100 });
    expect(await asked('traefik', { traefik }, { file: five })).toMatchObject({ cpuMilli: 2 * 100 });
    expect(
      await asked(
        'traefik',
        { traefik: { ...traefik, pool: 'edge' } },
        {
          file: { ...five, pools: [...five.pools, { name: 'edge', count: 1 }] },
        },
      ),
    ).toMatchObject({ cpuMilli: 100 });
  });

  it('has in it what own objects start, and what operators make of them', async () => {
    const folder = await folderWith({
      'shop/component.yaml': 'title: Shop\ndescription: A shop.\nnamespace: shop\n',
      'shop/manifests/all.yaml.hbs': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template: {spec: {containers: [{name: a, resources: {requests: {cpu: 100m, memory: 64Mi}}}, {name: b}]}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db}
spec:
  instances: 3
  resources: {requests: {cpu: 500m, memory: 1Gi}}
  storage: {size: 40Gi}
  walStorage: {size: 10Gi}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {resources: {requests: {storage: 5Gi}}}
`,
    });
    expect(await asked('shop', { shop: true }, { folders: [folder] })).toEqual({
      cpuMilli: 3 * 100 + 3 * 500,
      memoryMiB: 3 * 64 + 3 * 1024,
      volumes: [
        { sizeGiB: 5, count: 1 },
        { sizeGiB: 10, count: 3 },
        { sizeGiB: 40, count: 3 },
      ],
    });
  });

  it('is added up for a whole cluster, volume by volume', async () => {
    const { components } = await rendered(
      {
        preset: 'baseline',
        nats: true,
        monitoring: { storage: { size: '100Gi' } },
        loki: { storage: { size: '50Gi' } },
      },
      { file: five },
    );
    const total = sumOf(components.map(({ requests }) => requests));
    // Controllers, ingress, certificates, operators of Postgres, one NATS for two workers, logs, metrics.
    const once = 2 * 50 + 2 * 100 + 30 + 50 + 20 + 115 + 100 + (205 + 25 + 50 + 120 + 20);
    const perNode = 55 + 20;
    const names = components.map(({ id }) => id);
    const csi = names.includes('hcloud-csi') ? 50 + 5 * 30 : 0;
    expect(total.cpuMilli).toBe(once + 5 * perNode + csi);
    expect(total.volumes).toEqual([
      { sizeGiB: 10, count: 2 },
      { sizeGiB: 50, count: 1 },
      { sizeGiB: 100, count: 1 },
    ]);
  });
});
