import { describe, expect, it } from 'vitest';

import type { DrainBudget, DrainPod, DrainView } from '../../../../src/domain/index.js';
import type { KubeObject } from '../../../../src/kube/types.js';
import { drainImpact } from '../../../../src/workflows/cluster/upgrade/impact.js';

const options = { signal: new AbortController().signal };
const pod = (name: string, node: string, change: Partial<DrainPod> = {}): DrainPod => ({
  namespace: 'shop',
  name,
  node,
  labels: { app: name.split('-')[0]! },
  controller: 'ReplicaSet',
  phase: 'Running',
  ready: true,
  ending: false,
  mirror: false,
  claims: [],
  ...change,
});
const budget = (name: string, desired: number, expected: number): DrainBudget => ({
  namespace: 'shop',
  name,
  selector: { matchLabels: { app: name } },
  counted: { desired, expected },
  unreadyMayGo: false,
});
const workload = (kind: string, name: string, replicas?: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace: 'shop' },
  spec: { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: { app: name } } },
});

function impact(view: Partial<DrainView>, objects: readonly KubeObject[] = [], aside: readonly string[] = []) {
  const whole = { pods: [], volumeOf: new Map(), localVolumes: new Set<string>(), budgets: [], ...view };
  const kube = {
    drainView: () => Promise.resolve(whole),
    list: (_: string, kind: string) => Promise.resolve(objects.filter((object) => object.kind === kind)),
  };
  return drainImpact(kube, ['web-1', 'web-2'], options, (node) => aside.includes(node));
}

describe('what draining all nodes for an upgrade comes to', () => {
  it('is nothing where nothing runs', async () => {
    expect(await impact({})).toEqual({ problems: [], warnings: [] });
  });

  it('is refused for a budget that never allows it, on whichever node that shows', async () => {
    const { problems } = await impact({
      pods: [pod('api-1', 'web-2'), pod('by-hand', 'web-1', { controller: undefined })],
      budgets: [budget('api', 1, 1)],
    });
    expect(problems.map(({ code, details }) => [code, details])).toEqual([
      ['UNMANAGED_PODS', ['web-1: shop/by-hand']],
      ['BUDGET_NEVER_ALLOWS', ['web-2: shop/api-1: budget api keeps 1 of 1, so none may ever go']],
    ]);
  });

  it('names apart the nodes that may be set aside, which are in nobody’s way then', async () => {
    const { problems, undrainable } = await impact(
      {
        pods: [pod('api-1', 'web-2'), pod('by-hand', 'web-1', { controller: undefined })],
        budgets: [budget('api', 1, 1)],
      },
      [],
      ['web-1'],
    );
    expect(problems.map(({ code }) => code)).toEqual(['BUDGET_NEVER_ALLOWS']);
    expect([...undrainable!]).toEqual([['web-1', ['shop/by-hand']]]);
  });

  it('names what is down for a while: volumes on a disk with their size, and what has one replica', async () => {
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv-1' },
      spec: { capacity: { storage: '8Gi' } },
    };
    const { problems, warnings } = await impact(
      {
        pods: [
          pod('db-0', 'web-1', { controller: 'StatefulSet', claims: ['data'] }),
          pod('api-1', 'web-1'),
          pod('cron-1', 'web-2'),
        ],
        volumeOf: new Map([['shop/data', 'pv-1']]),
        localVolumes: new Set(['pv-1']),
      },
      [volume, workload('StatefulSet', 'db'), workload('Deployment', 'api', 3), workload('Deployment', 'cron', 1)],
    );
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'shop/db-0: claim data on volume pv-1 of 8Gi, is down while web-1 is changed',
      'Deployment shop/cron has one replica, and is down while that moves',
      'StatefulSet shop/db has one replica, and is down while that moves',
    ]);
  });
});
