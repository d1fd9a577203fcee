import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ApiContext, Reply } from './api-context.js';
import { serverSideApply, trackUpdate, type WriteScope } from './apply.js';
import { misread, parseObject, parsePatch, received, refuseUnservable } from './bodies.js';
import { addressed } from './controllers/services.js';
import { deleteOptions, remove, removeAll } from './deleting.js';
import { establish } from './definitions.js';
import { refuseBrokenBudget } from './eviction.js';
import { isMap, type Obj } from './objects.js';
import { jsonPatch, mergePatch, strategicPatch } from './patches.js';
import { refuseWithoutAccount } from './pod-accounts.js';
import { targetOf, type Target } from './request.js';
import {
  checkedFields,
  type FieldCheck,
  fieldValidation,
  patchedFields,
  refuseDuplicates,
  refuseUntyped,
  shapeOf,
} from './fields/index.js';
import { isTrue } from './list-options.js';
import { list, logOf, shown, watch } from './reading.js';
import { builtIns, fullName, groupVersion, type Resource } from './resources.js';
import { badRequest, conflict, invalid, methodNotAllowed, notFound, StatusError } from './status.js';
import { scaled, scaleOf } from './scale.js';
import type { ObjectStore } from './store.js';
import { admit, complete, receive } from './validate.js';
import { unenforced } from './unenforced.js';
import { refuseUnanswered } from './webhooks.js';

/** The REST verbs on objects. Undefined means that the response was taken over by a watch. */
export function answer(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
): Reply | undefined {
  const { store } = context;
  const target = targetOf(url.pathname, store.resources);
  const { resource, namespace, name } = target;
  const query = url.searchParams;
  const method = request.method ?? 'GET';
  const accept = request.headers.accept ?? '';
  refuseUnservable(accept);
  if (method === 'GET' && target.subresource === 'log')
    return { code: 200, body: logOf(context.controllers, store.get(resource, namespace, name), query) };
  if (method === 'GET' && name === '' && isTrue(query.get('watch'))) {
    watch(context, target, query, accept, response);
    return undefined;
  }
  if (method === 'GET' && name === '') return { code: 200, body: list(context, target, query, accept) };
  if (method === 'GET')
    return { code: 200, body: shown(context, target, [asShown(target, store.get(resource, namespace, name))], accept) };
  const manager = query.get('fieldManager') ?? (request.headers['user-agent'] ?? 'unknown').split('/')[0]!;
  const dry = query.getAll('dryRun').includes('All');
  const { text, type } = received(body, request.headers['content-type'] ?? '', resource);
  const force = query.get('force') === 'true';
  const fields: FieldCheck = { validation: fieldValidation(query, method), text, type, warnings: [] };
  const result = write(context, target, method, type, text, { manager, dry, force, query, fields });
  const isStored = method !== 'DELETE' && target.subresource === '' && isObject(result.body);
  return {
    code: result.code,
    body: isObject(result.body) ? shown(context, target, [result.body], accept) : result.body,
    warnings: [...fields.warnings, ...(isStored ? unenforced(result.body as Obj) : [])],
  };
}

const asShown = ({ subresource }: Target, object: Obj): Obj => (subresource === 'scale' ? scaleOf(object) : object);

const isObject = (body: unknown): body is Obj =>
  typeof body === 'object' && body !== null && 'metadata' in body && 'kind' in body && body.kind !== 'Status';

interface WriteOptions {
  readonly manager: string;
  readonly dry: boolean;
  readonly force: boolean;
  readonly query: URLSearchParams;
  readonly fields: FieldCheck;
}

