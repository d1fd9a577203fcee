import { clone, type Obj, same } from './objects.js';
import type { Resource } from './resources.js';
import { badRequest, invalid } from './status.js';

const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const relaxed = new Set(['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']);

/** What the API checks of an object that comes in; fills in what it defaults. @throws StatusError 400, 422 */
export function admit(resource: Resource, object: Obj, namespace: string): Obj {
  if (typeof object !== 'object' || object === null || object.kind !== resource.kind)
    throw badRequest(`${resource.kind} expected, got ${String(object?.kind)}`);
  const next = clone(object);
  next.metadata ??= { name: '' };
  if (resource.namespaced) {
    if (next.metadata.namespace !== undefined && next.metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    next.metadata.namespace = namespace;
  }
  const { name, generateName } = next.metadata;
  if (!name && !generateName)
    throw invalid(resource.kind, '', 'metadata.name', 'Required value: name or generateName is required');
  if (name && !relaxed.has(resource.plural) && !subdomain.test(name)) {
    throw invalid(
      resource.kind,
      name,
      'metadata.name',
      `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    );
  }
  defaults(resource, next);
  required(resource, next);
  return next;
}

function defaults(resource: Resource, object: Obj): void {
  if (resource.plural === 'secrets') {
    const strings = object['stringData'] as Record<string, string> | undefined;
    if (strings) {
      const encoded = Object.entries(strings).map(
        ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
      );
      object['data'] = { ...(object['data'] as object | undefined), ...Object.fromEntries(encoded) };
      delete object['stringData'];
    }
    object['type'] ??= 'Opaque';
  }
  if (resource.plural === 'namespaces') object.status ??= { phase: 'Active' };
  if (resource.plural === 'pods' && resource.group === '') {
    object.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
    object.spec = {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      ...object.spec,
    };
  }
  if (['deployments', 'replicasets', 'statefulsets'].includes(resource.plural))
    object.spec = { replicas: 1, ...object.spec };
}

function required(resource: Resource, object: Obj): void {
  const { name } = object.metadata;
  if (resource.plural === 'pods' && !(object.spec?.['containers'] as unknown[] | undefined)?.length) {
    throw invalid('Pod', name, 'spec.containers', 'Required value');
  }
  if (resource.group === 'apps') {
    const { selector, template } = (object.spec ?? {}) as {
      selector?: { matchLabels?: Record<string, string> };
      template?: { metadata?: { labels?: Record<string, string> } };
    };
    if (!selector) throw invalid(resource.kind, name, 'spec.selector', 'Required value');
    const labels = template?.metadata?.labels ?? {};
    if (Object.entries(selector.matchLabels ?? {}).some(([key, value]) => labels[key] !== value)) {
      throw invalid(
        resource.kind,
        name,
        'spec.template.metadata.labels',
        '`selector` does not match template `labels`',
      );
    }
  }
}

/** Changes that the API does not take. @throws StatusError 422 */
export function refuseImmutable(resource: Resource, before: Obj, after: Obj): void {
  const { name } = before.metadata;
  const fixed = (path: string, read: (object: Obj) => unknown, mayBeSet = false): void => {
    if (mayBeSet && (read(before) === undefined || read(before) === '')) return;
    if (!same(read(before), read(after))) throw invalid(resource.kind, name, path, 'Invalid value: field is immutable');
  };
  if (resource.group === 'apps') fixed('spec.selector', (object) => object.spec?.['selector']);
  if (resource.plural === 'nodes') fixed('spec.providerID', (object) => object.spec?.['providerID'], true);
  if (resource.plural === 'pods') fixed('spec.nodeName', (object) => object.spec?.['nodeName'], true);
}
