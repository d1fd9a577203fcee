import { isAllowed } from './firewall-uses.js';
import { parseSelector } from './labels.js';
import { netOf } from './private-addresses.js';
import { publicAddressOf } from './public-address.js';
import type { BalancerRecord, BalancerService, BalancerTarget, ServerRecord } from './state.js';
import type { World } from './world.js';

interface Health {
  readonly status: 'healthy' | 'unhealthy' | 'unknown';
  /** Why a check failed; only where it did. */
  readonly detail?: 'layer4_no_connection' | 'layer4_timeout';
}

const unreachable: Health = { status: 'unhealthy', detail: 'layer4_timeout' };

/** The servers a target means now: labels are looked at each time. */
export function serversOf(world: World, target: BalancerTarget): ServerRecord[] {
  const all = [...world.tables.servers.values()];
  switch (target.type) {
    case 'server':
      return all.filter((server) => server.id === target.server);
    case 'label_selector': {
      const matches = parseSelector(target.selector) ?? (() => false);
      return all.filter((server) => matches(server.labels));
    }
    case 'ip':
      return all.filter((server) => publicAddressOf(world, server) === target.ip);
  }
}

/** The balancers that send something to a server. */
export const balancersTargeting = (world: World, server: ServerRecord): BalancerRecord[] =>
  [...world.tables.balancers.values()].filter((balancer) =>
    balancer.targets.some((target) => serversOf(world, target).includes(server)),
  );

const isPrivately = (target: BalancerTarget): boolean => target.type !== 'ip' && target.privately;

/** Where the balancer reaches a server for a target, or undefined when it can't. */
function addressFor(
  world: World,
  balancer: BalancerRecord,
  target: BalancerTarget,
  server: ServerRecord,
): string | undefined {
  if (!isPrivately(target)) return balancer.isPublic ? publicAddressOf(world, server) : undefined;
  const [own] = balancer.nets.filter((net) => net.state === 'attached');
  const net = own && netOf(server, own.network);
  return net?.state === 'attached' ? net.ip : undefined;
}

/** Asked of the machine each time somebody looks; the cloud keeps no health of its own. */
export function healthOf(
  world: World,
  balancer: BalancerRecord,
  target: BalancerTarget,
  server: ServerRecord,
  service: BalancerService,
): Health {
  if (!balancer.ready) return { status: 'unknown' };
  if (addressFor(world, balancer, target, server) === undefined) return unreachable;
  const { port } = service.health_check;
  if (!isPrivately(target) && !isAllowed(world, server, port, balancer.ipv4)) return unreachable;
  if (world.probe.listening(server.id, port)) return { status: 'healthy' };
  // A machine that runs says no at once; one that does not says nothing.
  return server.status === 'running' ? { status: 'unhealthy', detail: 'layer4_no_connection' } : unreachable;
}

const healthStatus = (
  world: World,
  balancer: BalancerRecord,
  target: BalancerTarget,
  server: ServerRecord | undefined,
): object[] =>
  balancer.services.map((service) => ({
    listen_port: service.listen_port,
    ...(server ? healthOf(world, balancer, target, server, service) : { status: 'unknown' }),
  }));

const renderServer = (
  world: World,
  balancer: BalancerRecord,
  target: BalancerTarget,
  server: ServerRecord,
): object => ({
  type: 'server',
  server: {
    id: server.id,
    ip: addressFor(world, balancer, target, server) ?? publicAddressOf(world, server) ?? '',
  },
  health_status: healthStatus(world, balancer, target, server),
  use_private_ip: isPrivately(target),
});

export function renderTarget(world: World, balancer: BalancerRecord, target: BalancerTarget): object[] {
  const reached = serversOf(world, target);
  switch (target.type) {
    case 'server':
      return reached.map((server) => renderServer(world, balancer, target, server));
    case 'label_selector':
      return [
        {
          type: 'label_selector',
          label_selector: { selector: target.selector },
          targets: reached.map((server) => renderServer(world, balancer, target, server)),
          use_private_ip: target.privately,
        },
      ];
    case 'ip':
      return [{ type: 'ip', ip: { ip: target.ip }, health_status: healthStatus(world, balancer, target, reached[0]) }];
  }
}

/** The healthy servers behind a port of the balancer whose destination port listens. */
export function behind(world: World, balancer: BalancerRecord, listenPort: number): number[] {
  const service = balancer.services.find((one) => one.listen_port === listenPort);
  if (!service) return [];
  const found = balancer.targets.flatMap((target) =>
    serversOf(world, target)
      .filter((server) => healthOf(world, balancer, target, server, service).status === 'healthy')
      .filter((server) => world.probe.listening(server.id, service.destination_port))
      .map((server) => server.id),
  );
  return [...new Set(found)];
}
