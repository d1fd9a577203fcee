import { z } from 'zod';
import { actionAnswer, actionsOf } from './action-routes.js';
import { publicIpv4, publicIpv6 } from './addresses.js';
import { assertNameFree, oneOf, reading, updating, type Collection } from './collection.js';
import { invalidInput, notFound, protectedResource, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { locationNamed, locations } from './places.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { FloatingIpRecord } from './state.js';

export const floatingIps: Collection<FloatingIpRecord> = {
  one: 'floating_ip',
  many: 'floating_ips',
  items: (world) => world.tables.floatingIps.values(),
  render: (_world, ip) => ({
    id: ip.id,
    name: ip.name,
    description: ip.description,
    ip: ip.ip,
    type: ip.type,
    server: ip.server,
    dns_ptr: [],
    home_location: locationNamed(ip.location),
    blocked: false,
    protection: ip.protection,
    labels: ip.labels,
    created: ip.created,
  }),
  sortable: ['id', 'created'],
};

const createShape = z.object({
  type: z.enum(['ipv4', 'ipv6']),
  server: idShape.nullish(),
  home_location: idOrName.optional(),
  description: z.string().nullish(),
  name: z.string().min(1).optional(),
  labels: labelsShape.default({}),
});

const ref = (id: number) => ({ type: 'floating_ip', id });

export const floatingIpRoutes: readonly Route[] = [
  ...reading(floatingIps),
  ...actionsOf('floating_ip', 'floating_ips', (world, id) => world.tables.floatingIps.has(id)),
  updating(floatingIps, (_world, ip, body) => {
    const { description } = readBody(z.object({ description: z.string().nullish() }), body);
    if (description !== undefined) ip.description = description;
  }),
  post('/floating_ips', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    const server = desired.server ? world.tables.servers.get(desired.server) : undefined;
    if (desired.server && !server) throw notFound('server');
    const home = desired.home_location === undefined ? undefined : byIdOrName(locations, desired.home_location)?.name;
    const location = home ?? server?.location;
    if (location === undefined) {
      const messages = ['either home_location or server is required, and must exist'];
      throw invalidInput(['server', 'home_location'].map((name) => ({ name, messages })));
    }
    if (desired.name !== undefined) assertNameFree(floatingIps, world, desired.name);
    const id = world.newId();
    const ip: FloatingIpRecord = {
      id,
      name: desired.name ?? `floating-ip-${id}`,
      labels: desired.labels,
      created: world.isoNow(),
      type: desired.type,
      ip: desired.type === 'ipv4' ? publicIpv4(++world.counters.ipv4) : publicIpv6(++world.counters.ipv6),
      location,
      description: desired.description ?? null,
      server: server?.id ?? null,
      protection: { delete: false },
    };
    world.tables.floatingIps.set(id, ip);
    const action = server
      ? world.actions.render(world.actions.done('assign_floating_ip', [ref(id), { type: 'server', id: server.id }]))
      : null;
    return { status: 201, body: { floating_ip: floatingIps.render(world, ip), action } };
  }),
  remove('/floating_ips/{id}', (world, { id }) => {
    const ip = oneOf(floatingIps, world, id);
    if (ip.protection.delete) throw protectedResource('Floating IP');
    if (ip.server !== null) throw refused('must_be_unassigned', 'floating IP must be unassigned');
    world.tables.floatingIps.delete(id);
    return { status: 204 };
  }),
  post('/floating_ips/{id}/actions/assign', (world, { id, body }) => {
    const ip = oneOf(floatingIps, world, id);
    const { server } = readBody(z.object({ server: idShape }), body);
    if (!world.tables.servers.has(server)) throw notFound('server');
    ip.server = server;
    const resources = [ref(id), { type: 'server', id: server }];
    return actionAnswer(world, world.actions.done('assign_floating_ip', resources));
  }),
  post('/floating_ips/{id}/actions/unassign', (world, { id }) => {
    const ip = oneOf(floatingIps, world, id);
    ip.server = null;
    return actionAnswer(world, world.actions.done('unassign_floating_ip', [ref(id)]));
  }),
  post('/floating_ips/{id}/actions/change_protection', (world, { id, body }) => {
    const ip = oneOf(floatingIps, world, id);
    ip.protection.delete = readBody(z.object({ delete: z.boolean() }), body).delete;
    return actionAnswer(world, world.actions.done('change_protection', [ref(id)]));
  }),
];
