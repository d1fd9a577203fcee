import type { Conversation } from '../../support/conversations.js';
import { dropNamespace, get, makeNamespace, mergePatch, namespaced, object, post, remove, table } from './make.js';

const ns = 'talk-pods';
const pods = namespaced(ns, 'pods');
const budgets = namespaced(ns, 'poddisruptionbudgets', '', 'apis/policy/v1');
const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'web', image: 'slipway.test/web:1' }] },
});
const eviction = (name: string, rest: object = {}): object => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name },
  ...rest,
});
const running = { until: { at: '/status/phase', is: 'Running' }, keep: ['/status/phase', '/metadata/labels'] };
const accounts = namespaced(ns, 'serviceaccounts');

export const podsAndRights: Conversation = {
  name: 'pods',
  about: 'Pods that run, budgets that hold an eviction back, tokens that may do nothing.',
  exchanges: [
    ...makeNamespace(ns),
    get('the account is there', `${accounts}/default`, { until: { status: 200 }, keep: ['/kind', '/metadata/name'] }),
    post('a pod', pods, pod('a'), {
      keep: ['/kind', '/status/phase', '/metadata/name', '/spec/terminationGracePeriodSeconds'],
    }),
    get('it runs', `${pods}/a`, running),
    table('pods as a table', pods, {
      keep: ['/kind', '/columnDefinitions', '/rows/0/cells/0', '/rows/0/cells/1', '/rows/0/cells/2'],
    }),
    post(
      'a budget',
      budgets,
      {
        ...object('policy/v1', 'PodDisruptionBudget', 'b'),
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      },
      {
        keep: ['/kind', '/spec'],
      },
    ),
    get('the budget knows', `${budgets}/b`, {
      until: { at: '/status/currentHealthy', is: 1 },
      keep: ['/status/currentHealthy', '/status/desiredHealthy', '/status/disruptionsAllowed', '/status/expectedPods'],
    }),
    post('an eviction that the budget holds back', `${pods}/a/eviction`, eviction('a')),
    post('an eviction only tried', `${pods}/a/eviction`, eviction('a', { deleteOptions: { dryRun: ['All'] } })),
    post('an eviction of another name', `${pods}/a/eviction`, eviction('b')),
    post('an eviction of what is not there', `${pods}/none/eviction`, eviction('none')),
    remove('the budget goes', `${budgets}/b`, undefined, { keep: ['/status'] }),
    post('an eviction', `${pods}/a/eviction`, eviction('a')),
    get('the pod goes', `${pods}/a`, { until: { status: 404 } }),
    post('a second pod', pods, pod('c'), { keep: ['/metadata/name'] }),
    get('it runs too', `${pods}/c`, running),
    mergePatch(
      'another image is allowed',
      `${pods}/c`,
      { spec: { containers: [{ name: 'web', image: 'slipway.test/web:1' }] } },
      { keep: ['/kind'] },
    ),
    mergePatch(
      'another account is not',
      `${pods}/c`,
      { spec: { serviceAccountName: 'other' } },
      { keep: ['/kind', '/reason', '/code', '/details/causes/0/field'] },
    ),
    remove(
      'it is deleted at once',
      `${pods}/c`,
      { gracePeriodSeconds: 0 },
      { keep: ['/kind', '/metadata/name', '/metadata/deletionGracePeriodSeconds'] },
    ),
    get('and is gone', `${pods}/c`, { until: { status: 404 }, keep: ['/reason'] }),
    post('a pod without containers', pods, { ...pod('d'), spec: { containers: [] } }),
    post('a pod that names no image', pods, { ...pod('d'), spec: { containers: [{ name: 'web' }] } }),
    post('an account', accounts, object('v1', 'ServiceAccount', 'poor')),
    post(
      'a token for it',
      `${accounts}/poor/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 600 },
      },
      { keep: ['/kind', '/spec/expirationSeconds', '/status/expirationTimestamp'] },
    ),
    post('a token that lives too short', `${accounts}/poor/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 5 },
    }),
    get('the account may not read secrets', namespaced(ns, 'secrets'), {
      as: { token: '{{a token for it:/status/token}}' },
    }),
    get('nor another namespace', '/api/v1/namespaces/default', { as: { token: '{{a token for it:/status/token}}' } }),
    post('nor make anything', namespaced(ns, 'configmaps'), object('v1', 'ConfigMap', 'x'), {
      as: { token: '{{a token for it:/status/token}}' },
    }),
    get('a token that nobody gave', namespaced(ns, 'secrets'), { as: { token: 'nonsense' } }),
  ],
  cleanup: dropNamespace(ns),
};
