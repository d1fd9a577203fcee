import type { ServerResponse } from 'node:http';

import type { ApiContext } from './api-context.js';
import type { Controllers } from './controllers/index.js';
import { selectableEvent, selectableOfEvents } from './events.js';
import { assertListOptions, isTrue } from './list-options.js';
import type { Obj } from './objects.js';
import type { Target } from './request.js';
import { builtIns, groupVersion, type Resource } from './resources.js';
import { fieldSelector, labelSelector } from './selectors.js';
import { badRequest, StatusError } from './status.js';
import { tableOf } from './printing/tables.js';
import { serveWatch } from './watches.js';

/** Items of a list of a built-in kind do not name it. */
const bare = ({ apiVersion: _version, kind: _kind, ...rest }: Obj): Omit<Obj, 'apiVersion' | 'kind'> => rest;

/** Some clients want to know no more of objects than their metadata. */
const isMetadataOnly = (accept: string): boolean => accept.includes('as=PartialObjectMetadata');
const metadataOf = ({ metadata }: Obj): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

export function shown(
  { now, store }: ApiContext,
  { resource }: Target,
  objects: readonly Obj[],
  accept: string,
): unknown {
  if (isMetadataOnly(accept)) return metadataOf(objects[0]!);
  if (!accept.includes('as=Table')) return objects[0];
  return tableOf(resource, objects, now(), { resourceVersion: String(store.version) }, 'Metadata');
}

/** Fields that can be selected by, beside name and namespace. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  secrets: ['type'],
  namespaces: ['status.phase'],
  replicasets: ['status.replicas'],
  jobs: ['status.successful'],
  services: ['spec.clusterIP', 'spec.type'],
};

/** @throws StatusError 400 */
function assertFields({ resource }: Target, query: URLSearchParams): void {
  const ofEvents = resource.plural === 'events' ? selectableOfEvents[resource.group] : undefined;
  const known = ['metadata.name', 'metadata.namespace', ...(ofEvents ?? selectable[resource.plural] ?? [])];
  for (const part of (query.get('fieldSelector') ?? '').split(',')) {
    const path = /^([\w.]+)(==?|!=)/.exec(part)?.[1];
    if (path === undefined || known.includes(path)) continue;
    if (ofEvents) throw badRequest(`field label not supported: ${path}`);
    throw badRequest(`"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
}

function matcher({ plural }: Resource, query: URLSearchParams): (object: Obj) => boolean {
  const [labels, fields] = [labelSelector(query.get('labelSelector')), fieldSelector(query.get('fieldSelector'))];
  return (object) =>
    labels(object.metadata.labels ?? {}) && fields(plural === 'events' ? selectableEvent(object) : object);
}

export function selected({ store }: ApiContext, target: Target, query: URLSearchParams): Obj[] {
  const { resource, namespace } = target;
  assertFields(target, query);
  const matches = matcher(resource, query);
  return store.peek(resource, namespace).filter(matches);
}

export function list(context: ApiContext, target: Target, query: URLSearchParams, accept: string): unknown {
  const { store, now } = context;
  assertListOptions(query, false);
  const all = selected(context, target, query);
  assertVersion(query);
  const rest = after(query.get('continue') ?? '', all);
  const limit = Number(query.get('limit') ?? 0) || rest.length;
  const items = rest.slice(0, limit);
  const left = rest.length - items.length;
  const isBuiltIn = builtIns.includes(target.resource);
  const metadata = {
    // Lists of one's own kinds say so when there is no more.
    ...(isBuiltIn || accept.includes('as=Table') ? {} : { continue: '' }),
    resourceVersion: String(store.version),
    ...(left > 0 ? { continue: pageAfter(items.at(-1)!, store.version), remainingItemCount: left } : {}),
  };
  if (accept.includes('as=Table'))
    return tableOf(target.resource, items, now(), metadata, query.get('includeObject') ?? 'Metadata');
  if (isMetadataOnly(accept))
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items.map(metadataOf),
    };
  return {
    kind: `${target.resource.kind}List`,
    apiVersion: groupVersion(target.resource),
    metadata,
    items: isBuiltIn ? items.map(bare) : items,
  };
}

const keyOf = ({ metadata: { namespace = '', name } }: Obj): string => `${namespace}/${name}`;

/** Where the next page begins, as clients carry it without looking into it. */
const pageAfter = (last: Obj, version: number): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${keyOf(last)}\u0000` })).toString(
    'base64url',
  );

