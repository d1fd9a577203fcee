import type { Route } from './routes.js';
import { list, get, post } from './routes.js';
import { notFound } from './errors.js';
import type { EventEntity, EventRecord } from './state.js';
import type { World } from './world.js';

/** How many events are remembered; of a real account it is those of 90 days. */
const memory = 2_000;

const folders: Readonly<Record<string, string>> = {
  linode: 'linode/instances',
  nodebalancer: 'nodebalancers',
  firewall: 'networking/firewalls',
  volume: 'volumes',
  lkecluster: 'lke/clusters',
};

/** Writes an event down. @returns its id, for the job that ends it */
export function tell(
  world: World,
  action: string,
  entity: EventEntity | null,
  status: EventRecord['status'] = 'notification',
  message = '',
): number {
  const { events } = world.tables;
  const id = world.newId();
  events.set(id, { id, action, created: world.isoNow(), status, entity, message });
  const [oldest] = events.keys();
  if (events.size > memory && oldest !== undefined) events.delete(oldest);
  return id;
}

const render = ({ id, action, created, status, entity, message }: EventRecord) => ({
  id,
  action,
  created,
  status,
  entity: entity && { ...entity, url: `/v4/${folders[entity.type] ?? entity.type}/${entity.id}` },
  percent_complete: status === 'notification' ? null : status === 'finished' ? 100 : 0,
  message: message === '' ? null : message,
  read: false,
  seen: false,
  username: 'sandbox',
  secondary_entity: null,
  rate: null,
  duration: 0,
  time_remaining: null,
});

/** Only these can be asked for by the id of what they are about. */
const filterable = ['action', 'created', 'id', 'read', 'entity.id', 'entity.type'];

export const eventRoutes: readonly Route[] = [
  list('/account/events', filterable, (world) => [...world.tables.events.values()].reverse().map(render)),
  get('/account/events/{id}', (world, { id }) => {
    const found = world.tables.events.get(id);
    if (!found) throw notFound();
    return { body: render(found) };
  }),
  post('/account/events/{id}/seen', () => ({ body: {} })),
];
