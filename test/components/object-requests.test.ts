import { describe, expect, it } from 'vitest';

import type { Requests } from '../../src/components/index.js';
import { bare, rendered, type Values } from './network-cluster.js';
import { folderWith } from './support.js';

/** What own objects ask of the nodes of this file; three servers without more. */
async function counted(manifests: string, file: Values = {}): Promise<Requests> {
  const folder = await folderWith({
    'own/component.yaml': 'title: Own\ndescription: Own.\nnamespace: own\n',
    'own/manifests/10-objects.yaml.hbs': manifests,
  });
  const given = { provider: bare, folders: [folder], file: { pools: [], ...file } };
  return (await rendered({ preset: 'none', own: true }, given)).component('own').requests;
}

const pod = 'containers: [{name: a, resources: {requests: {cpu: 100m, memory: 64Mi}}}]';
const claim = (size: string): string => `spec: {resources: {requests: {storage: ${size}}}}`;

describe('what objects ask of nodes', () => {
  it('is counted once for each replica, with the volumes that each of them claims', async () => {
    const text = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  replicas: 3
  template: {spec: {${pod}}}
  volumeClaimTemplates: [{metadata: {name: data}, ${claim('10Gi')}}]
`;
    expect(await counted(text)).toEqual({
      cpuMilli: 300,
      memoryMiB: 192,
      volumes: [{ sizeGiB: 10, count: 3 }],
    });
  });

  it('is counted for each node that a DaemonSet may run on', async () => {
    const set = (more: string): string =>
      `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec: {template: {spec: {${pod}${more}}}}\n`;
    const file = {
      controlPlane: { count: 3 },
      pools: [
        { name: 'web', count: 4 },
        { name: 'db', count: 2, taints: [{ key: 'db', effect: 'NoSchedule' }] },
      ],
    };
    const cpu = async (more: string): Promise<number> => (await counted(set(more), file)).cpuMilli / 100;
    expect(await cpu('')).toBe(4);
    expect(await cpu(', tolerations: [{operator: Exists}]')).toBe(9);
    expect(await cpu(', tolerations: [{key: db, operator: Exists}]')).toBe(6);
    expect(await cpu(', tolerations: [{operator: Exists}], nodeSelector: {slipway.dev/pool: db}')).toBe(2);
    expect((await counted(set(''))).cpuMilli).toBe(300);
  });

  it('takes the limit where a request is left out, and the largest step of a beginning', async () => {
    const text = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  initContainers:
    - {name: side, restartPolicy: Always, resources: {requests: {cpu: 10m, memory: 10Mi}}}
    - {name: first, resources: {requests: {cpu: 500m}}}
  containers:
    - {name: a, resources: {limits: {memory: 128Mi, cpu: 200m}}}
`;
    expect(await counted(text)).toEqual({ cpuMilli: 510, memoryMiB: 138, volumes: [] });
  });

  it('has the instances and every volume of a Postgres cluster in it, and what pools its connections', async () => {
    const text = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: a}
spec:
  instances: 3
  resources: {requests: {cpu: 200m, memory: 512Mi}}
  storage: {size: 20Gi}
  walStorage: {size: 10Gi}
  tablespaces: [{name: t, storage: {size: 10Gi}}]
---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: {name: a}
spec: {instances: 2, template: {spec: {${pod}}}}
`;
    expect(await counted(text)).toEqual({
      cpuMilli: 800,
      memoryMiB: 1664,
      volumes: [
        { sizeGiB: 10, count: 6 },
        { sizeGiB: 20, count: 3 },
      ],
    });
  });

  it('has what the operator of Prometheus makes in it, and volumes that are claimed by themselves', async () => {
    const text = `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: a}
spec:
  replicas: 2
  shards: 2
  resources: {requests: {cpu: 100m, memory: 1Gi}}
  storage: {volumeClaimTemplate: {${claim('20Gi')}}}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: a}
spec: {replicas: 3, resources: {requests: {cpu: 10m}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a}
${claim('5Gi')}
`;
    expect(await counted(text)).toEqual({
      cpuMilli: 430,
      memoryMiB: 4096,
      volumes: [
        { sizeGiB: 5, count: 1 },
        { sizeGiB: 20, count: 4 },
      ],
    });
  });
});
