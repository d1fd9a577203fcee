import type { ServerResponse } from 'node:http';

import type { Obj } from './objects.js';
import type { Resource } from './resources.js';
import type { Change, ObjectStore } from './store.js';
import { StatusError } from './status.js';

export interface WatchRequest {
  readonly resource: Resource;
  readonly namespace: string;
  readonly matches: (object: Obj) => boolean;
  /** Version to start after; undefined: everything there is first. */
  readonly from: number | undefined;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly show: (object: Obj) => unknown;
}

/** Streams changes until the client leaves or its time is up. @throws StatusError 410 for a version too long ago */
export function serveWatch(store: ObjectStore, request: WatchRequest, response: ServerResponse): void {
  const { resource, namespace, matches } = request;
  const missed = request.from === undefined ? [] : store.since(request.from);
  if (!missed) throw new StatusError(410, 'Expired', `too old resource version: ${request.from} (${store.version})`);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  const send = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`);
  const pass = (change: Change): void => {
    if (change.resource.plural !== resource.plural || change.resource.group !== resource.group) return;
    if (namespace !== '' && change.object.metadata.namespace !== namespace) return;
    const now = change.type !== 'DELETED' && matches(change.object);
    const before = change.before !== undefined && matches(change.before);
    if (now) send(before ? 'MODIFIED' : 'ADDED', request.show(change.object));
    else if (before) send('DELETED', request.show(change.object));
  };
  if (request.from === undefined)
    for (const object of store.peek(resource, namespace)) if (matches(object)) send('ADDED', request.show(object));
  for (const change of missed) pass(change);
  const stop = store.watch(pass);
  const end = (): void => {
    stop();
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(() => {
    if (request.bookmarks) {
      send('BOOKMARK', {
        apiVersion: 'v1',
        kind: resource.kind,
        metadata: { resourceVersion: String(store.version), creationTimestamp: null },
      });
    }
    end();
  }, request.timeoutMs);
  timer.unref();
  response.on('close', end);
}
