import { z } from 'zod';
import { actionAnswer, actionsOf } from './action-routes.js';
import { assertNameFree, oneOf, reading, updating, type Collection } from './collection.js';
import type { EffectHandlers } from './effect-handler.js';
import { invalidField, limitExceeded, notFound, protectedResource, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { locationNamed, locations } from './places.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { ServerRecord, VolumeRecord } from './state.js';
import type { World } from './world.js';

const volumesPerServer = 16;

export const volumes: Collection<VolumeRecord> = {
  one: 'volume',
  many: 'volumes',
  items: (world) => world.tables.volumes.values(),
  render: (_world, volume) => ({
    id: volume.id,
    created: volume.created,
    name: volume.name,
    server: volume.server,
    location: locationNamed(volume.location),
    size: volume.size,
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    protection: volume.protection,
    labels: volume.labels,
    status: volume.status,
    format: volume.format,
  }),
  sortable: ['id', 'name', 'created'],
  filters: { status: (volume, values) => values.includes(volume.status) },
};

export const volumesOf = (world: World, server: number): VolumeRecord[] =>
  [...world.tables.volumes.values()].filter((volume) => volume.server === server);

/** Whether volumes may be given to a server. @throws ApiError */
export function assertAttachable(
  world: World,
  desired: readonly VolumeRecord[],
  location: string,
  server?: ServerRecord,
): void {
  for (const volume of desired) {
    if (volume.server !== null) throw refused('volume_already_attached', 'volume is already attached to a server');
    if (volume.location !== location)
      throw invalidField('volumes', 'volume is in a different location than the server');
  }
  const attached = server ? volumesOf(world, server.id).length : 0;
  if (attached + desired.length > volumesPerServer) throw limitExceeded('volumes_per_server');
}

const name = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, 'is not a valid volume name');
const size = z.number().int().min(10, 'must be at least 10').max(10_240, 'must be at most 10240');

const createShape = z.object({
  name,
  size,
  labels: labelsShape.default({}),
  automount: z.boolean().optional(),
  format: z.enum(['xfs', 'ext4']).optional(),
  location: idOrName.optional(),
  server: idShape.optional(),
});

const ref = (id: number) => ({ type: 'volume', id });
const both = (volume: number, server: number) => [ref(volume), { type: 'server', id: server }];

export const volumeEffects = {
  'volume.create': {
    end: (world, { volume }) => {
      const record = world.tables.volumes.get(volume);
      if (record) record.status = 'available';
      return undefined;
    },
  },
  'volume.attach': {
    end: (world, { volume, server }) => {
      const record = world.tables.volumes.get(volume);
      if (record) record.server = server;
      return undefined;
    },
  },
  'volume.detach': {
    end: (world, { volume }) => {
      const record = world.tables.volumes.get(volume);
      if (record) record.server = null;
      return undefined;
    },
  },
} satisfies Partial<EffectHandlers>;

export const startAttach = (world: World, volume: number, server: number, after: readonly number[] = []) =>
  world.actions.start({
    command: 'attach_volume',
    resources: both(volume, server),
    ms: world.profile.actionMs,
    after,
    effect: { kind: 'volume.attach', volume, server },
  });

function serverOf(world: World, id: number): ServerRecord {
  const server = world.tables.servers.get(id);
  if (!server) throw notFound('server');
  return server;
}

export const volumeRoutes: readonly Route[] = [
  ...reading(volumes),
  ...actionsOf('volume', 'volumes', (world, id) => world.tables.volumes.has(id)),
  updating(volumes, undefined, (text) => (name.safeParse(text).success ? undefined : 'is not a valid volume name')),
  post('/volumes', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    assertNameFree(volumes, world, desired.name);
    const server = desired.server === undefined ? undefined : serverOf(world, desired.server);
    const asked = desired.location === undefined ? undefined : byIdOrName(locations, desired.location)?.name;
    const location = server?.location ?? asked;
    if (location === undefined) throw invalidField('location', 'is required without a server, and must exist');
    if (world.tables.volumes.size >= world.limits.volumes) throw limitExceeded('volume');
    if (server) {
      world.actions.assertUnlocked({ type: 'server', id: server.id });
      if (volumesOf(world, server.id).length >= volumesPerServer) throw limitExceeded('volumes_per_server');
    }
    const volume: VolumeRecord = {
      id: world.newId(),
      name: desired.name,
      labels: desired.labels,
      created: world.isoNow(),
      server: null,
      location,
      size: desired.size,
      status: 'creating',
      format: desired.format ?? null,
      protection: { delete: false },
    };
    world.tables.volumes.set(volume.id, volume);
    const action = world.actions.start({
      command: 'create_volume',
      resources: [ref(volume.id)],
      ms: world.profile.actionMs,
      effect: { kind: 'volume.create', volume: volume.id },
    });
    const next = server ? [startAttach(world, volume.id, server.id, [action.id])] : [];
    return {
      status: 201,
      body: {
        volume: volumes.render(world, volume),
        action: world.actions.render(action),
        next_actions: next.map((one) => world.actions.render(one)),
      },
    };
  }),
  remove('/volumes/{id}', (world, { id }) => {
    const volume = oneOf(volumes, world, id);
    if (volume.protection.delete) throw protectedResource('volume');
    world.actions.assertUnlocked(ref(id));
    if (volume.server !== null) throw refused('volume_still_attached', 'volume is still attached to a server');
    world.tables.volumes.delete(id);
    return { status: 204 };
  }),
  post('/volumes/{id}/actions/attach', (world, { id, body }) => {
    const volume = oneOf(volumes, world, id);
    const desired = readBody(z.object({ server: idShape, automount: z.boolean().optional() }), body);
    const server = serverOf(world, desired.server);
    world.actions.assertUnlocked(ref(id));
    world.actions.assertUnlocked({ type: 'server', id: server.id });
    assertAttachable(world, [volume], server.location, server);
    return actionAnswer(world, startAttach(world, id, server.id));
  }),
  post('/volumes/{id}/actions/detach', (world, { id }) => {
    const volume = oneOf(volumes, world, id);
    world.actions.assertUnlocked(ref(id));
    if (volume.server === null) throw refused('volume_not_attached', 'volume is not attached to a server');
    world.actions.assertUnlocked({ type: 'server', id: volume.server });
    return actionAnswer(
      world,
      world.actions.start({
        command: 'detach_volume',
        resources: both(id, volume.server),
        ms: world.profile.actionMs,
        effect: { kind: 'volume.detach', volume: id },
      }),
    );
  }),
  post('/volumes/{id}/actions/resize', (world, { id, body }) => {
    const volume = oneOf(volumes, world, id);
    const desired = readBody(z.object({ size }), body).size;
    world.actions.assertUnlocked(ref(id));
    if (desired <= volume.size) throw invalidField('size', 'must be larger than the current size');
    volume.size = desired;
    const resources = [ref(id)];
    const ms = world.profile.actionMs;
    return actionAnswer(world, world.actions.start({ command: 'resize_volume', resources, ms }));
  }),
  post('/volumes/{id}/actions/change_protection', (world, { id, body }) => {
    const volume = oneOf(volumes, world, id);
    const { delete: desired } = readBody(z.object({ delete: z.boolean().optional() }), body);
    if (desired !== undefined) volume.protection.delete = desired;
    return actionAnswer(world, world.actions.done('change_protection', [ref(id)]));
  }),
];
