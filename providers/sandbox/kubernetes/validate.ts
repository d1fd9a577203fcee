import { clone, isMap, type Obj, same } from './objects.js';
import type { Resource } from './resources.js';
import { badRequest, invalid } from './status.js';

const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const relaxed = new Set(['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']);

/** What the API checks of an object that comes in; fills in what it defaults. @throws StatusError 400, 422 */
export function admit(resource: Resource, object: Obj, namespace: string): Obj {
  if (typeof object !== 'object' || object === null || object.kind !== resource.kind)
    throw badRequest(
      `${String(object?.kind)} in version "v1" cannot be handled as a ${resource.kind}: converting (v1.${String(object?.kind)}) to (core.${resource.kind}): unknown conversion`,
    );
  return complete(resource, receive(resource, object, namespace));
}

/** Name, namespace and labels of an object that comes in, whole or in part. @throws StatusError 400, 422 */
export function receive(resource: Resource, object: Obj, namespace: string): Obj {
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
  checkLabels(resource, next);
  return next;
}

/** A whole object with what the API fills in. @throws StatusError 422 */
export function complete(resource: Resource, object: Obj): Obj {
  for (const field of ['data', 'binaryData', 'stringData'] as const)
    if (isMap(object[field]) && Object.keys(object[field]).length === 0) delete object[field];
  for (const field of ['labels', 'annotations'] as const)
    if (object.metadata[field] && Object.keys(object.metadata[field]).length === 0) delete object.metadata[field];
  checkData(resource, object);
  defaults(resource, object);
  required(resource, object);
  return object;
}

const labelName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function checkLabels(resource: Resource, { metadata }: Obj): void {
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const wrong = (bad: string, rule: string) =>
      invalid(resource.kind, metadata.name, 'metadata.labels', `Invalid value: "${bad}": ${rule}`);
    if (!labelName.test(key)) throw wrong(key, nameRule);
    if (!labelValue.test(value)) throw wrong(value, valueRule);
  }
}

const dataKey = /^[-._a-zA-Z0-9]+$/;

function checkData(resource: Resource, object: Obj): void {
  if (resource.group !== '' || !['configmaps', 'secrets'].includes(resource.plural)) return;
  for (const key of Object.keys(object['data'] ?? {})) {
    if (dataKey.test(key)) continue;
    throw invalid(
      resource.kind,
      object.metadata.name,
      `data[${key}]`,
      `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    );
  }
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
  if (resource.plural === 'namespaces') {
    object.status ??= { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  }
  if (resource.plural === 'pods' && resource.group === '') {
    object.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
    object.spec = {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      ...object.spec,
    };
  }
  if (resource.plural === 'services' && resource.group === '') {
    const ports = (object.spec?.['ports'] ?? []) as { port: number; protocol?: string; targetPort?: unknown }[];
    object.spec = {
      type: 'ClusterIP',
      ...object.spec,
      ...(ports.length > 0
        ? { ports: ports.map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port })) }
        : {}),
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
  if (resource.plural === 'services' && resource.group === '') {
    const ports = (object.spec?.['ports'] ?? []) as { name?: string }[];
    const nameless = ports.length > 1 ? ports.findIndex((port) => !port.name) : -1;
    if (nameless >= 0) throw invalid('Service', name, `spec.ports[${nameless}].name`, 'Required value');
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
