import type { Conversation } from '../../support/conversations.js';
import { dropNamespace, get, makeNamespace, namespaced, object, post, remove, table, apply } from './make.js';

const whole = { headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' } };
const core = [
  'namespaces',
  'nodes',
  'nodes/status',
  'pods',
  'pods/eviction',
  'pods/log',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'serviceaccounts/token',
  'persistentvolumeclaims',
];
const groups = [
  'apps',
  'batch',
  'policy',
  'coordination.k8s.io',
  'rbac.authorization.k8s.io',
  'networking.k8s.io',
  'apiextensions.k8s.io',
];
const ns = 'talk-discovery';
const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const boats = namespaced(ns, 'boats', '', 'apis/talk.example/v1');

export const discovery: Conversation = {
  name: 'discovery',
  about: 'What is served, and kinds that are added.',
  exchanges: [
    get('alive', '/livez'),
    get('ready', '/readyz'),
    get('version', '/version', { keep: ['/compiler', '/platform', '/gitTreeState'] }),
    get('core versions', '/api', { keep: ['/kind', '/versions'] }),
    get('core resources', '/api/v1', {
      keep: ['/kind', '/groupVersion'],
      only: { at: '/resources', by: 'name', names: core },
    }),
    get('groups', '/apis', { keep: ['/kind'], only: { at: '/groups', by: 'name', names: groups } }),
    get('resources of apps', '/apis/apps/v1', {
      keep: ['/kind', '/groupVersion'],
      only: {
        at: '/resources',
        by: 'name',
        names: ['deployments', 'deployments/status', 'daemonsets', 'statefulsets', 'replicasets'],
      },
    }),
    get('core, all at once', '/api', { ...whole, keep: ['/kind', '/apiVersion', '/items/0/versions/0/version'] }),
    get('its resources', '/api', {
      ...whole,
      only: { at: '/items/0/versions/0/resources', by: 'resource', names: core.filter((name) => !name.includes('/')) },
    }),
    get('groups, all at once', '/apis', { ...whole, keep: ['/kind', '/apiVersion'] }),
    get('a group that is not there', '/apis/none.example'),
    get('a version that is not there', '/apis/apps/v9'),
    get('a path that is not there', '/none'),
    ...makeNamespace(ns),
    post(
      'a new kind',
      crd,
      {
        ...object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'boats.talk.example'),
        spec: {
          group: 'talk.example',
          scope: 'Namespaced',
          names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bt'] },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              subresources: { status: {} },
              additionalPrinterColumns: [{ name: 'Length', type: 'integer', jsonPath: '.spec.length' }],
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: {
                    spec: {
                      type: 'object',
                      required: ['length'],
                      properties: { length: { type: 'integer', minimum: 1 }, name: { type: 'string' } },
                    },
                    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  },
                },
              },
            },
          ],
        },
      },
      { keep: ['/kind', '/metadata/name', '/spec/names'] },
    ),
    get('it is established', `${crd}/boats.talk.example`, {
      until: { at: '/status/acceptedNames/kind', is: 'Boat' },
      keep: ['/status/acceptedNames', '/status/storedVersions'],
    }),
    get('it is served', boats, { until: { status: 200 } }),
    get('and discovered', '/apis/talk.example/v1', { until: { status: 200 } }),
    post(
      'one of it',
      boats,
      object('talk.example/v1', 'Boat', 'a', { spec: { length: 5, name: 'Ada' }, status: { left: 'alone' } }),
    ),
    post('one that breaks the rules', boats, object('talk.example/v1', 'Boat', 'b', { spec: { length: 0 } })),
    post('one without what is required', boats, object('talk.example/v1', 'Boat', 'b', { spec: {} })),
    post(
      'one with an unknown field',
      boats,
      object('talk.example/v1', 'Boat', 'c', { spec: { length: 1, nonsense: 1 } }),
    ),
    apply('one applied', `${boats}/d`, 'one', object('talk.example/v1', 'Boat', 'd', { spec: { length: 7 } })),
    apply('applied by another', `${boats}/d`, 'two', object('talk.example/v1', 'Boat', 'd', { spec: { length: 8 } })),
    apply(
      'its status applied',
      `${boats}/d/status`,
      'three',
      object('talk.example/v1', 'Boat', 'd', { status: { afloat: true } }),
    ),
    table('as a table', boats),
    remove('one deleted', `${boats}/a`),
    remove('the kind goes', `${crd}/boats.talk.example`, undefined, { keep: ['/kind', '/metadata/name'] }),
    get('and is no longer served', boats, { until: { status: 404 } }),
  ],
  cleanup: [remove('drop kind', `${crd}/boats.talk.example`), ...dropNamespace(ns)],
};
