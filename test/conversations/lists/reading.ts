import type { Conversation } from '../../support/conversations.js';
import { configMap, dropNamespace, get, makeNamespace, namespaced, object, post, table } from './make.js';

const ns = 'talk-reading';
const maps = namespaced(ns, 'configmaps');
const deployments = namespaced(ns, 'deployments', '', 'apis/apps/v1');
const named = {
  keep: [
    '/kind',
    '/apiVersion',
    '/items/0/metadata/name',
    '/items/1/metadata/name',
    '/items/2/metadata/name',
    '/items/0/kind',
  ],
};
const paged = { keep: [...named.keep, '/metadata/continue', '/metadata/remainingItemCount'] };
const query = (text: string): string => `${maps}?${text}`;
const ours = 'metadata.name%21%3Dkube-root-ca.crt';

export const reading: Conversation = {
  name: 'reading',
  about: 'Lists, selectors, pages and the tables that kubectl shows.',
  exchanges: [
    ...makeNamespace(ns),
    get('the root certificates are handed out', `${maps}/kube-root-ca.crt`, {
      until: { status: 200 },
      keep: ['/kind', '/metadata/name'],
    }),
    post('a', maps, configMap('a', { x: '1' }, { labels: { tier: 'web', n: '1' } })),
    post('b', maps, configMap('b', { x: '1', y: '2' }, { labels: { tier: 'db' } })),
    post('c', maps, configMap('c', {})),
    get('list', query(`fieldSelector=${ours}`)),
    get('list of nothing', namespaced(ns, 'limitranges')),
    get('label: equal', query('labelSelector=tier%3Dweb'), named),
    get('label: not equal', query(`labelSelector=tier%21%3Dweb&fieldSelector=${ours}`), named),
    get('label: one of', query('labelSelector=tier%20in%20(web,db)'), named),
    get('label: none of', query(`labelSelector=tier%20notin%20(web)&fieldSelector=${ours}`), named),
    get('label: there', query('labelSelector=tier'), named),
    get('label: not there', query(`labelSelector=%21tier&fieldSelector=${ours}`), named),
    get('label: both', query('labelSelector=tier%3Dweb,n%3D1'), named),
    get('label: broken', query('labelSelector=tier%3D%3D%3Dweb')),
    get('field: name', query('fieldSelector=metadata.name%3Da'), named),
    get('field: unknown', query('fieldSelector=data.x%3D1')),
    get('field: broken', query('fieldSelector=nonsense')),
    get('page 1', query(`limit=2&fieldSelector=${ours}`), named),
    get('page 1 of all', query('limit=2&labelSelector='), paged),
    get('page 2 of all', query('limit=2&continue={{page 1 of all:/metadata/continue}}'), paged),
    get('a page from nowhere', query('limit=2&continue=nonsense')),
    get('at any version', query(`resourceVersion=0&fieldSelector=${ours}`), named),
    get('at an unreadable version', query('resourceVersion=nonsense')),
    table('table: maps', query(`fieldSelector=${ours}`)),
    table('table: one map', `${maps}/a`),
    table('table: nothing', namespaced(ns, 'secrets')),
    table('table: what is not there', `${maps}/none`),
    table('table: a namespace', `/api/v1/namespaces/${ns}`),
    post(
      'a deployment',
      deployments,
      {
        ...object('apps/v1', 'Deployment', 'web'),
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: { containers: [{ name: 'web', image: 'slipway.test/web:1' }] },
          },
        },
      },
      { keep: ['/metadata/name'] },
    ),
    get('it is looked at', `${deployments}/web`, {
      until: { at: '/status/observedGeneration', is: 1 },
      keep: ['/status/observedGeneration'],
    }),
    table('table: deployments', deployments),
    post(
      'a service',
      namespaced(ns, 'services'),
      { ...object('v1', 'Service', 's'), spec: { ports: [{ port: 80 }] } },
      { keep: ['/metadata/name'] },
    ),
    table('table: services', namespaced(ns, 'services')),
    post(
      'a budget',
      namespaced(ns, 'poddisruptionbudgets', '', 'apis/policy/v1'),
      {
        ...object('policy/v1', 'PodDisruptionBudget', 'b'),
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      },
      { keep: ['/metadata/name'] },
    ),
    table('table: budgets', namespaced(ns, 'poddisruptionbudgets', '', 'apis/policy/v1')),
    post('a secret', namespaced(ns, 'secrets'), object('v1', 'Secret', 's', { stringData: { a: '1', b: '2' } }), {
      keep: ['/type'],
    }),
    table('table: secrets', namespaced(ns, 'secrets')),
    table('table: accounts', namespaced(ns, 'serviceaccounts')),
    table('table: no rows wanted whole', `${query(`fieldSelector=${ours}`)}&includeObject=None`),
    table('table: whole rows', `${query('fieldSelector=metadata.name%3Da')}&includeObject=Object`),
  ],
  cleanup: dropNamespace(ns),
};
