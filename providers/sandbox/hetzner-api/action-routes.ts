import type { ActionRecord } from './actions.js';
import { invalidField, notFound, removedEndpoint } from './errors.js';
import { paginate, sorted } from './paging.js';
import { get, type ApiAnswer, type ApiRequest, type Route } from './routes.js';
import type { World } from './world.js';

const fields = {
  id: (action: ActionRecord) => action.id,
  command: (action: ActionRecord) => action.command,
  status: (action: ActionRecord) => action.status,
  started: (action: ActionRecord) => action.started,
  finished: (action: ActionRecord) => action.finished,
};

function ids(query: URLSearchParams): Set<number> {
  const texts = query.getAll('id');
  if (texts.some((text) => !/^[1-9]\d*$/.test(text))) throw invalidField('id', 'must be a positive integer');
  return new Set(texts.map(Number));
}

function list(world: World, actions: readonly ActionRecord[], { query }: ApiRequest): ApiAnswer {
  const desired = ids(query);
  const statuses = query.getAll('status');
  const found = actions.filter(
    (action) =>
      (desired.size === 0 || desired.has(action.id)) && (statuses.length === 0 || statuses.includes(action.status)),
  );
  const page = paginate(sorted(found, query, fields), query);
  const rendered = page.items.map((action) => world.actions.render(action));
  return { status: 200, body: { actions: rendered, meta: page.meta }, page };
}

function one(world: World, action: ActionRecord | undefined): ApiAnswer {
  if (!action) throw notFound('action');
  return { status: 200, body: { action: world.actions.render(action) } };
}

const concerns = (type: string, id?: number) => (action: ActionRecord) =>
  action.resources.some((resource) => resource.type === type && (id === undefined || resource.id === id));

/** The actions of one kind of resource, and of each of its items. `exists` says whether there is one of an id. */
export const actionsOf = (kind: string, many: string, exists: (world: World, id: number) => boolean): Route[] => [
  get(`/${many}/actions`, (world, request) => list(world, world.actions.list().filter(concerns(kind)), request)),
  get(`/${many}/actions/{id}`, (world, { id }) =>
    one(
      world,
      [world.actions.find(id)].find((action) => action && concerns(kind)(action)),
    ),
  ),
  get(`/${many}/{id}/actions`, (world, request) => {
    if (!exists(world, request.id)) throw notFound(kind.replaceAll('_', ' '));
    return list(world, world.actions.about({ type: kind, id: request.id }), request);
  }),
  get(`/${many}/{id}/actions/{subId}`, (world, { id, subId }) =>
    one(
      world,
      [world.actions.find(subId)].find((action) => action && concerns(kind, id)(action)),
    ),
  ),
];

/** Any action by its id. Listing them all is no more. */
export const actionRoutes: readonly Route[] = [
  get('/actions', (world, request) => {
    if (!request.query.has('id')) {
      throw removedEndpoint('2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed');
    }
    return list(world, world.actions.list(), request);
  }),
  get('/actions/{id}', (world, { id }) => one(world, world.actions.find(id))),
];

export const actionAnswer = (world: World, action: ActionRecord): ApiAnswer => ({
  status: 201,
  body: { action: world.actions.render(action) },
});

export const actionsAnswer = (world: World, actions: readonly ActionRecord[]): ApiAnswer => ({
  status: 201,
  body: { actions: actions.map((action) => world.actions.render(action)) },
});
