import { z } from 'zod';
import { assertNameFree, oneOf, reading, updating, type Collection } from './collection.js';
import { limitExceeded, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { PlacementGroupRecord } from './state.js';
import type { World } from './world.js';

/** Spread means ten different hosts, and no more than those. */
const serversPerGroup = 10;

const serversIn = (world: World, group: number): number[] =>
  [...world.tables.servers.values()].filter((server) => server.placementGroup === group).map((server) => server.id);

export const placementGroups: Collection<PlacementGroupRecord> = {
  one: 'placement_group',
  many: 'placement_groups',
  items: (world) => world.tables.placementGroups.values(),
  render: (world, { id, name, labels, created }) => ({
    id,
    name,
    labels,
    type: 'spread',
    created,
    servers: serversIn(world, id),
  }),
  sortable: ['id', 'name', 'created'],
  filters: { type: (_group, values) => values.includes('spread') },
};

/** @throws ApiError placement_error when every host of the group has its server. */
export function assertRoom(world: World, group: PlacementGroupRecord): void {
  if (serversIn(world, group.id).length >= serversPerGroup) {
    throw refused('placement_error', 'could not place server in placement group');
  }
}

const createShape = z.object({
  name: z.string().min(1).max(128),
  type: z.enum(['spread']),
  labels: labelsShape.default({}),
});

export const placementGroupRoutes: readonly Route[] = [
  ...reading(placementGroups),
  updating(placementGroups),
  post('/placement_groups', (world, { body }) => {
    const { name, labels } = readBody(createShape, body);
    checkLabels(labels);
    assertNameFree(placementGroups, world, name);
    if (world.tables.placementGroups.size >= world.limits.placementGroups) throw limitExceeded('placement_group');
    const group = { id: world.newId(), name, labels, created: world.isoNow() };
    world.tables.placementGroups.set(group.id, group);
    const action = world.actions.done('create_placement_group', [{ type: 'placement_group', id: group.id }]);
    return {
      status: 201,
      body: { placement_group: placementGroups.render(world, group), action: world.actions.render(action) },
    };
  }),
  remove('/placement_groups/{id}', (world, { id }) => {
    const group = oneOf(placementGroups, world, id);
    for (const server of world.tables.servers.values()) {
      if (server.placementGroup === group.id) server.placementGroup = null;
    }
    world.tables.placementGroups.delete(group.id);
    return { status: 204 };
  }),
];
