import { z } from 'zod';
import { actionsOf } from './action-routes.js';
import { contains, firstFreeSubnet, formatRange, gatewayOf, isPrivate, overlaps, parseRange } from './addresses.js';
import { assertNameFree, oneAnswer, oneOf, reading, updating, type Collection } from './collection.js';
import { ApiError, conflict, invalidField, limitExceeded, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { membersOf } from './network-members.js';
import { balancersOn, rangeOf, serversOn } from './private-addresses.js';
import { zones } from './places.js';
import { get, idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { NetworkRecord, SubnetRecord } from './state.js';

export const maxSubnets = 50;

export const networks: Collection<NetworkRecord> = {
  one: 'network',
  many: 'networks',
  items: (world) => world.tables.networks.values(),
  render: (world, network) => ({
    id: network.id,
    name: network.name,
    ip_range: network.range,
    subnets: network.subnets.map((subnet) => ({
      type: subnet.type,
      ip_range: subnet.range,
      network_zone: subnet.zone,
      gateway: gatewayOf(rangeOf(network.range)),
      vswitch_id: subnet.vswitch,
    })),
    routes: network.routes,
    servers: serversOn(world, network.id).map((server) => server.id),
    load_balancers: balancersOn(world, network.id).map((balancer) => balancer.id),
    protection: network.protection,
    labels: network.labels,
    created: network.created,
    expose_routes_to_vswitch: network.exposeRoutes,
  }),
  sortable: ['id', 'name', 'created'],
};

export const subnetShape = z.object({
  type: z.enum(['cloud', 'server', 'vswitch']),
  ip_range: z.string().optional(),
  network_zone: z.string(),
  vswitch_id: idShape.optional(),
});

export const routeShape = z.object({ destination: z.string(), gateway: z.string() });

/**
 * A subnet that fits beside the ones that are there; without a range it gets the first free /24.
 * @throws ApiError invalid_input
 */
export function fitSubnet(
  range: string,
  existing: readonly SubnetRecord[],
  desired: z.output<typeof subnetShape>,
): SubnetRecord {
  if (existing.length >= maxSubnets) throw limitExceeded('subnets_per_network');
  if (!zones.includes(desired.network_zone)) throw invalidField('network_zone', 'unknown network zone');
  if (desired.type === 'vswitch' && desired.vswitch_id === undefined) throw invalidField('vswitch_id', 'is required');
  // A vSwitch belongs to dedicated servers, of which there are none here.
  if (desired.type === 'vswitch') throw refused('service_error', 'vswitch not found');
  const whole = rangeOf(range);
  const others = existing.map((subnet) => rangeOf(subnet.range));
  const own = desired.ip_range === undefined ? firstFreeSubnet(whole, others) : parseRange(desired.ip_range);
  if (!own)
    throw invalidField('ip_range', desired.ip_range === undefined ? 'no free range left' : 'is not a valid range');
  if (own.bits > 30) throw invalidField('ip_range', 'must be at least a /30');
  if (!contains(whole, own)) throw invalidField('ip_range', 'is not within the IP range of the network');
  if (others.some((other) => overlaps(other, own))) throw invalidField('ip_range', 'overlaps with another subnet');
  return {
    type: desired.type,
    range: formatRange(own),
    zone: desired.network_zone,
    vswitch: desired.vswitch_id ?? null,
  };
}

/** @throws ApiError invalid_input unless it is a private range of at least a /24. */
export function checkRange(text: string): string {
  const range = parseRange(text);
  if (!range) throw invalidField('ip_range', 'is not a valid range in CIDR notation');
  if (!isPrivate(range)) throw invalidField('ip_range', 'is not within RFC 1918');
  if (range.bits > 24) throw invalidField('ip_range', 'must be at least a /24');
  return formatRange(range);
}

const createShape = z.object({
  name: z.string().min(1).max(128),
  ip_range: z.string(),
  labels: labelsShape.default({}),
  subnets: z.array(subnetShape).default([]),
  routes: z.array(routeShape).default([]),
  expose_routes_to_vswitch: z.boolean().default(false),
});

export const networkRoutes: readonly Route[] = [
  ...reading(networks),
  get('/networks/{id}/members', (world, { id, query }) => membersOf(world, oneOf(networks, world, id), query)),
  ...actionsOf('network', 'networks', (world, id) => world.tables.networks.has(id)),
  updating(networks, (_world, network, body) => {
    const shape = z.object({ expose_routes_to_vswitch: z.boolean().optional() });
    network.exposeRoutes = readBody(shape, body).expose_routes_to_vswitch ?? network.exposeRoutes;
  }),
  post('/networks', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    const range = checkRange(desired.ip_range);
    assertNameFree(networks, world, desired.name);
    if (world.tables.networks.size >= world.limits.networks) throw limitExceeded('network');
    const subnets: SubnetRecord[] = [];
    for (const subnet of desired.subnets) subnets.push(fitSubnet(range, subnets, subnet));
    const network: NetworkRecord = {
      id: world.newId(),
      name: desired.name,
      labels: desired.labels,
      created: world.isoNow(),
      range,
      subnets,
      routes: desired.routes,
      exposeRoutes: desired.expose_routes_to_vswitch,
      protection: { delete: false },
    };
    world.tables.networks.set(network.id, network);
    return oneAnswer(networks, world, network, 201);
  }),
  remove('/networks/{id}', (world, { id }) => {
    const network = oneOf(networks, world, id);
    if (network.protection.delete) throw new ApiError(423, 'protected', 'network is delete protected');
    world.actions.assertNoChange({ type: 'network', id });
    for (const server of serversOn(world, id)) {
      // A server that is just being made has its attach queued; the network can't be pulled from under it.
      if (server.nets.some((net) => net.network === id && net.state !== 'attached')) {
        throw conflict('network is being changed, please retry');
      }
    }
    if (balancersOn(world, id).some((balancer) => world.actions.isLocked({ type: 'load_balancer', id: balancer.id }))) {
      throw conflict('network is being changed, please retry');
    }
    for (const server of serversOn(world, id)) {
      server.nets = server.nets.filter((net) => net.network !== id);
      if (server.made) world.host.detach(server.id, id);
    }
    for (const balancer of balancersOn(world, id)) balancer.nets = balancer.nets.filter((net) => net.network !== id);
    world.tables.networks.delete(id);
    return { status: 204 };
  }),
];
