import { describe, expect, it } from 'vitest';

import {
  budgetHolds,
  type DrainBudget,
  drainObstacles,
  type DrainPod,
  type DrainView,
  type LabelSelector,
  selects,
} from '../../src/domain/index.js';

const pod = (name: string, more: Partial<DrainPod> = {}): DrainPod => ({
  namespace: 'shop',
  name,
  node: 'a',
  labels: { app: 'web' },
  controller: 'ReplicaSet',
  phase: 'Running',
  ready: true,
  ending: false,
  mirror: false,
  claims: [],
  ...more,
});
const budget = (desired: number, expected: number, more: Partial<DrainBudget> = {}): DrainBudget => ({
  namespace: 'shop',
  name: 'web',
  selector: { matchLabels: { app: 'web' } },
  counted: { desired, expected },
  unreadyMayGo: false,
  ...more,
});
const view = (pods: readonly DrainPod[], more: Partial<DrainView> = {}): DrainView => ({
  pods,
  volumeOf: new Map([
    ['shop/data', 'pv-local'],
    ['shop/cloud', 'pv-cloud'],
  ]),
  localVolumes: new Set(['pv-local']),
  budgets: [],
  ...more,
});
const found = (pods: readonly DrainPod[], more: Partial<DrainView> = {}, nodes = ['a']) =>
  drainObstacles(nodes, view(pods, more)).map(({ kind, node, text }) => `${kind} ${node} ${text}`);

describe('what stands in the way of drains', () => {
  it.each<[string, Partial<DrainPod>, readonly string[]]>([
    ['a pod with a controller: nothing', {}, []],
    ['a bare pod', { controller: undefined }, ['unmanaged-pod a shop/p']],
    ['a bare pod that is ending: nothing', { controller: undefined, ending: true }, []],
    ['a bare pod that has ended: nothing', { controller: undefined, phase: 'Succeeded' }, []],
    ['a mirror pod: nothing', { controller: undefined, mirror: true }, []],
    ['a DaemonSet’s pod with local data: nothing', { controller: 'DaemonSet', claims: ['data'] }, []],
    ['data on the node’s disk', { claims: ['data'] }, ['local-data a shop/p: claim data on volume pv-local']],
    ['data on a volume of the cloud: nothing', { claims: ['cloud', 'unbound'] }, []],
    ['a claim of that name in another namespace: nothing', { namespace: 'other', claims: ['data'] }, []],
    ['a pod of another node: nothing', { controller: undefined, node: 'b' }, []],
  ])('%s', (_what, more, expected) => {
    expect(found([pod('p', more)])).toEqual(expected);
  });

  it.each<[string, readonly DrainBudget[], Partial<DrainPod>, boolean]>([
    ['keeps all of its pods', [budget(2, 2)], {}, true],
    ['keeps more than there are', [budget(3, 2)], {}, true],
    ['lets one go', [budget(1, 2)], {}, false],
    ['has not been counted yet', [budget(1, 1, { counted: undefined })], {}, false],
    ['selects nothing', [budget(0, 0)], {}, false],
    ['is of another namespace', [budget(2, 2, { namespace: 'other' })], {}, false],
    ['is of other pods', [budget(2, 2, { selector: { matchLabels: { app: 'db' } } })], {}, false],
    ['selects everything by an empty selector', [budget(2, 2, { selector: {} })], {}, true],
    ['keeps all, of a pod that is not Ready', [budget(2, 2)], { ready: false }, true],
    ['keeps all that are Ready, of one that is not', [budget(2, 2, { unreadyMayGo: true })], { ready: false }, false],
    ['keeps all, of a pod that waits for a node', [budget(2, 2)], { phase: 'Pending' }, false],
    ['keeps all, of a pod that is ending', [budget(2, 2)], { ending: true }, false],
    ['is one of two over the same pod', [budget(1, 2), budget(1, 2, { name: 'web-2' })], {}, true],
  ])('a budget that %s', (_what, budgets, more, blocks) => {
    expect(found([pod('p', more)], { budgets })).toHaveLength(blocks ? 1 : 0);
  });

  it('are told of all nodes at once', () => {
    const pods = [
      pod('p1', { controller: undefined }),
      pod('p2', { node: 'b', claims: ['data'] }),
      pod('p3', { node: 'c' }),
    ];
    expect(found(pods, {}, ['a', 'b', 'c'])).toHaveLength(2);
  });
});

it.each<[LabelSelector | undefined, boolean]>([
  [undefined, false],
  [{}, true],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
  [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
  [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, false],
])('the selector %j selects pods of app=web as Kubernetes does: %s', (selector, expected) => {
  expect(selects(selector, { app: 'web' })).toBe(expected);
});

describe('what will hold up a drain', () => {
  const holds = (pods: readonly DrainPod[], ...budgets: DrainBudget[]) => budgetHolds('a', view(pods, { budgets }));
  const two = [pod('p'), pod('q')];

  it('is told where a budget lets no pod go now, with the pods', () => {
    expect(holds(two, budget(2, 3, { allowed: 0 }))).toEqual([
      'waits for PodDisruptionBudget shop/web, which lets none of its pods go now (p, q)',
    ]);
  });

  it('is told where it lets fewer go at a time than run there', () => {
    expect(holds(two, budget(2, 3, { allowed: 1 }))).toEqual([
      'PodDisruptionBudget shop/web lets 1 of its 2 pods there go at a time',
    ]);
  });

  it.each<[string, readonly DrainPod[], DrainBudget]>([
    ['as many may go as run there', two, budget(2, 4, { allowed: 2 })],
    ['nobody has counted', two, budget(2, 3)],
    ['its pods run on another node', [pod('p', { node: 'b' })], budget(2, 3, { allowed: 0 })],
    ['it selects others', two, budget(2, 3, { allowed: 0, selector: { matchLabels: { app: 'db' } } })],
    ['it is of another namespace', two, budget(2, 3, { allowed: 0, namespace: 'other' })],
    ['they are on their way out', [pod('p', { ending: true })], budget(2, 3, { allowed: 0 })],
    ['those that are not Ready may go', [pod('p', { ready: false })], budget(2, 3, { allowed: 0, unreadyMayGo: true })],
  ])('is nothing where %s', (_what, pods, one) => {
    expect(holds(pods, one)).toEqual([]);
  });
});
