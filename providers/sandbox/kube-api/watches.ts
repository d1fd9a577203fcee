import type { ServerResponse } from 'node:http';

import type { Obj } from './objects.js';
import { groupVersion, type Resource } from './resources.js';
import { type Change, isSameTable, type ObjectStore } from './store.js';
import { StatusError } from './status.js';

export interface WatchRequest {
  readonly resource: Resource;
  readonly namespace: string;
  readonly matches: (object: Obj) => boolean;
  /** Version to start after; undefined: everything there is first. */
  readonly from: number | undefined;
  readonly bookmarks: boolean;
  /** Says with a bookmark when what was there has been told. */
  readonly initial?: boolean;
  readonly timeoutMs: number;
  readonly show: (object: Obj) => unknown;
}

/** What a timer of Node can wait for at most. */
const longestMs = 2 ** 31 - 1;

/** Streams changes until the client leaves or its time is up. @throws StatusError 410 for a version too long ago */
export function serveWatch(store: ObjectStore, request: WatchRequest, response: ServerResponse): void {
  const { resource, namespace, matches } = request;
  const missed = request.from === undefined ? [] : store.since(request.from, resource);
  if (!missed) throw new StatusError(410, 'Expired', `too old resource version: ${request.from} (${store.version})`);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  const send = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`);
  const bookmark = (annotations?: Record<string, string>): void =>
    send(
      'BOOKMARK',
      request.show({
        apiVersion: groupVersion(resource),
        kind: resource.kind,
        metadata: {
          resourceVersion: String(store.version),
          creationTimestamp: null,
          ...(annotations ? { annotations } : {}),
        },
      } as unknown as Obj),
    );
  const shaped = (object: Obj): Obj => (resource.view ? resource.view.fromStored(object) : object);
  const pass = (change: Change): void => {
    if (!isSameTable(change.resource, resource)) return;
    if (namespace !== '' && change.object.metadata.namespace !== namespace) return;
    tell({ ...change, object: shaped(change.object), before: change.before && shaped(change.before) });
  };
  const tell = (change: Change): void => {
    const now = change.type !== 'DELETED' && matches(change.object);
    const before = change.before !== undefined && matches(change.before);
    if (now) send(before ? 'MODIFIED' : 'ADDED', request.show(change.object));
    else if (before) send('DELETED', request.show(last(change)));
  };
  if (request.from === undefined)
    for (const object of store.peek(resource, namespace)) if (matches(object)) send('ADDED', request.show(object));
  if (request.initial) bookmark({ 'k8s.io/initial-events-end': 'true' });
  for (const change of missed) pass(change);
  const stop = store.watch(pass);
  const end = (): void => {
    stop();
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(
    () => {
      if (request.bookmarks) bookmark();
      end();
    },
    Math.min(request.timeoutMs, longestMs),
  );
  timer.unref();
  response.on('close', end);
}

/** What left a selection is told as it was, at the version at which it left. */
function last({ type, object, before }: Change): Obj {
  if (type === 'DELETED' || !before) return object;
  return { ...before, metadata: { ...before.metadata, resourceVersion: object.metadata.resourceVersion! } };
}
