import type { ActionProblem } from './actions.js';
import { firstFree, formatIp, isAssignable, isIn, overlaps, parseIp, parseRange, type Range } from './addresses.js';
import { limitExceeded, refused } from './errors.js';
import { locationNamed } from './places.js';
import type { BalancerRecord, NetworkRecord, PrivateNet, ServerRecord } from './state.js';
import type { World } from './world.js';

const networksPerServer = 3;

/** A range out of our own records. @throws RangeError when it is none. */
export function rangeOf(text: string): Range {
  const range = parseRange(text);
  if (!range) throw new RangeError(`${text} is no range`);
  return range;
}

export const netOf = (server: ServerRecord, network: number): PrivateNet | undefined =>
  server.nets.find((net) => net.network === network);

export const serversOn = (world: World, network: number): ServerRecord[] =>
  [...world.tables.servers.values()].filter((server) => netOf(server, network));

export const balancersOn = (world: World, network: number): BalancerRecord[] =>
  [...world.tables.balancers.values()].filter((balancer) => balancer.nets.some((net) => net.network === network));

/** Every private address that somebody has on a network. */
export function takenOn(world: World, network: number): Set<number> {
  const servers = serversOn(world, network).flatMap((server) => {
    const net = netOf(server, network);
    return net ? [net.ip, ...net.aliases] : [];
  });
  const balancers = balancersOn(world, network).flatMap((balancer) =>
    balancer.nets.filter((net) => net.network === network).map((net) => net.ip),
  );
  return new Set([...servers, ...balancers].map(parseIp).filter((ip) => ip !== undefined));
}

/** @throws ApiError resource_limit_exceeded when the network has as many resources as it may. */
export function assertRoomOn(world: World, network: NetworkRecord): void {
  const attached = serversOn(world, network.id).length + balancersOn(world, network.id).length;
  if (attached >= world.profile.networkLimit) throw limitExceeded('network_attached_resources');
}

/** @throws ApiError when the server can't get another network, or not this one. */
export function assertAttachable(world: World, nets: readonly { network: number }[], network: NetworkRecord): void {
  if (nets.some((net) => net.network === network.id)) {
    throw refused('server_already_attached', 'server is already attached to the network');
  }
  if (nets.length >= networksPerServer) throw limitExceeded('networks_per_server');
  for (const net of nets) {
    const other = world.tables.networks.get(net.network);
    if (other && overlaps(rangeOf(other.range), rangeOf(network.range))) {
      throw refused('networks_overlap', 'network IP range overlaps with one of the server networks');
    }
  }
  assertRoomOn(world, network);
}

/**
 * The address of a new resource: the one asked for, or the first free of the subnets in its zone.
 * @param desired `range` chooses among the subnets.
 */
export function chooseAddress(
  world: World,
  network: NetworkRecord,
  location: string,
  desired: { readonly ip?: string | undefined; readonly range?: string | undefined },
): { readonly ip: string } | ActionProblem {
  const zone = locationNamed(location).network_zone;
  const whole = rangeOf(network.range);
  const subnets = network.subnets
    .filter((subnet) => subnet.type !== 'vswitch' && subnet.zone === zone)
    .filter((subnet) => desired.range === undefined || subnet.range === desired.range)
    .map((subnet) => rangeOf(subnet.range));
  const none = { code: 'no_subnet_available', message: 'no subnet or IP is available within the network' };
  if (subnets.length === 0) return none;
  const taken = takenOn(world, network.id);
  if (desired.ip === undefined) {
    const free = firstFree(subnets, whole, taken);
    return free === undefined ? none : { ip: formatIp(free) };
  }
  const ip = parseIp(desired.ip);
  const subnet = ip === undefined ? undefined : subnets.find((one) => isIn(ip, one));
  if (ip === undefined || !subnet || !isAssignable(ip, subnet, whole) || taken.has(ip)) {
    return { code: 'ip_not_available', message: 'the provided IP is not available' };
  }
  return { ip: formatIp(ip) };
}

/** Which of the aliases can't be had, if any. */
export function aliasProblem(
  world: World,
  network: NetworkRecord,
  aliases: readonly string[],
  own: readonly string[],
): ActionProblem | undefined {
  const taken = takenOn(world, network.id);
  const whole = rangeOf(network.range);
  const subnets = network.subnets.map((subnet) => rangeOf(subnet.range));
  for (const alias of aliases) {
    const ip = parseIp(alias);
    const free = ip !== undefined && (own.includes(alias) || !taken.has(ip));
    if (!free || !subnets.some((subnet) => isAssignable(ip, subnet, whole))) {
      return { code: 'ip_not_available', message: 'the provided alias IP is not available' };
    }
  }
  return undefined;
}
