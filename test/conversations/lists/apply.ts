import type { Conversation } from '../../support/conversations.js';
import { apply, configMap, dropNamespace, get, makeNamespace, mergePatch, namespaced, post, put } from './make.js';

const ns = 'talk-apply';
const map = namespaced(ns, 'configmaps', 'a');
const deployment = namespaced(ns, 'deployments', 'web', 'apis/apps/v1');
const fields = ['/metadata/managedFields', '/metadata/generation'];

const container = (name: string, rest: object = {}): object => ({ name, image: 'slipway.test/web:1', ...rest });
const web = (containers: readonly object[], spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    ...spec,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
  },
});
const shown = [
  ...fields,
  '/spec/replicas',
  '/spec/template/spec/containers/0/name',
  '/spec/template/spec/containers/1/name',
];
const env = (value: string): object => ({ env: [{ name: 'A', value }] });

export const serverSideApply: Conversation = {
  name: 'server-side-apply',
  about: 'Who owns which field, what a conflict says, and how lists with keys are merged.',
  exchanges: [
    ...makeNamespace(ns),
    apply('apply', map, 'one', configMap('a', { x: '1', y: '1' })),
    apply('apply the same again', map, 'one', configMap('a', { x: '1', y: '1' })),
    apply('another applies the same value', map, 'two', configMap('a', { x: '1' })),
    apply('another wants another value', map, 'two', configMap('a', { x: '2', y: '2' })),
    apply('another takes it by force', map, 'two', configMap('a', { x: '2' }), { force: true }),
    apply('the first one wants it back', map, 'one', configMap('a', { x: '1', y: '1' })),
    apply('the first one leaves it', map, 'one', configMap('a', { y: '1' })),
    apply('and then leaves all', map, 'one', configMap('a', {})),
    mergePatch('someone edits', `${map}?fieldManager=editor`, { data: { x: 'edited', z: '1' } }),
    apply('what was edited is not ours', map, 'two', configMap('a', { x: '2' })),
    apply('nor ours by deleting it from what we apply', map, 'two', configMap('a', {})),
    put('someone replaces all of it', `${map}?fieldManager=editor`, configMap('a', { q: '1' })),
    get('who owns what now', map, { keep: ['/data', ...fields] }),
    apply('labels are fields too', map, 'labels', configMap('a', {}, { labels: { l: '1' }, annotations: { n: '1' } })),
    { ...apply('apply without saying who', map, '', configMap('a', {})), path: map },
    apply('apply with managed fields', map, 'one', configMap('a', {}, { managedFields: [{ manager: 'x' }] })),
    apply('apply another name', map, 'one', configMap('b', {})),
    apply('apply another kind', map, 'one', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }),
    apply('apply without a kind', map, 'one', { metadata: { name: 'a' } }),
    apply(
      'apply at an old version',
      map,
      'one',
      configMap('a', { x: '9' }, { resourceVersion: '{{apply:/metadata/resourceVersion}}' }),
    ),
    apply(
      'apply what is not there at a version',
      namespaced(ns, 'configmaps', 'n'),
      'one',
      configMap('n', {}, { resourceVersion: '1' }),
    ),
    apply(
      'apply as YAML',
      namespaced(ns, 'configmaps', 'y'),
      'one',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "y"}\ndata:\n  a: "1"\n',
    ),
    apply('apply a deployment', deployment, 'one', web([container('web', env('1'))], { replicas: 0 }), { keep: shown }),
    apply(
      'another adds a container',
      deployment,
      'two',
      { ...web([container('side')]), spec: { template: { spec: { containers: [container('side')] } } } },
      { keep: shown },
    ),
    apply(
      'another sets a variable',
      deployment,
      'three',
      { ...web([]), spec: { template: { spec: { containers: [{ name: 'web', env: [{ name: 'B', value: '1' }] }] } } } },
      {
        keep: [...fields, '/spec/template/spec/containers/0/env'],
      },
    ),
    apply('another wants that variable otherwise', deployment, 'four', {
      ...web([]),
      spec: { template: { spec: { containers: [{ name: 'web', env: [{ name: 'A', value: '2' }] }] } } },
    }),
    mergePatch('someone scales', `${deployment}?fieldManager=scaler`, { spec: { replicas: 0 } }, { keep: shown }),
    mergePatch(
      'someone scales for real',
      `${deployment}?fieldManager=scaler`,
      { spec: { paused: true } },
      { keep: [...fields, '/spec/paused'] },
    ),
    apply('the first leaves the number of replicas', deployment, 'one', web([container('web', env('1'))]), {
      keep: shown,
    }),
    apply(
      'the other takes its container away',
      deployment,
      'two',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
      { keep: shown },
    ),
    post(
      'a service',
      namespaced(ns, 'services'),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's' },
        spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
      },
      { keep: ['/spec/ports', '/spec/type', '/spec/clusterIP'] },
    ),
    apply('apply a port to it', namespaced(ns, 'services', 's'), 'one', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports: [{ name: 'web', port: 81, protocol: 'TCP' }] },
    }),
  ],
  cleanup: dropNamespace(ns),
};
