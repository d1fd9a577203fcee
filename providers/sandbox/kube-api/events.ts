import { isMap, type Obj, same } from './objects.js';
import type { Cause } from './status.js';

/**
 * Events have two shapes, of which the API serves the same objects: that of `v1`, in which they are kept, and that of
 * `events.k8s.io/v1`.
 */
export const eventView = {
  group: '',
  version: 'v1',
  plural: 'events',
  toStored: (event: Obj): Obj => (event.apiVersion === 'v1' ? event : asCoreEvent(event)),
  fromStored: (event: Obj): Obj => asNewEvent(event),
};

type Fields = Record<string, unknown>;

/** The names that a field has in `v1` and in `events.k8s.io/v1`. */
const renamed: readonly (readonly [core: string, newer: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
const shared = ['eventTime', 'series', 'reportingInstance', 'action', 'reason', 'related', 'type'];

/** What a server always writes, also where there is nothing to say. */
export const eventDefaults: Readonly<Fields> = {
  involvedObject: {},
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
};

function asCoreEvent(event: Obj): Obj {
  const fields: Fields = {};
  for (const [core, newer] of renamed) if (event[newer] !== undefined) fields[core] = event[newer];
  for (const name of shared) if (event[name] !== undefined) fields[name] = event[name];
  for (const [name, value] of Object.entries(eventDefaults)) fields[name] ??= value;
  return { apiVersion: 'v1', kind: 'Event', metadata: event.metadata, ...fields };
}

function asNewEvent(event: Obj): Obj {
  const fields: Fields = { eventTime: event['eventTime'] ?? null };
  const isEmpty = (value: unknown): boolean => value === undefined || value === '' || value === 0;
  for (const name of shared) if (name !== 'eventTime' && !isEmpty(event[name])) fields[name] = event[name];
  for (const [core, newer] of renamed) if (!isEmpty(event[core])) fields[newer] = event[core];
  return { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: event.metadata, ...fields };
}

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '' || value === 0;
const textAt = (event: Obj, field: string): string => (typeof event[field] === 'string' ? event[field] : '');
const longest: Readonly<Record<string, number>> = { reportingInstance: 128, action: 128, reason: 128, message: 1024 };

/** What is wrong with an event; its fields are named as in `v1`, in whichever shape it came. */
export function eventMistakes(given: Obj, before: Obj | undefined): readonly Cause[] {
  const isNew = given.apiVersion !== 'v1';
  const event = eventView.toStored(given);
  const causes = [...commonMistakes(event, isNew)];
  if (!isNew) return causes;
  const series = event['series'];
  const old = before && eventView.toStored(before);
  if (isMap(series) && !same(series, old?.['series'])) {
    if (Number(series['count'] ?? 0) < 2) causes.push(invalid('series.count', 'should be at least 2'));
    if (isUnset(series['lastObservedTime']))
      causes.push({ field: 'series.lastObservedTime', message: 'Required value' });
  }
  return [...causes, ...(old ? changedFields(event, old) : strictMistakes(event))];
}

const invalid = (field: string, why: string): Cause => ({ field, message: `Invalid value: "": ${why}` });

function commonMistakes(event: Obj, isNew: boolean): readonly Cause[] {
  const involved = isMap(event['involvedObject']) ? event['involvedObject'] : {};
  const home = typeof involved['namespace'] === 'string' ? involved['namespace'] : '';
  const { namespace = '' } = event.metadata;
  const elsewhere: Cause = {
    field: 'involvedObject.namespace',
    message: `Invalid value: "${home}": does not match event.namespace`,
  };
  if (isUnset(event['eventTime']))
    return (home === '' ? namespace === 'default' : home === namespace) ? [] : [elsewhere];
  const required = (name: string, field = name): Cause[] =>
    textAt(event, name) === '' ? [{ field, message: 'Required value' }] : [];
  return [
    ...(home === '' && !['default', 'kube-system'].includes(namespace) ? [elsewhere] : []),
    ...required('reportingComponent', isNew ? 'reportingController' : 'reportingComponent'),
    ...['reportingInstance', 'action', 'reason'].flatMap((name) => required(name)),
    ...Object.entries(longest)
      .filter(([name, most]) => textAt(event, name).length > most)
      .map(([name, most]) => invalid(name, `can have at most ${most} characters`)),
  ];
}

/** What only events of the newer shape are held to. */
function strictMistakes(event: Obj): readonly Cause[] {
  const type = textAt(event, 'type');
  const source = isMap(event['source']) ? event['source'] : {};
  const causes: Cause[] = [];
  if (isUnset(event['eventTime'])) causes.push({ field: 'eventTime', message: 'Required value' });
  if (!['Normal', 'Warning'].includes(type)) causes.push(invalid('type', `has invalid value: ${type}`));
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'])
    if (!isUnset(event[field])) causes.push(invalid(field, 'needs to be unset'));
  if (!isUnset(source['component']) || !isUnset(source['host'])) causes.push(invalid('source', 'needs to be unset'));
  return causes;
}

const lasting = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
];

/** Of such an event only its series may change. */
const changedFields = (event: Obj, before: Obj): readonly Cause[] =>
  lasting
    .filter((field) => !same(event[field] ?? null, before[field] ?? null))
    .map((field) => ({
      field: field === 'reportingComponent' ? 'reportingController' : field,
      message: `Invalid value: ${JSON.stringify(event[field] ?? null)}: field is immutable`,
    }));

const references = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** Fields that events can be selected by, by group. */
export const selectableOfEvents: Readonly<Record<string, readonly string[]>> = {
  '': [...references.map((one) => `involvedObject.${one}`), 'reason', 'reportingComponent', 'source', 'type'],
  'events.k8s.io': [...references.map((one) => `regarding.${one}`), 'reason', 'reportingController', 'type'],
};

/** An event as it is selected by: its source is one text. */
export function selectableEvent(event: Obj): Obj {
  const source = isMap(event['source']) ? event['source'] : {};
  return event.apiVersion === 'v1' ? { ...event, source: source['component'] || event['reportingComponent'] } : event;
}
