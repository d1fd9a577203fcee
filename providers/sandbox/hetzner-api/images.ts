import { z } from 'zod';
import { actionAnswer, actionsOf } from './action-routes.js';
import { oneAnswer, oneOf, reading, type Collection } from './collection.js';
import type { EffectHandlers } from './effect-handler.js';
import { protectedResource, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { labelsShape, post, put, readBody, remove, type Route } from './routes.js';
import type { ImageRecord } from './state.js';
import type { World } from './world.js';

const system = (
  id: number,
  flavor: ImageRecord['flavor'],
  version: string,
  architecture: ImageRecord['architecture'],
  created: string,
): ImageRecord => ({
  id,
  type: 'system',
  name: `${flavor}-${version}`,
  labels: {},
  created,
  status: 'available',
  description: `${flavor === 'ubuntu' ? 'Ubuntu' : 'Debian'} ${version}`,
  imageGB: null,
  diskGB: 5,
  from: null,
  boundTo: null,
  flavor,
  version,
  architecture,
  protection: { delete: false },
});

const systemImages: readonly ImageRecord[] = [
  system(114690387, 'debian', '12', 'x86', '2023-06-13T06:00:00Z'),
  system(114690389, 'debian', '12', 'arm', '2023-06-13T06:00:00Z'),
  system(161547269, 'ubuntu', '24.04', 'x86', '2024-04-25T13:26:27Z'),
  system(161547270, 'ubuntu', '24.04', 'arm', '2024-04-25T13:26:51Z'),
  system(310557660, 'debian', '13', 'x86', '2025-08-11T06:00:00Z'),
  system(310557661, 'debian', '13', 'arm', '2025-08-11T06:00:00Z'),
  system(371250113, 'ubuntu', '26.04', 'x86', '2026-04-23T14:00:00Z'),
  system(371250114, 'ubuntu', '26.04', 'arm', '2026-04-23T14:00:00Z'),
];

export const images: Collection<ImageRecord> = {
  one: 'image',
  many: 'images',
  items: (world) => [...systemImages, ...world.tables.images.values()],
  render: (_world, image) => ({
    id: image.id,
    type: image.type,
    status: image.status,
    name: image.name,
    description: image.description,
    image_size: image.imageGB,
    disk_size: image.diskGB,
    created: image.created,
    created_from: image.from,
    bound_to: image.boundTo,
    os_flavor: image.flavor,
    os_version: image.version,
    rapid_deploy: image.type === 'system',
    protection: image.protection,
    deprecated: null,
    deprecation: null,
    deleted: null,
    labels: image.labels,
    architecture: image.architecture,
  }),
  sortable: ['id', 'name', 'created'],
  filters: {
    type: (image, values) => values.includes(image.type),
    status: (image, values) => values.includes(image.status),
    architecture: (image, values) => values.includes(image.architecture),
    bound_to: (image, values) => image.boundTo !== null && values.includes(String(image.boundTo)),
  },
};

export const imageOf = (world: World, id: number | null): ImageRecord | undefined =>
  [...images.items(world)].find((image) => image.id === id);

/** A snapshot or backup; system images belong to nobody. @throws ApiError not_found, unsupported_error */
function own(world: World, id: number): ImageRecord {
  const image = oneOf(images, world, id);
  if (image.type === 'system') throw refused('unsupported_error', 'system images cannot be changed');
  return image;
}

const updateShape = z.object({
  description: z.string().optional(),
  type: z.enum(['snapshot']).optional(),
  labels: labelsShape.optional(),
});

export const imageEffects = {
  'image.create': {
    end: (world, { image, imageGB }) => {
      const record = world.tables.images.get(image);
      if (record) {
        record.status = 'available';
        record.imageGB = imageGB;
      }
      return undefined;
    },
  },
} satisfies Partial<EffectHandlers>;

export const imageRoutes: readonly Route[] = [
  ...reading(images),
  ...actionsOf('image', 'images', (world, id) => imageOf(world, id) !== undefined),
  put('/images/{id}', (world, { id, body }) => {
    const image = own(world, id);
    const changes = readBody(updateShape, body);
    if (changes.labels) checkLabels(changes.labels);
    if (changes.labels) image.labels = changes.labels;
    if (changes.description !== undefined) image.description = changes.description;
    return oneAnswer(images, world, image);
  }),
  remove('/images/{id}', (world, { id }) => {
    const image = own(world, id);
    if (image.protection.delete) throw protectedResource(image.type);
    world.actions.assertUnlocked({ type: 'image', id });
    world.tables.images.delete(id);
    return { status: 204 };
  }),
  post('/images/{id}/actions/change_protection', (world, { id, body }) => {
    const image = own(world, id);
    const { delete: desired } = readBody(z.object({ delete: z.boolean().optional() }), body);
    if (desired !== undefined) image.protection.delete = desired;
    return actionAnswer(world, world.actions.done('change_protection', [{ type: 'image', id }]));
  }),
];
