import { z } from 'zod';
import type { ActionRecord } from './actions.js';
import { actionAnswer } from './action-routes.js';
import { contains, isIn, overlaps, parseIp, parseRange } from './addresses.js';
import { oneOf } from './collection.js';
import { invalidField, limitExceeded, notFound, refused } from './errors.js';
import { checkRange, fitSubnet, networks, routeShape, subnetShape } from './networks.js';
import { rangeOf, takenOn } from './private-addresses.js';
import { post, readBody, type ApiAnswer, type Route } from './routes.js';
import type { NetworkRecord } from './state.js';
import type { World } from './world.js';

const maxRoutes = 100;

const started = (world: World, command: string, id: number): ActionRecord =>
  world.actions.start({ command, resources: [{ type: 'network', id }], ms: world.profile.actionMs });

/** A change of a network: one at a time, anybody else is told to come back. */
const change = (
  verb: string,
  command: string,
  work: (world: World, network: NetworkRecord, body: unknown) => void,
): Route =>
  post(`/networks/{id}/actions/${verb}`, (world, { id, body }): ApiAnswer => {
    const network = oneOf(networks, world, id);
    world.actions.assertNoChange({ type: 'network', id });
    work(world, network, body);
    return actionAnswer(world, started(world, command, id));
  });

export const networkActionRoutes: readonly Route[] = [
  change('add_subnet', 'add_subnet', (_world, network, body) => {
    network.subnets.push(fitSubnet(network.range, network.subnets, readBody(subnetShape, body)));
  }),
  change('delete_subnet', 'delete_subnet', (world, network, body) => {
    const { ip_range } = readBody(z.object({ ip_range: z.string() }), body);
    const subnet = network.subnets.find((one) => one.range === ip_range);
    if (!subnet) throw notFound('subnet');
    const range = rangeOf(subnet.range);
    if ([...takenOn(world, network.id)].some((ip) => isIn(ip, range))) {
      throw refused('resource_in_use', 'subnet still has attached resources');
    }
    network.subnets = network.subnets.filter((one) => one !== subnet);
  }),
  change('add_route', 'add_route', (_world, network, body) => {
    const route = readBody(routeShape, body);
    const destination = parseRange(route.destination);
    const gateway = parseIp(route.gateway);
    if (!destination) throw invalidField('destination', 'is not a valid range in CIDR notation');
    if (gateway === undefined || !isIn(gateway, rangeOf(network.range))) {
      throw invalidField('gateway', 'is not an address of the network');
    }
    if (gateway === rangeOf(network.range).base + 1) throw invalidField('gateway', 'is reserved');
    const crossed = network.subnets.some((subnet) => overlaps(rangeOf(subnet.range), destination));
    if (crossed && destination.bits !== 0) throw invalidField('destination', 'overlaps with a subnet of the network');
    if (network.routes.some((one) => one.destination === route.destination)) {
      throw invalidField('destination', 'has a route already');
    }
    if (network.routes.length >= maxRoutes) throw limitExceeded('routes_per_network');
    network.routes.push(route);
  }),
  change('delete_route', 'delete_route', (_world, network, body) => {
    const route = readBody(routeShape, body);
    const kept = network.routes.filter((one) => one.destination !== route.destination || one.gateway !== route.gateway);
    if (kept.length === network.routes.length) throw notFound('route');
    network.routes = kept;
  }),
  change('change_ip_range', 'change_ip_range', (_world, network, body) => {
    const range = checkRange(readBody(z.object({ ip_range: z.string() }), body).ip_range);
    if (!contains(rangeOf(range), rangeOf(network.range))) throw invalidField('ip_range', 'can only be extended');
    network.range = range;
  }),
  post('/networks/{id}/actions/change_protection', (world, { id, body }) => {
    const network = oneOf(networks, world, id);
    const { delete: desired } = readBody(z.object({ delete: z.boolean().optional() }), body);
    if (desired !== undefined) network.protection.delete = desired;
    return actionAnswer(world, world.actions.done('change_protection', [{ type: 'network', id }]));
  }),
];
