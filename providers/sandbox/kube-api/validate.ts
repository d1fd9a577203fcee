import { clone, isMap, type Obj } from './objects.js';
import type { Resource } from './resources.js';
import { schemaCauses, shaped } from './crd-schema.js';
import { defaults } from './defaults.js';
import { eventMistakes } from './events.js';
import { forbiddenChanges } from './immutable.js';
import { badRequest, type Cause, invalid, refusal } from './status.js';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const relaxed = new Set(['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']);

/** What the API checks of an object that comes in; fills in what it defaults. @throws StatusError 400, 422 */
export function admit(resource: Resource, object: Obj, namespace: string, before?: Obj): Obj {
  if (typeof object !== 'object' || object === null || object.kind !== resource.kind)
    throw badRequest(
      `${String(object?.kind)} in version "v1" cannot be handled as a ${resource.kind}: converting (v1.${String(object?.kind)}) to (core.${resource.kind}): unknown conversion`,
    );
  return complete(resource, receive(resource, object, namespace), before);
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
    throw invalid(resource, '', 'metadata.name', 'Required value: name or generateName is required');
  if (name && !relaxed.has(resource.plural)) {
    const [rule, text] = resource.kind === 'Namespace' ? [label, labelRule] : [subdomain, subdomainRule];
    if (!rule.test(name)) throw invalid(resource, name, 'metadata.name', `Invalid value: "${name}": ${text}`);
  }
  checkLabels(resource, next);
  return next;
}

/**
 * A whole object with what the API fills in.
 * @param before what it replaces
 * @throws StatusError 422 for all that is wrong with it, or with the change
 */
export function complete(resource: Resource, object: Obj, before?: Obj): Obj {
  for (const field of ['data', 'binaryData', 'stringData'] as const)
    if (isMap(object[field]) && Object.keys(object[field]).length === 0) delete object[field];
  for (const field of ['labels', 'annotations'] as const)
    if (object.metadata[field] && Object.keys(object.metadata[field]).length === 0) delete object.metadata[field];
  if ((object.metadata.finalizers ?? []).length === 0) delete object.metadata.finalizers;
  checkData(resource, object);
  defaults(resource, object);
  const whole = resource.schema ? shaped(resource.schema, object) : object;
  const causes = [
    ...(resource.schema ? schemaCauses(resource.schema, whole) : mistakes(resource, whole)),
    ...(isEvent(resource) ? eventMistakes(whole, before) : []),
    ...(before ? forbiddenChanges(resource, before, whole) : []),
  ];
  // Of events the group is not named.
  const named = resource.view ? { ...resource, group: resource.view.group } : resource;
  if (causes.length > 0) throw refusal(named, whole.metadata.name, causes);
  return whole;
}

const isEvent = ({ group, plural }: Resource): boolean => plural === 'events' && ['', 'events.k8s.io'].includes(group);

const labelName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function checkLabels(resource: Resource, { metadata }: Obj): void {
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const wrong = (bad: string, rule: string) =>
      invalid(resource, metadata.name, 'metadata.labels', `Invalid value: "${bad}": ${rule}`);
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
      resource,
      object.metadata.name,
      `data[${key}]`,
      `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    );
  }
}

/** What is wrong with a whole object of a built-in kind. */
function mistakes(resource: Resource, object: Obj): readonly Cause[] {
  const spec = object.spec ?? {};
  const causes: Cause[] = [];
  if (resource.group === '' && resource.plural === 'pods') {
    const containers = (spec['containers'] ?? []) as { image?: string }[];
    if (containers.length === 0) causes.push({ field: 'spec.containers', message: 'Required value' });
    containers.forEach(({ image }, index) => {
      if (!image) causes.push({ field: `spec.containers[${index}].image`, message: 'Required value' });
    });
  }
  if (resource.group === '' && resource.plural === 'services') {
    const ports = (spec['ports'] ?? []) as { name?: string }[];
    const nameless = ports.length > 1 ? ports.findIndex((port) => !port.name) : -1;
    if (nameless >= 0) causes.push({ field: `spec.ports[${nameless}].name`, message: 'Required value' });
  }
  if (resource.group === 'apps') causes.push(...workloadMistakes(spec));
  return causes;
}

function workloadMistakes(spec: Readonly<Record<string, unknown>>): readonly Cause[] {
  const { selector, template, replicas } = spec as {
    selector?: { matchLabels?: Record<string, string> };
    template?: { metadata?: { labels?: Record<string, string> } };
    replicas?: number;
  };
  const causes: Cause[] = [];
  if (typeof replicas === 'number' && replicas < 0)
    causes.push({ field: 'spec.replicas', message: `Invalid value: ${replicas}: must be greater than or equal to 0` });
  if (!selector) return [...causes, { field: 'spec.selector', message: 'Required value' }];
  const labels = template?.metadata?.labels ?? {};
  if (Object.entries(selector.matchLabels ?? {}).some(([key, value]) => labels[key] !== value)) {
    causes.push({
      field: 'spec.template.metadata.labels',
      message: `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
    });
  }
  return causes;
}

export { refuseImmutable } from './immutable.js';
