import type { Conversation } from '../../support/conversations.js';
import { configMap, dropNamespace, get, makeNamespace, mergePatch, namespaced, post, remove } from './make.js';

const ns = 'talk-watching';
const maps = namespaced(ns, 'configmaps');
const ours = 'fieldSelector=metadata.name%21%3Dkube-root-ca.crt';
const from = (version: string): string => `${maps}?watch=true&${ours}&resourceVersion=${version}`;
const now = '{{list:/metadata/resourceVersion}}';
const kept = ['/type', '/object/kind', '/object/metadata/name', '/object/metadata/labels', '/object/data'];

export const watching: Conversation = {
  name: 'watching',
  about: 'What a watch says, from where, in which order, and how it ends.',
  exchanges: [
    ...makeNamespace(ns),
    get('the root certificates are handed out', `${maps}/kube-root-ca.crt`, {
      until: { status: 200 },
      keep: ['/kind'],
    }),
    post('one that is there before', maps, configMap('before', { x: '1' }), { keep: ['/metadata/name'] }),
    get('list', `${maps}?limit=1`, { keep: ['/kind'] }),
    get('all that happens after the list', from(now), {
      watch: {
        events: 4,
        during: [
          post('create', maps, configMap('a', { x: '1' }), { keep: ['/metadata/name'] }),
          mergePatch('change', `${maps}/a`, { data: { x: '2' } }, { keep: ['/data'] }),
          mergePatch('change nothing', `${maps}/a`, { data: { x: '2' } }, { keep: ['/data'] }),
          remove('delete', `${maps}/a`),
          post('the last one', maps, configMap('z', {}), { keep: ['/metadata/name'] }),
        ],
      },
    }),
    get('the same again, after it happened', from(now), { watch: { events: 4 }, keep: kept }),
    get('what is there is told first', `${maps}?watch=true&${ours}`, { watch: { events: 2 }, keep: kept }),
    get('the same at any version', from('0'), { watch: { events: 2 }, keep: kept }),
    get(
      'with a bookmark after what is there',
      `${maps}?watch=true&${ours}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      {
        watch: { events: 3 },
        keep: [...kept, '/object/metadata/annotations'],
      },
    ),
    get('first events without a match', `${maps}?watch=true&sendInitialEvents=true`),
    get('only what a selector names', `${maps}?watch=true&labelSelector=tier%3Dweb&resourceVersion=${now}`, {
      watch: {
        events: 3,
        during: [
          post('without the label', maps, configMap('l', {}), { keep: ['/metadata/name'] }),
          mergePatch(
            'it gets the label',
            `${maps}/l`,
            { metadata: { labels: { tier: 'web' } } },
            { keep: ['/metadata/labels'] },
          ),
          mergePatch('it changes', `${maps}/l`, { data: { x: '1' } }, { keep: ['/data'] }),
          mergePatch(
            'it loses the label',
            `${maps}/l`,
            { metadata: { labels: { tier: null } } },
            { keep: ['/metadata/labels'] },
          ),
        ],
      },
      keep: kept,
    }),
    get('one by its name', `${maps}?watch=true&fieldSelector=metadata.name%3Dbefore&resourceVersion=${now}`, {
      watch: { events: 1, during: [remove('delete it', `${maps}/before`)] },
      keep: kept,
    }),
    get('as a table', from(now), {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      watch: { events: 2 },
      keep: [
        '/type',
        '/object/kind',
        '/object/columnDefinitions/0/name',
        '/object/rows/0/cells/0',
        '/object/rows/0/object/kind',
      ],
    }),
    get('until the time is up', `${maps}?watch=true&${ours}&timeoutSeconds=1&resourceVersion=0`, {
      watch: { events: 99 },
      keep: kept,
    }),
    get('from a version nobody can read', from('nonsense')),
  ],
  cleanup: dropNamespace(ns),
};