/** What comes after the page that a token ends. @throws StatusError 400 */
function after(token: string, all: readonly Obj[]): readonly Obj[] {
  if (token === '') return all;
  const bytes = Buffer.from(token, 'base64url');
  const wrong = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  // What is no JSON object is refused at its first character.
  if (bytes[0] !== 0x7b)
    throw wrong(
      `invalid character '\\u${(bytes[0] ?? 0).toString(16).padStart(4, '0')}' looking for beginning of value`,
    );
  let start: unknown;
  try {
    ({ start } = JSON.parse(bytes.toString('utf8')) as { start?: unknown });
  } catch {
    throw wrong('unexpected end of JSON input');
  }
  if (typeof start !== 'string') throw wrong('incorrect encoded start');
  return all.filter((object) => keyOf(object) >= start);
}

const unreadable = (query: URLSearchParams): string | undefined => {
  const version = query.get('resourceVersion') ?? '';
  if (/^\d*$/.test(version)) return undefined;
  return `resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`;
};

/** @throws StatusError 400 */
function assertVersion(query: URLSearchParams): void {
  const why = unreadable(query);
  if (why !== undefined) throw badRequest(`invalid resource version: ${why}`);
}

export function watch(
  context: ApiContext,
  target: Target,
  query: URLSearchParams,
  accept: string,
  response: ServerResponse,
): void {
  const { store, now } = context;
  const matches = matcher(target.resource, query);
  const version = query.get('resourceVersion');
  // A watch is refused for this as if the server were at fault.
  const why = unreadable(query);
  if (why !== undefined) throw new StatusError(500, '', why);
  assertFields(target, query);
  assertListOptions(query, true);
  const initial = isTrue(query.get('sendInitialEvents'));
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  let told = false;
  serveWatch(
    store,
    {
      resource: target.resource,
      namespace: target.namespace,
      matches: (object) => matches(object) && (target.name === '' || object.metadata.name === target.name),
      from: initial || version === null || version === '' || version === '0' ? undefined : Number(version),
      initial: initial && bookmarks,
      bookmarks,
      timeoutMs: Number(query.get('timeoutSeconds') ?? 1800) * 1000,
      show: (object) => {
        if (isMetadataOnly(accept)) return metadataOf(object);
        if (!accept.includes('as=Table')) return object;
        const table = tableOf(target.resource, [object], now(), {}, query.get('includeObject') ?? 'Metadata');
        // Columns are described once.
        const shownNow = told ? { ...table, columnDefinitions: null } : table;
        told = true;
        return shownNow;
      },
    },
    response,
  );
}

/** What a container wrote. @throws StatusError 400 when it has not run */
export function logOf({ logs }: Controllers, pod: Obj, query: URLSearchParams): string {
  const { name, uid } = pod.metadata;
  const container =
    query.get('container') ?? ((pod.spec?.['containers'] ?? []) as { name: string }[])[0]?.name ?? 'container';
  const previous = isTrue(query.get('previous'));
  const text = logs.read(uid!, previous);
  if (text === undefined) {
    throw badRequest(
      previous
        ? `previous terminated container "${container}" in pod "${name}" not found`
        : `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
    );
  }
  const tail = query.get('tailLines');
  if (tail === null) return text;
  const lines = text.split('\n').slice(0, -1).slice(-Number(tail));
  return Number(tail) === 0 ? '' : lines.map((line) => `${line}\n`).join('');
}
