import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Kube, KubeObject } from '../../../src/kube/types.js';
import { scale, stop, workloadsOf } from '../../../src/workflows/drill/workload.js';
import { SandboxKube } from '../../support/sandbox-kube.js';

const options = { signal: new AbortController().signal };
let sandbox: SandboxKube;
let kube: Kube;

beforeAll(async () => {
  sandbox = await SandboxKube.start();
  kube = await sandbox.client();
  sandbox.put({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'web-1' },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      capacity: { cpu: '8', memory: '16Gi', pods: '110' },
      allocatable: { cpu: '8', memory: '16Gi', pods: '110' },
    },
  });
});
afterAll(() => sandbox.close());

const pods = (): Promise<readonly KubeObject[]> => kube.list('v1', 'Pod', { namespace: 'default' }, options);

it.each(['StatefulSet', 'Deployment'] as const)(
  'the pods of a %s are found, end when it is stopped, and come back',
  async (kind) => {
    const labels = { app: kind.toLowerCase() };
    await kube.apply(
      {
        apiVersion: 'apps/v1',
        kind,
        metadata: { name: 'db', namespace: 'default' },
        spec: {
          replicas: 2,
          ...(kind === 'StatefulSet' ? { serviceName: 'db' } : {}),
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
        },
      },
      options,
    );
    const mine = async (): Promise<readonly KubeObject[]> =>
      (await pods()).filter(({ metadata }) => metadata.labels?.['app'] === labels.app);
    await expect.poll(async () => (await mine()).length).toBe(2);
    const before = await mine();
    const found = await workloadsOf(kube, 'default', await pods(), options);
    const workload = { kind, namespace: 'default', name: 'db', replicas: 2 };
    expect(before.map(({ metadata }) => found.get(metadata.name))).toEqual([workload, workload]);

    await stop(kube, workload, options);
    expect(await mine()).toEqual([]);
    await scale(kube, workload, 2, options);
    await expect.poll(async () => (await mine()).length).toBe(2);
  },
);

it('a pod that nothing runs is of no workload, and one that is gone is not started again', async () => {
  const alone = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'alone', namespace: 'default' } };
  await kube.apply({ ...alone, spec: { containers: [{ name: 'main', image: 'nginx' }] } }, options);
  const found = await workloadsOf(kube, 'default', await pods(), options);
  expect(found.has('alone')).toBe(false);
  const gone = { kind: 'Deployment', namespace: 'default', name: 'gone', replicas: 1 } as const;
  await expect(scale(kube, gone, 1, options)).rejects.toMatchObject({ code: 'DRILL_INCOMPLETE' });
});