function write(
  context: ApiContext,
  target: Target,
  method: string,
  type: string,
  text: string,
  options: WriteOptions,
): { code: number; body: unknown } {
  const { store } = context;
  const { resource, namespace, name, subresource } = target;
  if (method === 'DELETE') {
    const asked = deleteOptions(options.query, text, type);
    return name === ''
      ? removeAll(context, target, options.query, asked)
      : { code: 200, body: remove(context, target, asked) };
  }
  if (method === 'PATCH') return patch(context, target, type, text, options);
  const given = named(target, parseObject(text, type, resource.kind)) as Obj;
  const body = ['', 'status'].includes(subresource)
    ? given
    : checkedFields(resource, subresource, given, options.fields);
  if (method === 'PUT' && subresource === 'scale')
    return rescaled(context, target, store.get(resource, namespace, name), body, options);
  if (method === 'POST' && subresource === 'token')
    return { code: 201, body: context.tokens.issue(store.get(resource, namespace, name), body) };
  if (method === 'POST' && subresource === 'eviction') {
    if (body.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object');
    return evict(context, target, options.dry);
  }
  if (method === 'POST' && subresource === 'binding') {
    const node = (body as unknown as { target?: { name?: string } }).target?.name;
    store.change(resource, namespace, name, (pod) => void (pod.spec = { ...pod.spec, nodeName: node }));
    return { code: 201, body: { kind: 'Status', apiVersion: 'v1', status: 'Success', code: 201, metadata: {} } };
  }
  if (method === 'POST') {
    if (name !== '') throw methodNotAllowed();
    const object = admit(resource, read(context, target, withoutStatus(target, body), options), namespace);
    if (resource.namespaced) requireNamespace(store, namespace);
    if (resource === store.resource('v1', 'Pod')) refuseWithoutAccount(store, object, namespace);
    refuseUnanswered(context.controllers.cluster, resource, 'CREATE');
    trackUpdate(undefined, object, options.manager, store.stamp(), scopeOf(target));
    addressed(context.controllers.cluster, object);
    if (options.dry) return { code: 201, body: store.draft(object) };
    return { code: 201, body: establish(store, store.create(resource, object)) };
  }
  if (method === 'PUT') {
    const before = store.get(resource, namespace, name);
    const given = read(context, target, body, options);
    assertName(given, name);
    const object =
      subresource === 'status' ? { ...before, status: given.status ?? {} } : withStatusOf(target, before, given);
    if (subresource === '') refuseUnanswered(context.controllers.cluster, resource, 'UPDATE');
    return { code: 200, body: stored(context, target, before, object, options) };
  }
  throw methodNotAllowed();
}

/** A body that does not say its kind is of the one that it is sent to, where that is built in. */
const named = ({ resource, subresource }: Target, body: unknown): unknown =>
  builtIns.includes(resource) && subresource === '' && isMap(body) && body['kind'] === undefined
    ? { ...body, apiVersion: groupVersion(resource), kind: resource.kind }
    : body;

function rescaled(context: ApiContext, target: Target, before: Obj, scale: unknown, options: WriteOptions) {
  return { code: 200, body: scaleOf(stored(context, target, before, scaled(before, scale), options)) };
}

/** An object in the form of its kind. @throws StatusError 400 */
function read(context: ApiContext, { resource }: Target, body: Obj, { fields }: WriteOptions): Obj {
  if (isMap(body) && typeof body.kind === 'string' && body.kind !== resource.kind) {
    throw badRequest(unregistered(context, resource, body));
  }
  if (!isMap(body)) return body;
  const why = builtIns.includes(resource) ? misread(resource, body) : undefined;
  if (why !== undefined)
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`,
    );
  return checkedFields(resource, '', body, fields);
}

const unregistered = ({ kubernetesVersion, store }: ApiContext, resource: Resource, { apiVersion, kind }: Obj) => {
  const version = apiVersion.split('/').at(-1)!;
  const why = store.resources.byKind(apiVersion, kind)
    ? `converting (${version}.${kind}) to (${resource.group === '' ? 'core' : resource.group.split('.')[0]!}.${resource.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "k8s.io/apimachinery@${kubernetesVersion().replace('+', '-')}/pkg/runtime/scheme.go:111"`;
  return `${kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`;
};

const hasStatus = ({ resource }: Target): boolean => resource.subresources.includes('status');

const scopeOf = (target: Target): WriteScope => ({
  ...(target.subresource === '' ? {} : { subresource: target.subresource }),
  hasStatus: hasStatus(target),
  custom: !builtIns.includes(target.resource),
});

/** Nobody sets the status of what he makes; but a kubelet that of its node. */
const withoutStatus = (target: Target, object: Obj): Obj => {
  if (!hasStatus(target) || target.resource.kind === 'Node' || !isMap(object)) return object;
  const { status: _status, ...rest } = object;
  return rest;
};

/** A write of the whole object does not touch its status, where that is a subresource. */
const withStatusOf = (target: Target, before: Obj, object: Obj): Obj => {
  if (!hasStatus(target)) return object;
  const { status: _status, ...rest } = object;
  return { ...rest, ...(before.status ? { status: before.status } : {}) };
};

function patch(
  context: ApiContext,
  target: Target,
  type: string,
  text: string,
  options: WriteOptions,
): { code: number; body: unknown } {
  const { store, controllers } = context;
  const { resource, namespace, name, subresource } = target;
  if (!/merge-patch|json-patch|strategic|apply-patch/.test(type))
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const before = store.find(resource, namespace, name);
  if (subresource === '') refuseUnanswered(controllers.cluster, resource, before ? 'UPDATE' : 'CREATE');
  if (type.includes('apply-patch'))
    return applied(context, target, before, parseObject(text, type, resource.kind) as Obj, options);
  if (!before) throw notFound(fullName(resource), name);
  const body = parsePatch(text, type);
  const whole = asShown(target, before);
  const changed = (
    type.includes('strategic')
      ? strategicPatch(whole, body)
      : type.includes('json-patch')
        ? jsonPatch(whole, body)
        : mergePatch(whole, body)
  ) as Obj;
  if (subresource === 'scale') return rescaled(context, target, before, changed, options);
  assertName(changed, name);
  const why = builtIns.includes(resource) ? misread(resource, changed) : undefined;
  if (why !== undefined) throw invalid(resource, '', 'patch', `Invalid value: ${JSON.stringify(text)}: ${why}`);
  const patched = patchedFields(
    resource,
    before,
    changed,
    { value: body, isStrategic: type.includes('strategic') },
    options.fields,
  );
  const object =
    subresource === 'status' ? { ...before, status: patched.status ?? {} } : withStatusOf(target, before, patched);
  return { code: 200, body: stored(context, target, before, object, options) };
}

/** @throws StatusError 400, 409, 422 */
function applied(
  { store, controllers }: ApiContext,
  target: Target,
  before: Obj | undefined,
  given: Obj,
  options: WriteOptions,
): { code: number; body: unknown } {
  const { resource, namespace, name, subresource } = target;
  if (options.query.get('fieldManager') === null) {
    throw new StatusError(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      },
    );
  }
  if (given.kind !== resource.kind) throw badRequest(`invalid object type: ${groupAndKind(given)}`);
  assertName(given, name);
  if (given.metadata?.managedFields) throw badRequest('metadata.managedFields must be nil');
  const version = given.metadata?.resourceVersion;
  if (before && version !== undefined && version !== before.metadata.resourceVersion)
    throw conflict(fullName(resource), name);
  const why = builtIns.includes(resource) ? misread(resource, given) : undefined;
  if (why !== undefined) throw badRequest(why);
  if (options.fields.validation === 'Strict') refuseDuplicates(options.fields.text);
  const { namespace: home = '' } = given.metadata ?? {};
  refuseUntyped(shapeOf(resource), given, `${home}/${name}; ${groupAndKind(given)}`);
  if (!before && subresource !== '') throw notFound(fullName(resource), name);
  const part =
    subresource === 'status'
      ? { apiVersion: given.apiVersion, kind: given.kind, metadata: { name }, status: given.status ?? {} }
      : withoutStatus(target, { ...given, metadata: { ...given.metadata, name } });
  const desired = receive(resource, part, namespace);
  if (!before && resource.namespaced) requireNamespace(store, namespace);
  const merged = serverSideApply(before, desired, options.manager, options.force, store.stamp(), scopeOf(target));
  const object = complete(resource, merged, before);
  addressed(controllers.cluster, object);
  if (options.dry) return { code: before ? 200 : 201, body: before ? object : store.draft(object) };
  return before
    ? { code: 200, body: establish(store, store.update(resource, object)) }
    : { code: 201, body: establish(store, store.create(resource, object)) };
}

const groupAndKind = ({ apiVersion, kind }: Partial<Obj>): string => {
  const [group, version] = (apiVersion ?? '').includes('/') ? apiVersion!.split('/') : ['', apiVersion ?? ''];
  return `${group}/${version}, Kind=${kind ?? ''}`;
};

/** @throws StatusError 400 */
function assertName({ metadata }: Obj, name: string): void {
  if (metadata?.name !== undefined && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

function stored(
  { store, controllers }: ApiContext,
  target: Target,
  before: Obj,
  object: Obj,
  options: WriteOptions,
): Obj {
  const { resource, namespace } = target;
  const next = admit(resource, object, namespace, before);
  addressed(controllers.cluster, next);
  trackUpdate(before, next, options.manager, store.stamp(), scopeOf(target));
  return options.dry ? next : establish(store, store.update(resource, next));
}

function requireNamespace(store: ObjectStore, namespace: string): void {
  const found = store.find(store.resource('v1', 'Namespace'), '', namespace);
  if (!found) throw notFound('namespaces', namespace);
  if (found.metadata.deletionTimestamp)
    throw new StatusError(
      403,
      'Forbidden',
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
}

function evict(
  { store, controllers }: ApiContext,
  { resource, namespace, name }: Target,
  dry: boolean,
): { code: number; body: unknown } {
  const pod = store.get(resource, namespace, name);
  refuseBrokenBudget(store, pod);
  if (!dry) controllers.terminate(pod);
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}
