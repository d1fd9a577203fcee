import { isIn, parseIp } from './addresses.js';
import { paginate } from './paging.js';
import { balancersOn, netOf, rangeOf, serversOn } from './private-addresses.js';
import type { ApiAnswer } from './routes.js';
import type { NetworkRecord } from './state.js';
import type { World } from './world.js';

interface Member {
  readonly type: 'server' | 'load_balancer';
  readonly id: number;
  readonly ip: string;
  readonly status: 'ok' | 'attaching';
  readonly alias_ips: readonly string[];
  readonly subnet: string;
}

/** Who is attached to a network, and how far: a list by `type`, `status` and `subnet`. */
export function membersOf(world: World, network: NetworkRecord, query: URLSearchParams): ApiAnswer {
  const subnetOf = (address: string): string => {
    const ip = parseIp(address);
    return network.subnets.find(({ range }) => ip !== undefined && isIn(ip, rangeOf(range)))?.range ?? '';
  };
  const servers = serversOn(world, network.id).flatMap((server): Member[] => {
    const net = netOf(server, network.id);
    // One that waits for its server to be made has no address yet.
    if (!net || net.state === 'waiting') return [];
    const status = net.state === 'attached' ? 'ok' : 'attaching';
    return [{ type: 'server', id: server.id, ip: net.ip, status, alias_ips: net.aliases, subnet: subnetOf(net.ip) }];
  });
  const balancers = balancersOn(world, network.id).flatMap((balancer) =>
    balancer.nets
      .filter((net) => net.network === network.id)
      .map(({ ip, state }): Member => {
        const status = state === 'attached' ? 'ok' : 'attaching';
        return { type: 'load_balancer', id: balancer.id, ip, status, alias_ips: [], subnet: subnetOf(ip) };
      }),
  );
  const found = [...servers, ...balancers].filter((member) =>
    (['type', 'status', 'subnet'] as const).every(
      (name) => !query.has(name) || query.getAll(name).includes(member[name]),
    ),
  );
  const page = paginate(found, query);
  return { status: 200, body: { members: page.items, meta: page.meta }, page };
}
