import { z } from 'zod';
import { invalid, notFound } from './errors.js';
import { placementLimits, regionNamed } from './places.js';
import { get, list, post, put, readBody, remove, type Route } from './routes.js';
import type { PlacementGroupRecord } from './state.js';
import type { World } from './world.js';

const label = z.string().min(1).max(64);
const createBody = z.strictObject({
  label,
  region: z.string(),
  placement_group_type: z.literal('anti_affinity:local'),
  placement_group_policy: z.enum(['strict', 'flexible']),
});
const membersBody = z.strictObject({ linodes: z.array(z.number()), compliant_only: z.boolean().optional() });

export const membersOf = (world: World, group: number) =>
  [...world.tables.instances.values()].filter(({ placementGroup }) => placementGroup === group);

const shape = (world: World, { id, label, region, policy }: PlacementGroupRecord) => ({
  id,
  label,
  region,
  placement_group_type: 'anti_affinity:local',
  placement_group_policy: policy,
  is_compliant: true,
  members: membersOf(world, id).map((one) => ({ linode_id: one.id, is_compliant: true })),
});

/** As an instance shows it. */
export const groupRef = (world: World, group: number | null) => {
  const found = group === null ? undefined : world.tables.placementGroups.get(group);
  return found
    ? {
        id: found.id,
        label: found.label,
        placement_group_type: 'anti_affinity:local',
        placement_group_policy: found.policy,
      }
    : null;
};

export const findGroup = (world: World, id: number): PlacementGroupRecord => {
  const found = world.tables.placementGroups.get(id);
  if (!found) throw notFound();
  return found;
};

/** @throws LinodeError 400 */
export function assertRoom(world: World, group: PlacementGroupRecord, region: string): void {
  if (group.region !== region) throw invalid('The Placement Group must be in the same region.', 'placement_group.id');
  const most = group.policy === 'strict' ? placementLimits.strict : placementLimits.flexible;
  if (membersOf(world, group.id).length >= most)
    throw invalid('The Placement Group has reached its maximum number of Linodes.', 'placement_group.id');
}

export const placementGroupRoutes: readonly Route[] = [
  list('/placement/groups', ['label', 'region', 'placement_group_type'], (world) =>
    [...world.tables.placementGroups.values()].map((one) => shape(world, one)),
  ),
  get('/placement/groups/{id}', (world, { id }) => ({ body: shape(world, findGroup(world, id)) })),
  post('/placement/groups', (world, { body }) => {
    const { label, region, placement_group_policy: policy } = readBody(createBody, body);
    if (!regionNamed(region)) throw invalid('region is not valid', 'region');
    const all = [...world.tables.placementGroups.values()];
    if (all.some((one) => one.label === label))
      throw invalid('Label must be unique among your placement groups', 'label');
    if (all.filter((one) => one.region === region).length >= placementLimits.groups)
      throw invalid('The maximum number of Placement Groups in this region is reached.', 'region');
    const made: PlacementGroupRecord = { id: world.newId(), label, region, policy };
    world.tables.placementGroups.set(made.id, made);
    return { body: shape(world, made) };
  }),
  put('/placement/groups/{id}', (world, { id, body }) => {
    const group = findGroup(world, id);
    group.label = readBody(z.strictObject({ label }), body).label;
    return { body: shape(world, group) };
  }),
  post('/placement/groups/{id}/assign', (world, { id, body }) => {
    const group = findGroup(world, id);
    for (const linode of readBody(membersBody, body).linodes) {
      const instance = world.tables.instances.get(linode);
      if (!instance) throw notFound();
      assertRoom(world, group, instance.region);
      instance.placementGroup = id;
    }
    return { body: shape(world, group) };
  }),
  post('/placement/groups/{id}/unassign', (world, { id, body }) => {
    const group = findGroup(world, id);
    for (const linode of readBody(membersBody, body).linodes) {
      const instance = world.tables.instances.get(linode);
      if (instance?.placementGroup === id) instance.placementGroup = null;
    }
    return { body: shape(world, group) };
  }),
  remove('/placement/groups/{id}', (world, { id }) => {
    findGroup(world, id);
    if (membersOf(world, id).length > 0)
      throw invalid('Cannot delete a Placement Group that has Linodes assigned to it.');
    world.tables.placementGroups.delete(id);
    return { body: {} };
  }),
];
