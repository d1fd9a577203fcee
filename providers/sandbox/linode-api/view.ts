import { behind } from './balancers.js';
import { guardOf, lets } from './firewalls.js';
import type { World } from './world.js';

/** Whether a connection from `source` reaches a port of an instance's public address. */
export function allowedIn(world: World, id: number, port: number, source: string): boolean {
  const guard = guardOf(world, 'linode', id);
  return world.tables.instances.has(id) && (!guard || lets(guard, port, source));
}

/** Which instances answer at an address and port, seen from an instance: in its VPCs, behind a NodeBalancer, in public. */
export function resolveFrom(world: World, from: number, address: string, port: number): number[] {
  const caller = world.tables.instances.get(from);
  if (!caller) return [];
  const vpcs = caller.interfaces.flatMap(({ vpc }) => vpc ?? []);
  const all = [...world.tables.instances.values()];
  const near = all.find(({ interfaces }) =>
    interfaces.some((net) => net.vpc !== null && vpcs.includes(net.vpc) && net.ip === address),
  );
  if (near) return world.probe.listening(near.id, port) ? [near.id] : [];
  const balancer = [...world.tables.balancers.values()].find(({ ipv4 }) => ipv4 === address);
  if (balancer) return behind(world, balancer, port, caller.ipv4);
  return all
    .filter((one) => one.ipv4 === address && (one.id === from || allowedIn(world, one.id, port, caller.ipv4)))
    .filter((one) => world.probe.listening(one.id, port))
    .map(({ id }) => id);
}

export function viewOf(world: World, id: number) {
  const one = world.tables.instances.get(id);
  if (!one) return undefined;
  return {
    name: one.label,
    publicAddress: one.ipv4,
    privateAddress: one.interfaces.find(({ ip }) => ip !== null)?.ip ?? undefined,
    type: one.type,
    location: one.region,
  };
}
