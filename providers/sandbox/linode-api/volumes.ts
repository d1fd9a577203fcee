import { z } from 'zod';
import { invalid, notFound } from './errors.js';
import { tell } from './events.js';
import type { Effect } from './jobs.js';
import { regionNamed } from './places.js';
import { get, list, post, put, readBody, remove, type Route, tagsShape } from './routes.js';
import type { VolumeRecord } from './state.js';
import type { World } from './world.js';

const label = z
  .string()
  .min(1)
  .max(32, 'Length must be 1-32 characters')
  .regex(/^[a-zA-Z0-9]((?!--|__)[a-zA-Z0-9-_])*$/, 'Label is not valid');
const createBody = z.strictObject({
  label,
  region: z.string().nullish(),
  linode_id: z.number().nullish(),
  config_id: z.number().optional(),
  size: z.number().int().min(10, 'Must be 10-10240').max(10_240, 'Must be 10-10240').default(20),
  tags: tagsShape.default([]),
  encryption: z.enum(['enabled', 'disabled']).optional(),
});

const shape = (world: World, one: VolumeRecord) => ({
  id: one.id,
  label: one.label,
  status: one.status,
  size: one.size,
  region: one.region,
  linode_id: one.linode,
  linode_label: one.linode === null ? null : (world.tables.instances.get(one.linode)?.label ?? null),
  filesystem_path: `/dev/disk/by-id/scsi-0Linode_Volume_${one.label}`,
  hardware_type: 'nvme',
  tags: one.tags,
  created: one.created,
  updated: one.updated,
  encryption: 'enabled',
  io_ready: one.linode !== null,
});

const find = (world: World, id: number): VolumeRecord => {
  const found = world.tables.volumes.get(id);
  if (!found) throw notFound();
  return found;
};

function assertFree(world: World, label: string): void {
  if ([...world.tables.volumes.values()].some((one) => one.label === label))
    throw invalid('Label must be unique among your volumes', 'label');
}

function attach(world: World, volume: VolumeRecord, linode: number): void {
  const instance = world.tables.instances.get(linode);
  if (instance?.region !== volume.region) throw invalid('linode_id is not valid', 'linode_id');
  if (volume.linode !== null) throw invalid('Volume is already attached to a Linode.');
  const event = tell(world, 'volume_attach', { type: 'volume', id: volume.id, label: volume.label }, 'started');
  world.jobs.start({ kind: 'volume.attached', id: volume.id, linode }, world.profile.actionMs, event);
}

/** What a job on a volume ends with. */
export function endVolumeJob(world: World, effect: Extract<Effect, { kind: `volume.${string}` }>): void {
  const volume = world.tables.volumes.get(effect.id);
  if (!volume) return;
  if (effect.kind === 'volume.active') volume.status = 'active';
  else if (effect.kind === 'volume.detached') volume.linode = null;
  else if (world.tables.instances.has(effect.linode)) {
    volume.status = 'active';
    volume.linode = effect.linode;
  }
}

export const volumeRoutes: readonly Route[] = [
  list('/volumes', ['label', 'tags'], (world) => [...world.tables.volumes.values()].map((one) => shape(world, one))),
  get('/volumes/{id}', (world, { id }) => ({ body: shape(world, find(world, id)) })),
  post('/volumes', (world, { body }) => {
    const order = readBody(createBody, body);
    assertFree(world, order.label);
    const region = order.linode_id == null ? order.region : world.tables.instances.get(order.linode_id)?.region;
    if (region == null || !regionNamed(region)) throw invalid('region is not valid', 'region');
    const now = world.isoNow();
    const base = { id: world.newId(), label: order.label, tags: order.tags, created: now, updated: now };
    const made: VolumeRecord = { ...base, region, size: order.size, status: 'creating', linode: null };
    world.tables.volumes.set(made.id, made);
    const event = tell(world, 'volume_create', { type: 'volume', id: made.id, label: made.label }, 'started');
    world.jobs.start({ kind: 'volume.active', id: made.id }, world.profile.actionMs, event);
    if (order.linode_id != null) attach(world, made, order.linode_id);
    return { body: shape(world, made) };
  }),
  put('/volumes/{id}', (world, { id, body }) => {
    const volume = find(world, id);
    const change = readBody(z.strictObject({ label: label.optional(), tags: tagsShape.optional() }), body);
    Object.assign(volume, { label: change.label ?? volume.label, tags: change.tags ?? volume.tags });
    return { body: shape(world, volume) };
  }),
  post('/volumes/{id}/attach', (world, { id, body }) => {
    const { linode_id } = readBody(z.looseObject({ linode_id: z.number() }), body);
    const volume = find(world, id);
    attach(world, volume, linode_id);
    return { body: shape(world, volume) };
  }),
  post('/volumes/{id}/detach', (world, { id }) => {
    const volume = find(world, id);
    if (volume.linode === null) throw invalid('Volume is not attached to a Linode.');
    const event = tell(world, 'volume_detach', { type: 'volume', id, label: volume.label }, 'started');
    if (!world.jobs.isWorkedOn('volume', id))
      world.jobs.start({ kind: 'volume.detached', id }, world.profile.actionMs, event);
    return { body: {} };
  }),
  remove('/volumes/{id}', (world, { id }) => {
    const volume = find(world, id);
    if (volume.linode !== null) throw invalid('Volume must be detached before it can be deleted.');
    world.tables.volumes.delete(id);
    tell(world, 'volume_delete', { type: 'volume', id, label: volume.label });
    return { body: {} };
  }),
];
