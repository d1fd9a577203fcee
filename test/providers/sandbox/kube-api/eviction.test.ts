import { describe, expect, it } from 'vitest';

import { budgetStatus } from '../../../../providers/sandbox/kube-api/eviction.js';
import type { Obj } from '../../../../providers/sandbox/kube-api/objects.js';
import { Resources } from '../../../../providers/sandbox/kube-api/resources.js';
import { ObjectStore } from '../../../../providers/sandbox/kube-api/store.js';

const resources = new Resources();
const labels = { app: 'web' };

/** A deployment that wants this many pods, of which so many are there, and all of those Ready. */
function budgetOf(spec: object, { wanted, there }: { readonly wanted: number; readonly there: number }) {
  let uid = 0;
  const store = new ObjectStore(resources, { now: () => 0, uid: () => `uid-${(uid += 1)}` });
  const make = (apiVersion: string, kind: string, name: string, rest: object, owner?: Obj): Obj =>
    store.create(resources.byKind(apiVersion, kind)!, {
      ...{ apiVersion, kind },
      metadata: {
        ...{ name, namespace: 'default', labels },
        ownerReferences: owner
          ? [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid! }]
          : [],
      },
      ...rest,
    });
  const deployment = make('apps/v1', 'Deployment', 'web', { spec: { replicas: wanted } });
  const set = make('apps/v1', 'ReplicaSet', 'web-1', { spec: { replicas: wanted } }, deployment);
  for (let number = 1; number <= there; number += 1)
    make('v1', 'Pod', `web-1-${number}`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, set);
  const budget = make('policy/v1', 'PodDisruptionBudget', 'web', {
    spec: { selector: { matchLabels: labels }, ...spec },
  });
  return budgetStatus(store, budget);
}

describe('A budget in the sandbox', () => {
  it.each([
    [{ maxUnavailable: 1 }, { wanted: 3, there: 3 }, { expected: 3, desired: 2, allowed: 1 }],
    [{ maxUnavailable: 1 }, { wanted: 3, there: 2 }, { expected: 3, desired: 2, allowed: 0 }],
    [{ maxUnavailable: '34%' }, { wanted: 3, there: 2 }, { expected: 3, desired: 1, allowed: 1 }],
    [{ minAvailable: '50%' }, { wanted: 4, there: 2 }, { expected: 4, desired: 2, allowed: 0 }],
    [{ minAvailable: 2 }, { wanted: 3, there: 2 }, { expected: 2, desired: 2, allowed: 0 }],
  ])('of %o counts the pods that there are to be, not those that are left: %o', (spec, pods, counts) => {
    expect(budgetOf(spec, pods)).toMatchObject({ healthy: pods.there, ...counts });
  });

  it('counts pods that nobody makes anew for themselves', () => {
    const store = new ObjectStore(resources, { now: () => 0, uid: () => 'uid' });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'alone', namespace: 'default', labels } };
    store.create(resources.byKind('v1', 'Pod')!, pod);
    const budget = {
      spec: { selector: { matchLabels: labels }, maxUnavailable: 0 },
      metadata: { name: 'alone', namespace: 'default' },
    };
    expect(budgetStatus(store, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', ...budget })).toMatchObject({
      ...{ expected: 1, desired: 1, allowed: 0 },
    });
  });
});
