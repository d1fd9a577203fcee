import { z } from 'zod';
import { actionAnswer } from './action-routes.js';
import { offeredAt, serverTypes } from './catalogue.js';
import { oneOf } from './collection.js';
import { invalidField, notFound, protectedResource, refused } from './errors.js';
import { images, imageOf } from './images.js';
import { checkLabels } from './labels.js';
import { assertRoom, placementGroups } from './placement-groups.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, type ApiRequest, type Route } from './routes.js';
import { rootPassword } from './server-create.js';
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

const atOnce = (world: World, server: ServerRecord, command: string) =>
  actionAnswer(world, world.actions.start({ command, resources: [ref(server.id)], ms: world.profile.actionMs }));

const rescueShape = z.object({ type: z.enum(['linux64']).default('linux64'), ssh_keys: z.array(idShape).default([]) });
const imageShape = z.object({
  description: z.string().optional(),
  type: z.enum(['snapshot', 'backup']).default('snapshot'),
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
  on('rebuild', (world, server, { body }) => {
    const desired = readBody(z.object({ image: idOrName, user_data: z.string().optional() }), body);
    if (server.protection.rebuild) throw protectedResource('server');
    const fitting = [...images.items(world)].filter((one) => one.architecture === typeOf(server).architecture);
    const image = byIdOrName(fitting, desired.image);
    if (!image) throw invalidField('image', 'image not found');
    if (image.diskGB > server.diskGB) throw invalidField('image', 'image disk is bigger than server type disk');
    if (desired.user_data !== undefined) server.userData = desired.user_data;
    const action = world.actions.start({
      command: 'rebuild_server',
      resources: [ref(server.id)],
      ms: world.profile.serverCreateMs,
      effect: { kind: 'server.rebuild', server: server.id, image: image.id },
    });
    const root_password = server.sshKeys.length > 0 ? null : rootPassword(world);
    return { status: 201, body: { action: world.actions.render(action), root_password } };
  }),
  on('create_image', (world, server, { body }) => {
    const desired = readBody(imageShape, body);
    checkLabels(desired.labels);
    if (desired.type === 'backup' && server.backupWindow === null) {
      throw refused('unsupported_error', 'backups are not enabled for the server');
    }
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
      boundTo: desired.type === 'backup' ? server.id : null,
      flavor: of?.flavor ?? 'ubuntu',
      version: of?.version ?? '24.04',
      architecture: typeOf(server).architecture,
      protection: { delete: false },
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
  on('enable_rescue', (world, server, { body }) => {
    const desired = readBody(rescueShape, body);
    if (desired.ssh_keys.some((id) => !world.tables.sshKeys.has(id))) throw notFound('SSH key');
    server.rescue = true;
    const resources = [ref(server.id)];
    const action = world.actions.start({ command: 'enable_rescue', resources, ms: world.profile.actionMs });
    return { status: 201, body: { action: world.actions.render(action), root_password: rootPassword(world) } };
  }),
  on('disable_rescue', (world, server) => {
    server.rescue = false;
    return atOnce(world, server, 'disable_rescue');
  }),
  on('enable_backup', (world, server) => {
    server.backupWindow = '22-02';
    return atOnce(world, server, 'enable_backup');
  }),
  on('disable_backup', (world, server) => {
    server.backupWindow = null;
    for (const image of world.tables.images.values()) {
      if (image.boundTo === server.id) world.tables.images.delete(image.id);
    }
    return atOnce(world, server, 'disable_backup');
  }),
  on('add_to_placement_group', (world, server, { body }) => {
    const desired = readBody(z.object({ placement_group: idShape }), body);
    const group = oneOf(placementGroups, world, desired.placement_group);
    if (server.placementGroup !== null) {
      throw refused('already_in_placement_group', 'server is already part of a placement group');
    }
    if (server.status !== 'off') throw refused('server_not_stopped', 'server needs to be powered off');
    assertRoom(world, group);
    server.placementGroup = group.id;
    const resources = [ref(server.id), { type: 'placement_group', id: group.id }];
    const ms = world.profile.actionMs;
    return actionAnswer(world, world.actions.start({ command: 'add_to_placement_group', resources, ms }));
  }),
  on('remove_from_placement_group', (world, server) => {
    if (server.placementGroup === null) throw refused('not_in_placement_group', 'server is in no placement group');
    server.placementGroup = null;
    return atOnce(world, server, 'remove_from_placement_group');
  }),
];
