import { showAction } from './actions.js';
import { bounds, gatewayOf, isPrivate, overlap, within } from './addresses.js';
import { locations } from './catalogue.js';
import { ApiError, invalid, taken } from './errors.js';
import { checkLabels } from './labels.js';
import { page } from './paging.js';
import type { Project } from './project.js';
import type { Router } from './router.js';
import type { StoredNetwork, Subnet } from './state.js';

export function networkRoutes(router: Router, project: Project): void {
  const { networks, actions } = project;
  const show = (network: StoredNetwork): unknown => ({
    id: network.id,
    name: network.name,
    ip_range: network.ipRange,
    subnets: network.subnets,
    routes: [],
    servers: project.servers
      .all()
      .filter((server) => server.nets.some((net) => net.network === network.id))
      .map(({ id }) => id),
    load_balancers: project.balancers
      .all()
      .filter((balancer) => balancer.nets.some((net) => net.network === network.id))
      .map(({ id }) => id),
    protection: { delete: false },
    labels: network.labels,
    created: network.created,
    expose_routes_to_vswitch: false,
  });
  const done = (command: string, id: number) => ({
    status: 201,
    body: { action: showAction(actions.start(command, [{ id, type: 'network' }], project.profile.actionMs)) },
  });
  router.on('GET', '/networks', ({ query }) => page('networks', networks.all(), query, show));
  router.on('GET', '/networks/:id', (call) => ({ body: { network: show(project.network(call.id())) } }));
  router.on('POST', '/networks', ({ body }) => {
    const {
      name,
      ip_range: range,
      subnets = [],
      labels,
    } = body as { name?: unknown; ip_range?: unknown; subnets?: Partial<Subnet>[]; labels?: unknown };
    if (typeof name !== 'string' || name === '') throw invalid('name', 'must not be empty');
    if (typeof range !== 'string' || !isPrivate(range) || bounds(range).bits > 24)
      throw invalid('ip_range', 'must be a private range of at least /24');
    if (networks.named(name)) throw taken('name', 'network name is already used');
    const network: StoredNetwork = {
      id: project.nextId(),
      name,
      ipRange: range,
      subnets: [],
      labels: checkLabels(labels),
      created: project.stamp(),
    };
    for (const subnet of subnets) addSubnet(network, subnet);
    networks.add(network);
    return { status: 201, body: { network: show(network) } };
  });
  router.on('PUT', '/networks/:id', (call) => {
    const network = project.network(call.id());
    if (typeof call.body['name'] === 'string') network.name = call.body['name'];
    if (call.body['labels'] !== undefined) network.labels = checkLabels(call.body['labels']);
    return { body: { network: show(network) } };
  });
  router.on('DELETE', '/networks/:id', (call) => {
    const { id } = project.network(call.id());
    networks.byId.delete(id);
    for (const holder of [...project.servers.all(), ...project.balancers.all()])
      holder.nets = holder.nets.filter((net) => net.network !== id) as never;
    return { status: 204 };
  });
  router.on('POST', '/networks/:id/actions/add_subnet', (call) => {
    const network = project.network(call.id());
    addSubnet(network, call.body as Partial<Subnet>);
    return done('add_subnet', network.id);
  });
  router.on('POST', '/networks/:id/actions/change_ip_range', (call) => {
    const network = project.network(call.id());
    const range = String(call.body['ip_range']);
    if (!isPrivate(range) || !within(network.ipRange, range)) throw invalid('ip_range', 'a network can only grow');
    network.ipRange = range;
    return done('change_ip_range', network.id);
  });
}

function addSubnet(network: StoredNetwork, { type, ip_range: wanted, network_zone: zone }: Partial<Subnet>): void {
  if (type !== 'cloud' && type !== 'vswitch' && type !== 'server')
    throw invalid('type', 'must be cloud, vswitch or server');
  if (!locations.some((location) => location.network_zone === zone))
    throw invalid('network_zone', `network zone ${String(zone)} not found`);
  const range = wanted ?? network.ipRange;
  if (!within(range, network.ipRange) || bounds(range).bits > 30)
    throw invalid('ip_range', 'must lie in the network and be at least /30');
  if (network.subnets.some((subnet) => overlap(subnet.ip_range, range)))
    throw new ApiError(422, 'networks_overlap', 'the subnet overlaps with another one');
  network.subnets.push({ type, ip_range: range, network_zone: zone!, gateway: gatewayOf(network.ipRange) });
}
