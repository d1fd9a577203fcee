import type { IncomingMessage, ServerResponse } from 'node:http';

import { parse as parseYaml } from 'yaml';

import { serverSideApply, trackUpdate } from './apply.js';
import type { Controllers } from './controllers/index.js';
import { establish } from './definitions.js';
import type { Propagation } from './controllers/garbage.js';
import { refuseBrokenBudget } from './eviction.js';
import type { Obj } from './objects.js';
import { jsonPatch, mergePatch, strategicPatch } from './patches.js';
import { targetOf, type Target } from './request.js';
import { list, logOf, selected, shown, watch } from './reading.js';
import { fullName, groupVersion } from './resources.js';
import { badRequest, conflict, notFound, StatusError } from './status.js';
import type { ObjectStore } from './store.js';
import type { Tokens } from './tokens.js';
import { admit, complete, receive, refuseImmutable } from './validate.js';
import { refuseUnanswered } from './webhooks.js';

export interface ApiContext {
  readonly store: ObjectStore;
  readonly controllers: Controllers;
  readonly now: () => number;
  readonly tokens: Tokens;
}

export interface Reply {
  readonly code: number;
  readonly body: unknown;
}

/** The REST verbs on objects. Undefined means that the response was taken over by a watch. */
export function answer(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  text: string,
): Reply | undefined {
  const { store } = context;
  const target = targetOf(url.pathname, store.resources);
  const { resource, namespace, name } = target;
  const query = url.searchParams;
  const method = request.method ?? 'GET';
  const accept = request.headers.accept ?? '';
  if (method === 'GET' && target.subresource === 'log')
    return { code: 200, body: logOf(context.controllers, store.get(resource, namespace, name), query) };
  if (method === 'GET' && name === '' && query.get('watch') === 'true') {
    watch(context, target, query, accept, response);
    return undefined;
  }
  if (method === 'GET' && name === '') return { code: 200, body: list(context, target, query, accept) };
  if (method === 'GET')
    return { code: 200, body: shown(context, target, [store.get(resource, namespace, name)], accept) };
  const manager = query.get('fieldManager') ?? (request.headers['user-agent'] ?? 'unknown').split('/')[0]!;
  const dry = query.getAll('dryRun').includes('All');
  const result = write(context, target, method, request.headers['content-type'] ?? '', text, {
    manager,
    dry,
    force: query.get('force') === 'true',
    query,
    propagation: propagationOf(query, method === 'DELETE' ? text : ''),
    isImmediate: method === 'DELETE' && graceOf(query, text) === 0,
  });
  return {
    code: result.code,
    body: isObject(result.body) ? shown(context, target, [result.body], accept) : result.body,
  };
}

const isObject = (body: unknown): body is Obj =>
  typeof body === 'object' && body !== null && 'metadata' in body && 'kind' in body && body.kind !== 'Status';

interface WriteOptions {
  readonly manager: string;
  readonly dry: boolean;
  readonly force: boolean;
  readonly query: URLSearchParams;
  /** What becomes of what an object owns. */
  readonly propagation: Propagation;
  /** A pod is deleted without waiting for its kubelet. */
  readonly isImmediate: boolean;
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
  const body = parse(text, type) as Obj;
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
    const object = admit(resource, body, namespace);
    if (resource.namespaced) requireNamespace(store, namespace);
    refuseUnanswered(context.controllers.cluster, resource, 'CREATE');
    trackUpdate(undefined, object, options.manager, store.stamp());
    if (options.dry) return { code: 201, body: object };
    return { code: 201, body: establish(store, store.create(resource, object)) };
  }
  if (method === 'PUT') {
    const before = store.get(resource, namespace, name);
    const object =
      subresource === 'status'
        ? { ...before, status: body.status ?? {} }
        : { ...admit(resource, body, namespace), ...statusOf(before, resource.subresources) };
    if (subresource === '') refuseUnanswered(context.controllers.cluster, resource, 'UPDATE');
    return { code: 200, body: stored(store, target, before, object, options) };
  }
  if (method === 'PATCH') return patch(context, target, type, body, options);
  if (method === 'DELETE')
    return name === '' ? removeAll(context, target, options) : { code: 200, body: remove(context, target, options) };
  throw new StatusError(405, 'MethodNotAllowed', `${method} is not allowed here`);
}

