import { z } from 'zod';
import { actionAnswer } from './action-routes.js';
import { offeredAt, serverTypes } from './catalogue.js';
import { oneOf } from './collection.js';
import { invalidField, refused } from './errors.js';
import { images, imageOf } from './images.js';
import { checkLabels } from './labels.js';
import { byIdOrName, idOrName, labelsShape, post, readBody, type ApiRequest, type Route } from './routes.js';
import { servers, typeOf } from './servers.js';
import type { ImageRecord, ServerRecord } from './state.js';
import type { World } from './world.js';

const ref = (id: number) => ({ type: 'server', id });

/** A route that changes a server nobody else is changing. */
const on = (
  verb: string,
  handler: (world: World, server: ServerRecord, request: ApiRequest) => ReturnType<Route['handler']>,
): Route =>
  post(`/servers/{id}/actions/${verb}`, (world, request) => {
    const server = oneOf(servers, world, request.id);
    world.actions.assertUnlocked(ref(server.id));
    return handler(world, server, request);
  });

const imageShape = z.object({
  description: z.string().optional(),
  type: z.enum(['snapshot']).default('snapshot'),
  labels: labelsShape.default({}),
});

export const serverManagementRoutes: readonly Route[] = [
  on('change_type', (world, server, { body }) => {
    const desired = readBody(z.object({ server_type: idOrName, upgrade_disk: z.boolean() }), body);
    const type = byIdOrName(serverTypes, desired.server_type);
    if (!type) throw invalidField('server_type', 'unknown server type');
    if (server.status !== 'off') throw refused('server_not_stopped', 'server needs to be powered off');
    const place = offeredAt(world, type).find((one) => one === server.location);
    const fits =
      place &&
      type.architecture === typeOf(server).architecture &&
      type.diskGB >= server.diskGB &&
      type.name !== server.type;
    if (!fits) throw refused('invalid_server_type', 'server type does not fit for the given server');
    world.faults.assertForSale(type.name, place);
    return actionAnswer(
      world,
      world.actions.start({
        command: 'change_server_type',
        resources: [ref(server.id)],
        ms: world.profile.serverCreateMs,
        effect: {
          kind: 'server.type',
          server: server.id,
          type: type.name,
          diskGB: desired.upgrade_disk ? type.diskGB : server.diskGB,
        },
      }),
    );
  }),
  on('create_image', (world, server, { body }) => {
    const desired = readBody(imageShape, body);
    checkLabels(desired.labels);
    const of = imageOf(world, server.image);
    const image: ImageRecord = {
      id: world.newId(),
      type: desired.type,
      name: null,
      labels: desired.labels,
      created: world.isoNow(),
      status: 'creating',
      description: desired.description ?? server.name,
      imageGB: null,
      diskGB: server.diskGB,
      from: { id: server.id, name: server.name },
      boundTo: null,
      flavor: of?.flavor ?? 'ubuntu',
      version: of?.version ?? '24.04',
      architecture: typeOf(server).architecture,
      protection: { delete: false },
      content: { disk: server.made ? world.host.disk(server.id) : undefined, torn: server.status !== 'off' },
    };
    world.tables.images.set(image.id, image);
    const action = world.actions.start({
      command: 'create_image',
      resources: [{ type: 'image', id: image.id }, ref(server.id)],
      ms: world.profile.serverCreateMs,
      effect: { kind: 'image.create', image: image.id, imageGB: 1.5 },
    });
    return { status: 201, body: { image: images.render(world, image), action: world.actions.render(action) } };
  }),
];
