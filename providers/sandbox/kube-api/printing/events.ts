import type { Obj } from '../objects.js';
import { age, column, type Column, count, dig, nameColumn, text, wide } from './column.js';

const first = (event: Obj): unknown => dig(event, 'firstTimestamp') ?? dig(event, 'eventTime');
const last = (event: Obj): unknown =>
  dig(event, 'series.lastObservedTime') ?? dig(event, 'lastTimestamp') ?? first(event);

const involved = (event: Obj): string => {
  const kind = text(event, 'involvedObject.kind').toLowerCase();
  const name = text(event, 'involvedObject.name');
  return name === '' ? kind : `${kind}/${name}`;
};

const source = (event: Obj): string =>
  [
    text(event, 'source.component') || text(event, 'reportingComponent'),
    text(event, 'source.host') || text(event, 'reportingInstance'),
  ]
    .filter((part, index) => index === 0 || part !== '')
    .join(', ');

export const eventColumns: readonly Column[] = [
  column('Last Seen', (event, now) => age(last(event), now)),
  column('Type', (event) => text(event, 'type')),
  column('Reason', (event) => text(event, 'reason')),
  column('Object', involved),
  wide(column('Subobject', (event) => text(event, 'involvedObject.fieldPath'))),
  wide(column('Source', source)),
  column('Message', (event) => text(event, 'message').trim()),
  wide(column('First Seen', (event, now) => age(first(event), now))),
  wide(column('Count', (event) => count(event, 'series.count') || count(event, 'count') || 1)),
  wide(nameColumn),
];
