import { type Action, showAction } from './actions.js';
import { freeAddress, publicV4, publicV6 } from './addresses.js';
import { loadBalancerTypes } from './catalogue.js';
import { ApiError, invalid, notFound, taken } from './errors.js';
import { checkLabels, parseSelector } from './labels.js';
import { page } from './paging.js';
import type { Project } from './project.js';
import type { Router } from './router.js';
import type { Service, StoredBalancer, StoredServer, Target } from './state.js';

interface TargetBody {
  readonly type?: string;
  readonly server?: { readonly id: number };
  readonly label_selector?: { readonly selector: string };
  readonly use_private_ip?: boolean;
}

export function balancerRoutes(router: Router, project: Project): void {
  const { balancers, actions } = project;
  const find = (id: number): StoredBalancer => {
    const balancer = balancers.byId.get(id);
    if (!balancer) throw notFound('load balancer', id);
    return balancer;
  };
  const act = (command: string, id: number): Action =>
    actions.start(command, [{ id, type: 'load_balancer' }], project.profile.actionMs);
  const done = (command: string, id: number) => ({ status: 201, body: { action: showAction(act(command, id)) } });
  const show = (balancer: StoredBalancer) => showBalancer(project, balancer);
  router.on('GET', '/load_balancers', ({ query }) => page('load_balancers', balancers.all(), query, show));
  router.on('GET', '/load_balancers/:id', (call) => ({ body: { load_balancer: show(find(call.id())) } }));
  router.on('POST', '/load_balancers', ({ body }) => {
    const name = body['name'];
    if (typeof name !== 'string' || name === '') throw invalid('name', 'must not be empty');
    if (balancers.named(name)) throw taken('name', 'load balancer name is already used');
    const type = loadBalancerTypes.find(
      (one) => one.name === body['load_balancer_type'] || one.id === Number(body['load_balancer_type']),
    );
    if (!type) throw invalid('load_balancer_type', 'load balancer type not found');
    if (body['location'] === undefined && body['network_zone'] === undefined)
      throw invalid('location', 'location or network_zone is needed');
    const address = project.nextAddress();
    const balancer: StoredBalancer = {
      id: project.nextId(),
      name,
      type: type.name,
      location: project.location(body['location'] ?? 'fsn1').name,
      algorithm: (body['algorithm'] as { type?: string } | undefined)?.type ?? 'round_robin',
      publicInterface: body['public_interface'] !== false,
      ipv4: publicV4(address),
      ipv6: publicV6(address).replace('::/64', '::1'),
      nets: [],
      services: [],
      targets: [],
      labels: checkLabels(body['labels']),
      created: project.stamp(),
    };
    if (body['network'] !== undefined) attach(project, balancer, Number(body['network']));
    for (const service of (body['services'] ?? []) as Partial<Service>[]) addService(balancer, service);
    for (const target of (body['targets'] ?? []) as TargetBody[]) addTarget(project, balancer, target);
    balancers.add(balancer);
    return {
      status: 201,
      body: { load_balancer: show(balancer), action: showAction(act('create_load_balancer', balancer.id)) },
    };
  });
  router.on('PUT', '/load_balancers/:id', (call) => {
    const balancer = find(call.id());
    if (typeof call.body['name'] === 'string') balancer.name = call.body['name'];
    if (call.body['labels'] !== undefined) balancer.labels = checkLabels(call.body['labels']);
    return { body: { load_balancer: show(balancer) } };
  });
  router.on('DELETE', '/load_balancers/:id', (call) => {
    balancers.byId.delete(find(call.id()).id);
    return { status: 204 };
  });
  router.on('POST', '/load_balancers/:id/actions/add_service', (call) => {
    const balancer = find(call.id());
    addService(balancer, call.body as Partial<Service>);
    return done('add_service', balancer.id);
  });
  router.on('POST', '/load_balancers/:id/actions/add_target', (call) => {
    const balancer = find(call.id());
    addTarget(project, balancer, call.body as TargetBody);
    return done('add_target', balancer.id);
  });
  router.on('POST', '/load_balancers/:id/actions/remove_target', (call) => {
    const balancer = find(call.id());
    const gone = readTarget(project, call.body as TargetBody);
    balancer.targets = balancer.targets.filter((target) => !sameTarget(target, gone));
    return done('remove_target', balancer.id);
  });
  router.on('POST', '/load_balancers/:id/actions/attach_to_network', (call) => {
    const balancer = find(call.id());
    attach(project, balancer, Number(call.body['network']));
    return done('attach_to_network', balancer.id);
  });
  router.on('POST', '/load_balancers/:id/actions/detach_from_network', (call) => {
    const balancer = find(call.id());
    balancer.nets = balancer.nets.filter((net) => net.network !== Number(call.body['network']));
    return done('detach_from_network', balancer.id);
  });
}

