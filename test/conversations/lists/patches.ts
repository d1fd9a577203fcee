import type { Conversation } from '../../support/conversations.js';
import {
  configMap,
  dropNamespace,
  get,
  jsonPatch,
  makeNamespace,
  mergePatch,
  namespaced,
  post,
  strategicPatch,
} from './make.js';

const ns = 'talk-patches';
const maps = namespaced(ns, 'configmaps');
const map = `${maps}/a`;
const deployments = namespaced(ns, 'deployments', '', 'apis/apps/v1');
const web = `${deployments}/web`;
const pods = '/spec/template/spec';
const containers = {
  keep: [
    `${pods}/containers/0/name`,
    `${pods}/containers/0/image`,
    `${pods}/containers/0/env`,
    `${pods}/containers/1/name`,
    `${pods}/tolerations`,
    '/metadata/generation',
  ],
};
const template = (spec: object): object => ({ spec: { template: { spec } } });

export const patches: Conversation = {
  name: 'patches',
  about: 'Merge patches, JSON patches and strategic merge patches, and their mistakes.',
  exchanges: [
    ...makeNamespace(ns),
    post('a map', maps, configMap('a', { x: '1', y: '1' }, { labels: { l: '1' } })),
    mergePatch('merge: change, add, remove', map, { data: { x: '2', y: null, z: '1' } }),
    mergePatch('merge: nothing', map, {}),
    mergePatch('merge: at the version read', map, {
      metadata: { resourceVersion: '{{a map:/metadata/resourceVersion}}' },
      data: { x: '3' },
    }),
    mergePatch('merge: another name', map, { metadata: { name: 'b' } }),
    mergePatch('merge: a list instead of an object', map, []),
    mergePatch('merge: broken', map, '{'),
    mergePatch('merge: what is not there', `${maps}/none`, { data: { x: '1' } }),
    mergePatch('merge: only try', `${map}?dryRun=All`, { data: { dry: '1' } }),
    mergePatch('merge: all data away', map, { data: null }),
    jsonPatch('json: add where nothing is', map, [{ op: 'add', path: '/data', value: { x: '1' } }]),
    jsonPatch('json: test, replace, remove', map, [
      { op: 'test', path: '/data/x', value: '1' },
      { op: 'replace', path: '/data/x', value: '2' },
      { op: 'remove', path: '/metadata/labels/l' },
    ]),
    jsonPatch('json: a test that fails', map, [{ op: 'test', path: '/data/x', value: 'other' }]),
    jsonPatch('json: remove what is not there', map, [{ op: 'remove', path: '/data/none' }]),
    jsonPatch('json: an unknown operation', map, [{ op: 'nonsense', path: '/data/x' }]),
    jsonPatch('json: copy and move', map, [
      { op: 'copy', from: '/data/x', path: '/data/y' },
      { op: 'move', from: '/data/x', path: '/data/~1z~0' },
    ]),
    { ...mergePatch('an unknown kind of patch', map, {}), headers: { 'content-type': 'application/nonsense' } },
    { ...mergePatch('a patch of no kind', map, {}), headers: { 'content-type': 'application/json' } },
    post(
      'a deployment',
      deployments,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              containers: [
                { name: 'web', image: 'slipway.test/web:1', env: [{ name: 'A', value: '1' }] },
                { name: 'side', image: 'slipway.test/web:1' },
              ],
              tolerations: [{ key: 'a', operator: 'Exists' }],
            },
          },
        },
      },
      containers,
    ),
    strategicPatch(
      'strategic: a container by its name',
      web,
      template({ containers: [{ name: 'web', image: 'slipway.test/web:2' }] }),
      containers,
    ),
    strategicPatch(
      'strategic: a variable by its name',
      web,
      template({ containers: [{ name: 'web', env: [{ name: 'B', value: '2' }] }] }),
      containers,
    ),
    strategicPatch(
      'strategic: delete a container',
      web,
      template({ containers: [{ name: 'side', $patch: 'delete' }] }),
      containers,
    ),
    strategicPatch(
      'strategic: a list without keys is replaced',
      web,
      template({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
      containers,
    ),
    strategicPatch(
      'strategic: replace a whole list',
      web,
      template({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'slipway.test/web:1' }] }),
      containers,
    ),
    mergePatch(
      'merge: lists are replaced',
      web,
      template({ containers: [{ name: 'merged', image: 'slipway.test/web:1' }] }),
      containers,
    ),
    mergePatch('merge: a selector may not change', web, { spec: { selector: { matchLabels: { app: 'other' } } } }),
    mergePatch('merge: status is left alone here', web, { status: { replicas: 7 } }, { keep: ['/status/replicas'] }),
    mergePatch('merge: fewer than no replicas', web, { spec: { replicas: -1 } }),
    mergePatch(
      'merge: replicas as a text',
      web,
      { spec: { replicas: 'many' } },
      { keep: ['/kind', '/reason', '/code'] },
    ),
    get('what came of it', web, containers),
  ],
  cleanup: dropNamespace(ns),
};
