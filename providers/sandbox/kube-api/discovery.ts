import { createHash } from 'node:crypto';

import { reviewResources } from './reviews.js';
import { builtIns, groupVersion, type Resource, type Resources } from './resources.js';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const ownVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
/** Namespaces go one at a time; for kinds of one's own the order is another. */
const verbsOf = (resource: Resource): readonly string[] => {
  if (!builtIns.includes(resource)) return ownVerbs;
  const { group, plural } = resource;
  return group === '' && plural === 'namespaces' ? verbs.filter((verb) => verb !== 'deletecollection') : verbs;
};

const storageHash = ({ group, version, kind }: Resource): string =>
  createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');

const inAll = new Set([
  'pods',
  'services',
  'daemonsets',
  'deployments',
  'replicasets',
  'statefulsets',
  'jobs',
  'cronjobs',
]);
const categoriesOf = ({ plural }: Resource): object => (inAll.has(plural) ? { categories: ['all'] } : {});

const subVerbs = (sub: string): readonly string[] => {
  if (sub === 'status' || sub === 'scale') return ['get', 'patch', 'update'];
  return sub === 'log' ? ['get'] : ['create'];
};

/** The kind that a subresource takes, where it is another. */
function subKind(sub: string, kind: string): object {
  if (sub === 'eviction') return { group: 'policy', version: 'v1', kind: 'Eviction' };
  if (sub === 'token') return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
  if (sub === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return { kind: sub === 'binding' ? 'Binding' : kind };
}

const listed = (resource: Resource): unknown[] => [
  {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: verbsOf(resource),
    ...(resource.short.length > 0 ? { shortNames: resource.short } : {}),
    ...categoriesOf(resource),
    storageVersionHash: storageHash(resource),
  },
  ...resource.subresources.map((sub) => ({
    name: `${resource.plural}/${sub}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...subKind(sub, resource.kind),
    verbs: subVerbs(sub),
  })),
];

export const apiVersions = (): unknown => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });

export function resourceList(resources: Resources, group: string, version: string): unknown {
  const own = resources.all().filter((one) => one.group === group && one.version === version);
  const asked = reviewResources(groupVersion({ group, version }));
  if (own.length + asked.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion({ group, version }),
    resources: [...own.flatMap(listed), ...asked],
  };
}

function groups(resources: Resources): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { group, version } of resources.all()) {
    if (group === '') continue;
    found.set(group, [...new Set([...(found.get(group) ?? []), version])]);
  }
  for (const extra of ['authentication.k8s.io', 'authorization.k8s.io']) found.set(extra, ['v1']);
  return found;
}

function groupItem(name: string, versions: readonly string[]): object {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

export function groupList(resources: Resources): unknown {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...groups(resources)].map(([name, versions]) => groupItem(name, versions)),
  };
}

export function groupOf(resources: Resources, name: string): unknown {
  const versions = groups(resources).get(name);
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...groupItem(name, versions) };
}

/** Built-in kinds leave it to the reader that they are of the group and version that they are listed in. */
const unsaid = { group: '', version: '' };

/** The one-request discovery that newer clients ask for. `core`: the legacy group. */
export function aggregated(resources: Resources, core: boolean): unknown {
  const versionItem = (group: string, version: string): unknown => ({
    version,
    freshness: 'Current',
    resources: resources
      .all()
      .filter((one) => one.group === group && one.version === version)
      .map((one) => ({
        resource: one.plural,
        responseKind: { ...(builtIns.includes(one) ? unsaid : { group, version }), kind: one.kind },
        scope: one.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: one.singular,
        verbs: verbsOf(one),
        ...(one.short.length > 0 ? { shortNames: one.short } : {}),
        ...categoriesOf(one),
        ...(one.subresources.length === 0
          ? {}
          : {
              subresources: [...one.subresources].sort().map((sub) => ({
                subresource: sub,
                responseKind: { ...(builtIns.includes(one) ? unsaid : { group, version }), ...subKind(sub, one.kind) },
                verbs: subVerbs(sub),
              })),
            }),
      })),
  });
  const items = core
    ? [{ metadata: { name: '' }, versions: [versionItem('', 'v1')] }]
    : [...groups(resources)].map(([name, versions]) => ({
        metadata: { name },
        versions: versions.map((version) => versionItem(name, version)),
      }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

/** Where the documents of OpenAPI v3 are. */
export function openApiPaths(resources: Resources): unknown {
  const versions = new Set(resources.all().map((one) => (one.group === '' ? 'api/v1' : `apis/${groupVersion(one)}`)));
  return {
    paths: Object.fromEntries(
      [...versions].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=sandbox` }]),
    ),
  };
}

/**
 * One of them, with no more than kubectl looks for before it leaves validation to the server: that PATCH takes
 * `fieldValidation`.
 */
export function openApiDocument(resources: Resources, path: string): unknown {
  const [group = '', version = ''] = path.startsWith('apis/') ? path.split('/').slice(1) : ['', path.split('/')[1]];
  const own = resources.all().filter((one) => one.group === group && one.version === version);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'sandbox' },
    components: { schemas: {} },
    paths: Object.fromEntries(
      own.map((one) => [
        `/${path}/${one.namespaced ? 'namespaces/{namespace}/' : ''}${one.plural}/{name}`,
        {
          patch: {
            parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
              name,
              in: 'query',
              schema: { type: 'string' },
            })),
            responses: { 200: { description: 'OK' } },
            'x-kubernetes-action': 'patch',
            'x-kubernetes-group-version-kind': { group, version, kind: one.kind },
          },
        },
      ]),
    ),
  };
}
