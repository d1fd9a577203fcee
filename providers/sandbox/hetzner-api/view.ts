import { behind } from './balancer-targets.js';
import { isAllowed } from './firewall-uses.js';
import { publicAddressOf } from './public-address.js';
import type { World } from './world.js';

/**
 * Which servers answer at an address and port, seen from a server: on its networks a server itself or the healthy
 * targets of a load balancer, else a public address whose firewalls let it in.
 */
export function resolveFrom(world: World, from: number, address: string, port: number): number[] {
  const nets = world.tables.servers.get(from)?.nets.filter((net) => net.state === 'attached') ?? [];
  for (const { network } of nets) {
    for (const server of world.tables.servers.values()) {
      const net = server.nets.find((one) => one.network === network && one.state === 'attached');
      if (net && (net.ip === address || net.aliases.includes(address))) {
        return world.probe.listening(server.id, port) ? [server.id] : [];
      }
    }
    for (const balancer of world.tables.balancers.values()) {
      const here = balancer.nets.some(
        (net) => net.network === network && net.state === 'attached' && net.ip === address,
      );
      if (here) return behind(world, balancer, port);
    }
  }
  return resolvePublic(world, from, address, port);
}

function resolvePublic(world: World, from: number, address: string, port: number): number[] {
  const caller = world.tables.servers.get(from);
  const source = caller && publicAddressOf(world, caller);
  if (source === undefined) return [];
  return [...world.tables.servers.values()]
    .filter((server) => publicAddressOf(world, server) === address)
    .filter((server) => server.id === from || isAllowed(world, server, port, source))
    .filter((server) => world.probe.listening(server.id, port))
    .map((server) => server.id);
}

/** Whether a connection from `source` reaches a port of the server's public address. */
export function allowedIn(world: World, serverId: number, port: number, source: string): boolean {
  const server = world.tables.servers.get(serverId);
  if (!server || publicAddressOf(world, server) === undefined) return false;
  return isAllowed(world, server, port, source);
}

export function viewOf(world: World, id: number) {
  const server = world.tables.servers.get(id);
  if (!server) return undefined;
  return {
    name: server.name,
    publicAddress: publicAddressOf(world, server),
    privateAddress: server.nets.find((net) => net.state === 'attached')?.ip,
    type: server.type,
    location: server.location,
  };
}
