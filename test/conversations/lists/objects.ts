import type { Conversation } from '../../support/conversations.js';
import {
  configMap,
  dropNamespace,
  get,
  makeNamespace,
  mergePatch,
  namespaced,
  object,
  post,
  put,
  remove,
  yaml,
} from './make.js';

const ns = 'talk-objects';
const maps = namespaced(ns, 'configmaps');
const one = `${maps}/a`;

export const objects: Conversation = {
  name: 'objects',
  about: 'Creating, reading, replacing and deleting, and what is answered to each mistake.',
  exchanges: [
    ...makeNamespace(ns),
    post('create', maps, configMap('a', { x: '1' })),
    post('create the same again', maps, configMap('a', { x: '1' })),
    get('read', one),
    get('read what is not there', `${maps}/none`),
    get('list an unknown resource', namespaced(ns, 'nonsenses')),
    get('list an unknown group', '/apis/none.example/v1/things'),
    get('list an empty resource', namespaced(ns, 'resourcequotas')),
    post('create in a namespace that is not there', namespaced('talk-none', 'configmaps'), configMap('a', {})),
    post('create with a broken name', maps, configMap('Not_A_Name', {})),
    post('create without a name', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }),
    post('create with a generated name', maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'g-' },
    }),
    post('create with the namespace of another', maps, configMap('b', {}, { namespace: 'default' })),
    post('create another kind here', maps, object('v1', 'Secret', 'b')),
    post('create with a kind that is not known', maps, object('v1', 'Nonsense', 'b')),
    post('create from broken JSON', maps, '{"kind": "ConfigMap"'),
    post('create from YAML', maps, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: "1"}\n', {
      headers: yaml,
    }),
    post('create in a form nobody knows', maps, 'x', { headers: { 'content-type': 'text/plain' } }),
    post('create with a broken label', maps, configMap('b', {}, { labels: { 'not a label': 'x' } })),
    post('create with a broken label value', maps, configMap('b', {}, { labels: { a: 'not ok!' } })),
    post('create with a value that is no text', maps, { ...configMap('b', {}), data: { x: 1 } }),
    post('create with an unknown field, strictly', `${maps}?fieldValidation=Strict`, {
      ...configMap('b', {}),
      nonsense: 1,
    }),
    post('create with an unknown field', maps, { ...configMap('lenient', {}), nonsense: 1 }),
    post('only try to create', `${maps}?dryRun=All`, configMap('dry', { x: '1' })),
    get('what was only tried is not there', `${maps}/dry`),
    put('replace', one, configMap('a', { x: '2' })),
    put(
      'replace at the version read',
      one,
      configMap('a', { x: '3' }, { resourceVersion: '{{replace:/metadata/resourceVersion}}' }),
    ),
    put(
      'replace at an old version',
      one,
      configMap('a', { x: '4' }, { resourceVersion: '{{replace:/metadata/resourceVersion}}' }),
    ),
    put('replace under another name', one, configMap('b', {})),
    put('replace what is not there', `${maps}/none`, configMap('none', { x: '1' })),
    post('create an immutable one', maps, { ...configMap('fixed', { x: '1' }), immutable: true }),
    mergePatch('change an immutable one', `${maps}/fixed`, { data: { x: '2' } }),
    post(
      'create a secret from text',
      namespaced(ns, 'secrets'),
      object('v1', 'Secret', 's', { stringData: { a: 'hello' } }),
    ),
    post(
      'create a secret that is not base64',
      namespaced(ns, 'secrets'),
      object('v1', 'Secret', 't', { data: { a: '%' } }),
    ),
    mergePatch('change the type of a secret', namespaced(ns, 'secrets', 's'), { type: 'example.dev/other' }),
    remove('delete as another uid', one, { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } }),
    remove('delete', one),
    remove('delete again', one),
    post('create with a finalizer', maps, configMap('held', {}, { finalizers: ['example.dev/held'] })),
    remove('delete what is held', `${maps}/held`),
    get('it waits for its finalizer', `${maps}/held`),
    mergePatch('add a finalizer too late', `${maps}/held`, {
      metadata: { finalizers: ['example.dev/held', 'example.dev/late'] },
    }),
    mergePatch('take the finalizer away', `${maps}/held`, { metadata: { finalizers: null } }),
    get('then it is gone', `${maps}/held`),
    post('create an owner', maps, configMap('owner', {})),
    post(
      'create what it owns',
      maps,
      configMap(
        'owned',
        {},
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '{{create an owner:/metadata/uid}}' },
          ],
        },
      ),
    ),
    remove('delete the owner', `${maps}/owner`, { propagationPolicy: 'Background' }),
    get('what it owned goes too', `${maps}/owned`, { until: { status: 404 } }),
    remove('delete many', `${maps}?labelSelector=none%3Dsuch`, undefined, { keep: ['/kind', '/items'] }),
    post('patch by POST', one, {}),
    post('create a namespace with a broken name', '/api/v1/namespaces', object('v1', 'Namespace', 'Not.Good')),
    get('read without credentials', one, { as: 'nobody' }),
  ],
  cleanup: dropNamespace(ns),
};
