import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { hashOf } from './conditions.js';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Who tells: `default-scheduler`, `kubelet`. */
  readonly component: string;
}

/** How long the API keeps events. */
const keptMs = 3_600_000;

/** Tells of an object what `kubectl describe` shows under it. The same again is counted. */
export function recordEvent(cluster: ClusterState, object: Obj, { type, reason, message, component }: EventText): void {
  const { store } = cluster;
  const { name, namespace = 'default', uid } = object.metadata;
  const home = store.look(cluster.kind('v1', 'Namespace'), '', namespace);
  if (!home || home.metadata.deletionTimestamp) return;
  dropOld(cluster, namespace);
  const events = cluster.kind('v1', 'Event');
  const eventName = `${name}.${hashOf([uid, type, reason, message])}`;
  const at = store.stamp();
  if (store.look(events, namespace, eventName)) {
    store.change(events, namespace, eventName, (event) => {
      event['count'] = Number(event['count']) + 1;
      event['lastTimestamp'] = at;
    });
    return;
  }
  store.create(events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName, namespace },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    eventTime: null,
  });
}

function dropOld(cluster: ClusterState, namespace: string): void {
  const { store, clock } = cluster;
  const events = cluster.kind('v1', 'Event');
  for (const event of store.peek(events, namespace))
    if (clock.now() - lastWritten(event) > keptMs) store.remove(events, namespace, event.metadata.name);
}

/** What an event tells of may be older than the event. */
function lastWritten({ metadata, lastTimestamp, eventTime, series }: Obj): number {
  const { lastObservedTime } = (series ?? {}) as { lastObservedTime?: string };
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, lastObservedTime];
  return Math.max(...times.map((time) => (typeof time === 'string' ? Date.parse(time) || 0 : 0)));
}