function attach(project: Project, balancer: StoredBalancer, id: number): void {
  const network = project.network(id);
  if (balancer.nets.some((net) => net.network === id))
    throw new ApiError(422, 'load_balancer_already_attached', 'already attached');
  const used = project.usedAddresses(id);
  if (used.size >= project.profile.networkLimit) {
    throw new ApiError(403, 'resource_limit_exceeded', 'too many resources attached to the network', {
      limits: [{ name: 'network_attached_resources' }],
    });
  }
  const zone = project.location(balancer.location).network_zone;
  const ip = network.subnets
    .filter((subnet) => subnet.network_zone === zone)
    .map((subnet) => freeAddress(subnet.ip_range, used))
    .find((address) => address !== undefined);
  if (ip === undefined) throw new ApiError(422, 'no_subnet_available', 'no subnet available in the zone');
  balancer.nets = [...balancer.nets, { network: id, ip }];
}

function addService(balancer: StoredBalancer, body: Partial<Service>): void {
  const { protocol, listen_port: listen, destination_port: destination } = body;
  if (protocol !== 'tcp' && protocol !== 'http' && protocol !== 'https')
    throw invalid('protocol', 'must be tcp, http or https');
  const port = listen ?? (protocol === 'https' ? 443 : 80);
  if (balancer.services.some((service) => service.listen_port === port))
    throw new ApiError(412, 'source_port_already_used', 'the port is used already');
  balancer.services.push({
    protocol,
    listen_port: port,
    destination_port: destination ?? port,
    proxyprotocol: body.proxyprotocol ?? false,
    health_check: body.health_check ?? {
      protocol: 'tcp',
      port: destination ?? port,
      interval: 15,
      timeout: 10,
      retries: 3,
    },
    ...(body.http === undefined ? {} : { http: body.http }),
  });
}

function readTarget(project: Project, body: TargetBody): Target {
  if (body.type === 'server' && body.server)
    return { type: 'server', server: project.server(body.server.id).id, usePrivateIp: body.use_private_ip ?? false };
  if (body.type === 'label_selector' && body.label_selector) {
    parseSelector(body.label_selector.selector);
    return {
      type: 'label_selector',
      selector: body.label_selector.selector,
      usePrivateIp: body.use_private_ip ?? false,
    };
  }
  throw invalid('type', 'must be server or label_selector');
}

const sameTarget = (a: Target, b: Target): boolean =>
  a.type === b.type && a.server === b.server && a.selector === b.selector;

function addTarget(project: Project, balancer: StoredBalancer, body: TargetBody): void {
  const target = readTarget(project, body);
  if (balancer.targets.some((other) => sameTarget(other, target)))
    throw new ApiError(422, 'target_already_defined', 'the target exists already');
  if (target.usePrivateIp && balancer.nets.length === 0) {
    throw new ApiError(422, 'load_balancer_not_attached_to_network', 'the load balancer is not attached to a network');
  }
  balancer.targets.push(target);
}

/** The servers a target stands for now. */
function resolved(project: Project, target: Target): StoredServer[] {
  if (target.type === 'server') return project.servers.all().filter((server) => server.id === target.server);
  const matches = parseSelector(target.selector!);
  return project.servers.all().filter((server) => matches(server.labels));
}

/** Servers behind a balancer that answer on the port of the service that listens here. */
export function healthyTargets(project: Project, balancer: StoredBalancer, listenPort: number): number[] {
  const service = balancer.services.find((one) => one.listen_port === listenPort);
  if (!service) return [];
  const servers = balancer.targets.flatMap((target) => resolved(project, target));
  return [...new Set(servers.map(({ id }) => id))].filter((id) =>
    project.options.probe.listening(id, service.destination_port),
  );
}

function showBalancer(project: Project, balancer: StoredBalancer): unknown {
  const health = (server: number) =>
    balancer.services.map((service) => ({
      listen_port: service.listen_port,
      status: project.options.probe.listening(server, service.destination_port) ? 'healthy' : 'unhealthy',
    }));
  return {
    id: balancer.id,
    name: balancer.name,
    public_net: {
      enabled: balancer.publicInterface,
      ipv4: { ip: balancer.publicInterface ? balancer.ipv4 : null, dns_ptr: null },
      ipv6: { ip: balancer.publicInterface ? balancer.ipv6 : null, dns_ptr: null },
    },
    private_net: balancer.nets,
    location: project.location(balancer.location),
    load_balancer_type: loadBalancerTypes.find(({ name }) => name === balancer.type),
    protection: { delete: false },
    labels: balancer.labels,
    created: balancer.created,
    services: balancer.services,
    targets: balancer.targets.map((target) =>
      target.type === 'server'
        ? {
            type: 'server',
            server: { id: target.server },
            health_status: health(target.server!),
            use_private_ip: target.usePrivateIp,
          }
        : {
            type: 'label_selector',
            label_selector: { selector: target.selector },
            use_private_ip: target.usePrivateIp,
            targets: resolved(project, target).map(({ id }) => ({
              type: 'server',
              server: { id },
              health_status: health(id),
              use_private_ip: target.usePrivateIp,
            })),
          },
    ),
    algorithm: { type: balancer.algorithm },
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    included_traffic: 21_990_232_555_520,
  };
}
