import { z } from 'zod';
import { balancerTypes, typeNamed } from './catalogue.js';
import { limitExceeded, notFound, refused } from './errors.js';
import { readSelector } from './labels.js';
import { netOf } from './private-addresses.js';
import { publicAddressOf } from './public-address.js';
import { idShape } from './routes.js';
import type { BalancerRecord, BalancerService, BalancerTarget } from './state.js';
import type { World } from './world.js';

const port = z.number().int().min(1).max(65_535);

const checkHttpShape = z.object({
  domain: z.string().max(128).nullish(),
  path: z.string().min(1).max(256).default('/'),
  response: z.string().max(256).optional(),
  status_codes: z.array(z.string()).max(20).default(['2??', '3??']),
  tls: z.boolean().default(false),
});

const healthCheckShape = z.object({
  protocol: z.enum(['tcp', 'http']).optional(),
  port: port.optional(),
  interval: z.number().int().min(3).max(60).optional(),
  timeout: z.number().int().min(1).max(60).optional(),
  retries: z.number().int().min(1).max(5).optional(),
  http: checkHttpShape.optional(),
});

const httpShape = z.object({
  cookie_name: z.string().min(1).max(100).optional(),
  cookie_lifetime: z.number().int().min(30).max(86_400).optional(),
  timeout_idle: z.number().int().min(30).max(300).optional(),
  certificates: z.array(idShape).optional(),
  redirect_http: z.boolean().optional(),
  sticky_sessions: z.boolean().optional(),
});

export const serviceShape = z.object({
  protocol: z.enum(['tcp', 'http', 'https']),
  listen_port: port.optional(),
  destination_port: port.optional(),
  proxyprotocol: z.boolean().optional(),
  health_check: healthCheckShape.optional(),
  http: httpShape.optional(),
});

export const serviceChangeShape = serviceShape.partial().extend({ listen_port: port });

const defaultPorts = { http: 80, https: 443, tcp: undefined } as const;

/**
 * A service with all that was not said filled in.
 * @param old what is changed, where it is a change.
 * @throws ApiError invalid_input, source_port_already_used (412 on adding)
 */
export function fillService(
  desired: z.output<typeof serviceShape>,
  others: readonly BalancerService[],
  old?: BalancerService,
): BalancerService {
  const listen = desired.listen_port ?? old?.listen_port ?? defaultPorts[desired.protocol];
  if (listen === undefined) throw refused('invalid_input', "invalid input in field 'listen_port': is required");
  if (others.some((one) => one.listen_port === listen)) {
    throw refused('source_port_already_used', 'the source port is already in use', old ? 422 : 412);
  }
  const destination = desired.destination_port ?? old?.destination_port ?? (desired.protocol === 'tcp' ? listen : 80);
  const check = { ...old?.health_check, ...definedOf(desired.health_check ?? {}) };
  const protocol = check.protocol ?? (desired.protocol === 'tcp' ? 'tcp' : 'http');
  const http = protocol === 'http' ? { domain: null, ...checkHttpShape.parse({}), ...check.http } : undefined;
  return {
    protocol: desired.protocol,
    listen_port: listen,
    destination_port: destination,
    proxyprotocol: desired.proxyprotocol ?? old?.proxyprotocol ?? false,
    health_check: {
      protocol,
      port: check.port ?? destination,
      interval: check.interval ?? 15,
      timeout: check.timeout ?? 10,
      retries: check.retries ?? 3,
      ...(http ? { http } : {}),
    },
    ...(desired.protocol === 'tcp' ? {} : { http: fillHttp({ ...old?.http, ...definedOf(desired.http ?? {}) }) }),
  };
}

const fillHttp = (desired: object): object => ({
  cookie_name: 'HCLBSTICKY',
  cookie_lifetime: 300,
  timeout_idle: 50,
  sticky_sessions: false,
  certificates: [],
  redirect_http: false,
  ...desired,
});

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const definedOf = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;

export const targetIdShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('server'), server: z.object({ id: idShape }) }),
  z.object({ type: z.literal('label_selector'), label_selector: z.object({ selector: z.string().min(1).max(1_000) }) }),
  z.object({ type: z.literal('ip'), ip: z.object({ ip: z.string() }) }),
]);

export const targetShape = z.intersection(targetIdShape, z.object({ use_private_ip: z.boolean().default(false) }));

export function sameTarget(target: BalancerTarget, desired: z.output<typeof targetIdShape>): boolean {
  switch (desired.type) {
    case 'server':
      return target.type === 'server' && target.server === desired.server.id;
    case 'label_selector':
      return target.type === 'label_selector' && target.selector === desired.label_selector.selector;
    case 'ip':
      return target.type === 'ip' && target.ip === desired.ip.ip;
  }
}

/** @throws ApiError when the balancer can't have the target. */
export function addTarget(world: World, balancer: BalancerRecord, desired: z.output<typeof targetShape>): void {
  if (balancer.targets.some((target) => sameTarget(target, desired))) {
    throw refused('target_already_defined', 'the target is already defined');
  }
  if (balancer.targets.length >= typeNamed(balancerTypes, balancer.type).max_targets) {
    throw limitExceeded('load_balancer_targets');
  }
  const privately = desired.use_private_ip;
  const [net] = balancer.nets;
  if (desired.type !== 'ip' && privately && !net) {
    throw refused('load_balancer_not_attached_to_network', 'the load balancer is not attached to a network');
  }
  if (desired.type !== 'ip' && !privately && !balancer.isPublic) {
    throw refused(
      'load_balancer_public_interface_disabled',
      'load balancer public interface is disabled, cannot add target using public IP',
    );
  }
  switch (desired.type) {
    case 'server': {
      const server = world.tables.servers.get(desired.server.id);
      if (!server) throw notFound('server');
      if (privately && net && netOf(server, net.network)?.state !== 'attached') {
        throw refused('resolve_cloud_private_targets_error', 'the server is not attached to the same network');
      }
      if (!privately && publicAddressOf(world, server) === undefined) {
        throw refused('resolve_cloud_public_targets_error', 'the server has no public IPv4 address');
      }
      balancer.targets.push({ type: 'server', server: server.id, privately });
      return;
    }
    case 'label_selector': {
      const { selector } = desired.label_selector;
      readSelector(selector, 'label_selector.selector');
      balancer.targets.push({ type: 'label_selector', selector, privately });
      return;
    }
    case 'ip': {
      const owned = [...world.tables.primaryIps.values()].some((ip) => ip.ip === desired.ip.ip);
      if (!owned) throw refused('ip_not_owned', 'the IP is not owned by the project');
      balancer.targets.push({ type: 'ip', ip: desired.ip.ip });
    }
  }
}

/** @throws ApiError resource_limit_exceeded */
export function assertServiceRoom(balancer: BalancerRecord): void {
  if (balancer.services.length >= typeNamed(balancerTypes, balancer.type).max_services) {
    throw limitExceeded('load_balancer_services');
  }
}
