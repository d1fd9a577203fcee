import { z } from 'zod';
import { actionAnswer, actionsOf } from './action-routes.js';
import { publicIpv4, publicIpv6 } from './addresses.js';
import { assertNameFree, oneOf, reading, updating, type Collection } from './collection.js';
import { invalidField, limitExceeded, notFound, protectedResource, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { locationNamed, locations } from './places.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { PrimaryIpRecord, ServerRecord } from './state.js';
import type { World } from './world.js';

/** The default reverse name of an address. */
export const reverseName = (ip: string): string => `static.${ip.split('.').reverse().join('.')}.clients.your-server.de`;

export const primaryIps: Collection<PrimaryIpRecord> = {
  one: 'primary_ip',
  many: 'primary_ips',
  items: (world) => world.tables.primaryIps.values(),
  render: (_world, ip) => ({
    id: ip.id,
    name: ip.name,
    labels: ip.labels,
    created: ip.created,
    blocked: false,
    location: locationNamed(ip.location),
    ip: ip.ip,
    dns_ptr: ip.type === 'ipv4' ? [{ ip: ip.ip, dns_ptr: reverseName(ip.ip) }] : [],
    protection: ip.protection,
    type: ip.type,
    auto_delete: ip.autoDelete,
    assignee_type: ip.server !== null ? 'server' : ip.balancer ? 'load_balancer' : 'unassigned',
    assignee_id: ip.server ?? ip.balancer ?? null,
  }),
  sortable: ['id', 'created'],
  filters: { ip: (ip, values) => values.includes(ip.ip) },
};

export const isAssigned = (ip: PrimaryIpRecord): boolean => ip.server !== null || (ip.balancer ?? null) !== null;

/** An address of the project's that a new server or load balancer is to have. @throws ApiError */
export function existingIp(world: World, type: 'ipv4' | 'ipv6', id: number, location: string): PrimaryIpRecord {
  const ip = world.tables.primaryIps.get(id);
  if (!ip) throw notFound('primary IP');
  if (ip.type !== type) {
    throw refused('primary_ip_version_mismatch', 'the specified primary IP has the wrong IP version', 412);
  }
  if (isAssigned(ip)) throw refused('primary_ip_assigned', 'the specified primary IP is already assigned');
  if (ip.location !== location) {
    throw refused('primary_ip_datacenter_mismatch', 'the specified primary IP is in a different location');
  }
  return ip;
}

/** What held an address is gone: one that was made with it goes too. */
export function releaseIp(world: World, ip: PrimaryIpRecord): void {
  ip.server = null;
  ip.balancer = null;
  if (ip.autoDelete) world.tables.primaryIps.delete(ip.id);
}

/** A new address. Without a name it gets the one that Hetzner gives to those it makes itself. */
export function makePrimaryIp(
  world: World,
  type: 'ipv4' | 'ipv6',
  location: string,
  options: { name?: string; labels?: Readonly<Record<string, string>>; server?: number; autoDelete: boolean },
): PrimaryIpRecord {
  if (world.tables.primaryIps.size >= world.limits.primaryIps) throw limitExceeded('primary_ip');
  const id = world.newId();
  const record: PrimaryIpRecord = {
    id,
    name: options.name ?? `primary_ip-${id}`,
    labels: options.labels ?? {},
    created: world.isoNow(),
    type,
    ip: type === 'ipv4' ? publicIpv4(++world.counters.ipv4) : publicIpv6(++world.counters.ipv6),
    location,
    server: options.server ?? null,
    autoDelete: options.autoDelete,
    protection: { delete: false },
  };
  world.tables.primaryIps.set(id, record);
  return record;
}

/** @throws ApiError when the server runs, is elsewhere, or has such an address already. */
function assign(world: World, ip: PrimaryIpRecord, serverId: number): ServerRecord {
  const server = world.tables.servers.get(serverId);
  if (!server) throw notFound('server');
  if (server.status !== 'off') throw refused('server_not_stopped', 'server needs to be powered off');
  if (server.location !== ip.location) throw invalidField('assignee_id', 'is in a different location');
  if (isAssigned(ip)) throw refused('primary_ip_already_assigned', 'primary IP is already assigned');
  if (server[ip.type] !== null) throw refused(`server_has_${ip.type}`, `server already has an ${ip.type} address`);
  server[ip.type] = ip.id;
  ip.server = server.id;
  return server;
}

const createShape = z.object({
  name: z.string().min(1).max(128),
  type: z.enum(['ipv4', 'ipv6']),
  labels: labelsShape.default({}),
  location: idOrName.optional(),
  assignee_type: z.enum(['server']).optional(),
  assignee_id: idShape.nullish(),
  auto_delete: z.boolean().default(false),
});

const assignShape = z.object({ assignee_type: z.enum(['server']), assignee_id: idShape });
const ref = (id: number) => ({ type: 'primary_ip', id });
const command = 'assign_primary_ip';

export const primaryIpRoutes: readonly Route[] = [
  ...reading(primaryIps),
  ...actionsOf('primary_ip', 'primary_ips', (world, id) => world.tables.primaryIps.has(id)),
  updating(primaryIps, (_world, ip, body) => {
    const { auto_delete } = readBody(z.object({ auto_delete: z.boolean().optional() }), body);
    if (auto_delete !== undefined) ip.autoDelete = auto_delete;
  }),
  post('/primary_ips', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    assertNameFree(primaryIps, world, desired.name);
    const assignee = desired.assignee_id ?? undefined;
    const server = assignee === undefined ? undefined : world.tables.servers.get(assignee);
    if (assignee !== undefined && !server) throw notFound('server');
    const named = desired.location === undefined ? undefined : byIdOrName(locations, desired.location)?.name;
    const location = server?.location ?? named;
    if (location === undefined) throw invalidField('location', 'is required without an assignee, and must exist');
    if (server && server.status !== 'off') throw refused('server_not_stopped', 'server needs to be powered off');
    if (server && server[desired.type] !== null) {
      throw refused(`server_has_${desired.type}`, `server already has an ${desired.type} address`);
    }
    const ip = makePrimaryIp(world, desired.type, location, {
      name: desired.name,
      labels: desired.labels,
      autoDelete: desired.auto_delete,
    });
    if (!server) return { status: 201, body: { primary_ip: primaryIps.render(world, ip), action: null } };
    assign(world, ip, server.id);
    const action = world.actions.start({
      command,
      resources: [ref(ip.id), { type: 'server', id: server.id }],
      ms: world.profile.actionMs,
    });
    const primary_ip = primaryIps.render(world, ip);
    return { status: 201, body: { primary_ip, action: world.actions.render(action) } };
  }),
  remove('/primary_ips/{id}', (world, { id }) => {
    const ip = oneOf(primaryIps, world, id);
    if (ip.protection.delete) throw protectedResource('primary IP');
    if (isAssigned(ip)) throw refused('must_be_unassigned', 'primary IP must be unassigned');
    world.tables.primaryIps.delete(id);
    return { status: 204 };
  }),
  post('/primary_ips/{id}/actions/assign', (world, { id, body }) => {
    const ip = oneOf(primaryIps, world, id);
    const { assignee_id } = readBody(assignShape, body);
    world.actions.assertUnlocked(ref(id));
    world.actions.assertUnlocked({ type: 'server', id: assignee_id });
    assign(world, ip, assignee_id);
    const resources = [ref(id), { type: 'server', id: assignee_id }];
    return actionAnswer(world, world.actions.start({ command, resources, ms: world.profile.actionMs }));
  }),
  post('/primary_ips/{id}/actions/unassign', (world, { id }) => {
    const ip = oneOf(primaryIps, world, id);
    world.actions.assertUnlocked(ref(id));
    const server = ip.server === null ? undefined : world.tables.servers.get(ip.server);
    if (!server) throw refused('unsupported_error', 'primary IP is not assigned');
    world.actions.assertUnlocked({ type: 'server', id: server.id });
    if (server.status !== 'off') throw refused('server_not_stopped', 'server needs to be powered off');
    server[ip.type] = null;
    ip.server = null;
    const resources = [ref(id), { type: 'server', id: server.id }];
    return actionAnswer(
      world,
      world.actions.start({ command: 'unassign_primary_ip', resources, ms: world.profile.actionMs }),
    );
  }),
  post('/primary_ips/{id}/actions/change_protection', (world, { id, body }) => {
    const ip = oneOf(primaryIps, world, id);
    ip.protection.delete = readBody(z.object({ delete: z.boolean() }), body).delete;
    return actionAnswer(world, world.actions.done('change_protection', [ref(id)]));
  }),
];