function patch(
  { store, controllers }: ApiContext,
  target: Target,
  type: string,
  body: unknown,
  options: WriteOptions,
): { code: number; body: unknown } {
  const { resource, namespace, name, subresource } = target;
  const before = store.find(resource, namespace, name);
  if (subresource === '') refuseUnanswered(controllers.cluster, resource, before ? 'UPDATE' : 'CREATE');
  if (type.includes('apply-patch')) {
    return applied(store, target, before, body as Obj, options);
  }
  if (!before) throw notFound(fullName(resource), name);
  if (!/merge-patch|json-patch|strategic/.test(type))
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type');
  const changed = (
    type.includes('strategic')
      ? strategicPatch(before, body)
      : type.includes('json-patch')
        ? jsonPatch(before, body)
        : mergePatch(before, body)
  ) as Obj;
  assertName(changed, name);
  const own = resource.subresources.includes('status');
  const object =
    subresource === 'status'
      ? { ...before, status: changed.status ?? {} }
      : own
        ? { ...changed, ...statusOf(before, resource.subresources) }
        : changed;
  return { code: 200, body: stored(store, target, before, object, options) };
}

/** @throws StatusError 400, 409, 422 */
function applied(
  store: ObjectStore,
  { resource, namespace, name }: Target,
  before: Obj | undefined,
  given: Obj,
  options: WriteOptions,
): { code: number; body: unknown } {
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
  const wanted = receive(resource, { ...given, metadata: { ...given.metadata, name } }, namespace);
  if (!before && resource.namespaced) requireNamespace(store, namespace);
  const merged = serverSideApply(before, wanted, options.manager, options.force, store.stamp());
  const object = complete(resource, merged);
  if (before) refuseImmutable(resource, before, object);
  if (options.dry) return { code: before ? 200 : 201, body: object };
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

/** A write of the whole object does not touch its status, where that is a subresource. */
const statusOf = (before: Obj, subresources: readonly string[]): Partial<Obj> =>
  subresources.includes('status') && before.status ? { status: before.status } : {};

function stored(
  store: ObjectStore,
  { resource, namespace }: Target,
  before: Obj,
  object: Obj,
  options: WriteOptions,
): Obj {
  const next = admit(resource, object, namespace);
  refuseImmutable(resource, before, next);
  trackUpdate(before, next, options.manager, store.stamp());
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

function remove(
  { store, controllers }: ApiContext,
  { resource, namespace, name }: Target,
  { dry, propagation, isImmediate }: WriteOptions,
): unknown {
  const object = store.get(resource, namespace, name);
  if (dry) return object;
  if (resource.plural === 'pods') {
    if (!isImmediate) return controllers.terminate(object);
    controllers.cluster.removePod(object);
    return object;
  }
  if (resource.plural === 'namespaces') {
    return store.change(resource, '', name, (one) => {
      one.metadata.deletionTimestamp = store.stamp();
      one.status = { phase: 'Terminating' };
    });
  }
  if (resource.plural === 'customresourcedefinitions') {
    const { group, names } = object.spec as { group: string; names: { plural: string } };
    for (const own of store.resources.all().filter((one) => one.group === group && one.plural === names.plural)) {
      for (const instance of store.peek(own))
        store.remove(own, instance.metadata.namespace ?? '', instance.metadata.name);
    }
    store.resources.undefine(group, names.plural);
  }
  const gone = controllers.delete(object, propagation);
  return gone.metadata.deletionTimestamp
    ? gone
    : {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name, kind: resource.plural, uid: gone.metadata.uid },
      };
}

function removeAll(context: ApiContext, target: Target, options: WriteOptions): { code: number; body: unknown } {
  const items = selected(context, target, options.query);
  for (const { metadata } of items)
    remove(context, { ...target, namespace: metadata.namespace ?? '', name: metadata.name }, options);
  return {
    code: 200,
    body: {
      kind: `${target.resource.kind}List`,
      apiVersion: groupVersion(target.resource),
      metadata: { resourceVersion: String(context.store.version) },
      items,
    },
  };
}

function parse(text: string, type: string): unknown {
  if (text === '') return {};
  if (type.includes('protobuf') || type.includes('cbor')) {
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
    );
  }
  try {
    return type.includes('yaml') || type.includes('apply-patch') ? parseYaml(text) : (JSON.parse(text) as unknown);
  } catch {
    throw badRequest('the body is neither JSON nor YAML that can be read');
  }
}

function graceOf(query: URLSearchParams, text: string): number | undefined {
  const given =
    query.get('gracePeriodSeconds') ?? (parse(text, 'json') as { gracePeriodSeconds?: number }).gracePeriodSeconds;
  return given === undefined || given === null ? undefined : Number(given);
}

function propagationOf(query: URLSearchParams, text: string): Propagation {
  const given =
    query.get('propagationPolicy') ?? (parse(text, 'json') as { propagationPolicy?: string }).propagationPolicy;
  return given === 'Foreground' || given === 'Orphan' ? given : 'Background';
}
