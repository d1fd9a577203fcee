import { showAction, type Action } from './actions.js';
import { freeAddress, publicV4, publicV6 } from './addresses.js';
import { type Image, images, type ServerType, serverTypes } from './catalogue.js';
import { ApiError, invalid, taken } from './errors.js';
import { checkLabels } from './labels.js';
import { page } from './paging.js';
import type { Project } from './project.js';
import type { Call, Router } from './router.js';
import type { StoredServer } from './state.js';

const hostName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/i;
const userDataLimit = 32 * 1024;
const groupLimit = 10;

export function serverRoutes(router: Router, project: Project): void {
  const { actions, servers } = project;
  router.on('GET', '/servers', ({ query }) => {
    const statuses = query.getAll('status');
    const all = servers.all().filter((server) => statuses.length === 0 || statuses.includes(server.status));
    return page('servers', all, query, (server) => showServer(project, server));
  });
  router.on('POST', '/servers', (call) => create(project, call));
  router.on('GET', '/servers/:id', (call) => ({ body: { server: showServer(project, project.server(call.id())) } }));
  router.on('PUT', '/servers/:id', (call) => {
    const server = project.server(call.id());
    const { name, labels } = call.body;
    if (name !== undefined) server.name = freeName(project, name);
    if (labels !== undefined) server.labels = checkLabels(labels);
    return { body: { server: showServer(project, server) } };
  });
  router.on('DELETE', '/servers/:id', (call) => {
    const server = project.server(call.id());
    if (server.protected) throw new ApiError(423, 'protected', 'server is protected');
    actions.refuseWhileBusy('server', server.id);
    server.status = 'deleting';
    project.options.host.delete(server.id);
    return { body: { action: showAction(start(project, 'delete_server', server, project.profile.serverDeleteMs)) } };
  });
  router.on('GET', '/servers/:id/actions', (call) =>
    page('actions', actions.of('server', project.server(call.id()).id), call.query, showAction),
  );
  const power = (verb: string, command: string, status: StoredServer['status'], act: (id: number) => void): void =>
    router.on('POST', `/servers/:id/actions/${verb}`, (call) => {
      const server = project.server(call.id());
      actions.refuseWhileBusy('server', server.id);
      server.status = status;
      act(server.id);
      return { status: 201, body: { action: showAction(start(project, command, server, project.profile.actionMs)) } };
    });
  const { host } = project.options;
  power('poweron', 'start_server', 'running', (id) => host.powerOn(id));
  power('poweroff', 'stop_server', 'off', (id) => host.powerOff(id));
  power('shutdown', 'shutdown_server', 'off', (id) => host.shutdown(id));
  power('reboot', 'reboot_server', 'running', (id) => host.reboot(id));
  power('reset', 'reset_server', 'running', (id) => {
    host.powerOff(id);
    host.powerOn(id);
  });
  router.on('POST', '/servers/:id/actions/attach_to_network', (call) => {
    const server = project.server(call.id());
    actions.refuseWhileBusy('server', server.id);
    if (server.nets.some((net) => net.network === Number(call.body['network']))) {
      throw new ApiError(422, 'server_already_attached', 'server is already attached to the network');
    }
    const ip = attach(project, server, Number(call.body['network']), call.body['ip'] as string | undefined);
    return {
      status: 201,
      body: { action: showAction(attachAction(project, server, Number(call.body['network']), ip)) },
    };
  });
  router.on('POST', '/servers/:id/actions/detach_from_network', (call) => {
    const server = project.server(call.id());
    const network = Number(call.body['network']);
    server.nets = server.nets.filter((net) => net.network !== network);
    host.detach(server.id, network);
    return {
      status: 201,
      body: { action: showAction(start(project, 'detach_from_network', server, project.profile.actionMs)) },
    };
  });
  router.on('POST', '/servers/:id/actions/change_protection', (call) => {
    const server = project.server(call.id());
    server.protected = call.body['delete'] === true;
    return {
      status: 201,
      body: { action: showAction(actions.done('change_protection', [{ id: server.id, type: 'server' }])) },
    };
  });
  project.onEnd.set('create_server', (action) => boot(project, action));
  project.onEnd.set('start_server', (action) => setStatus(project, action, 'running'));
  project.onEnd.set('attach_to_network', (action) => attached(project, action));
  project.onEnd.set('delete_server', (action) => remove(project, action));
}

function create(project: Project, { body }: Call) {
  const { profile } = project;
  const name = freeName(project, body['name']);
  const type = findType(body['server_type']);
  const location = project.location(body['location'] ?? 'fsn1');
  const offer = type.locations.find((place) => place.name === location.name);
  if (!offer)
    throw new ApiError(422, 'invalid_input', 'unsupported location for server type', {
      fields: [{ name: 'location', messages: ['unsupported location for server type'] }],
    });
  const image = findImage(body['image'], type.architecture);
  const userData = typeof body['user_data'] === 'string' ? body['user_data'] : '';
  if (Buffer.byteLength(userData) > userDataLimit) throw invalid('user_data', 'must be at most 32 KiB');
  const labels = checkLabels(body['labels']);
  const keys = ((body['ssh_keys'] ?? []) as (string | number)[]).map((key) => {
    const found = project.keys.all().find((candidate) => candidate.id === Number(key) || candidate.name === key);
    if (!found) throw invalid('ssh_keys', `SSH key ${key} not found`);
    return found.publicKey;
  });
  const networks = ((body['networks'] ?? []) as number[]).map((id) => project.network(id).id);
  const firewalls = ((body['firewalls'] ?? []) as { firewall: number }[]).map(({ firewall }) => {
    if (!project.firewalls.byId.has(firewall)) throw invalid('firewalls', `firewall ${firewall} not found`);
    return firewall;
  });
  const group = body['placement_group'] as number | undefined;
  if (group !== undefined) checkGroup(project, group);
  if (project.servers.byId.size >= project.limits.servers) {
    throw new ApiError(403, 'resource_limit_exceeded', 'server limit exceeded', { limits: [{ name: 'server_limit' }] });
  }
  if (project.limits.soldOut.some((entry) => entry.type === type.name && entry.location === location.name)) {
    throw new ApiError(412, 'resource_unavailable', `server type ${type.name} is sold out in ${location.name}`);
  }
  const net = (body['public_net'] ?? {}) as { enable_ipv4?: boolean; enable_ipv6?: boolean };
  const address = project.nextAddress();
  const server: StoredServer = {
    id: project.nextId(),
    name,
    status: 'initializing',
    created: project.stamp(),
    type: type.name,
    location: location.name,
    image: image.id,
    labels,
    userData,
    sshKeys: keys,
    ipv4: net.enable_ipv4 === false ? undefined : publicV4(address),
    ipv4Id: net.enable_ipv4 === false ? undefined : project.nextId(),
    ipv6: net.enable_ipv6 === false ? undefined : publicV6(address),
    ipv6Id: net.enable_ipv6 === false ? undefined : project.nextId(),
    nets: [],
    firewalls,
    placementGroup: group,
    protected: false,
  };
  // Addresses first: a full network refuses the whole create.
  const addresses = networks.map((network) => ({ network, ip: attach(project, server, network) }));
  project.servers.add(server);
  const action = start(project, 'create_server', server, profile.serverCreateMs * 0.8);
  const next =
    body['start_after_create'] === false ? [] : [start(project, 'start_server', server, profile.serverCreateMs)];
  next.push(...addresses.map(({ network, ip }) => attachAction(project, server, network, ip, profile.serverCreateMs)));
  const shown = {
    server: showServer(project, server),
    action: showAction(action),
    next_actions: next.map(showAction),
    root_password: keys.length > 0 ? null : project.options.random.bytes(9).toString('hex'),
  };
  return { status: 201, body: shown };
}

const start = (project: Project, command: string, server: StoredServer, takes: number): Action =>
  project.actions.start(command, [{ id: server.id, type: 'server' }], takes);

function freeName(project: Project, name: unknown): string {
  if (typeof name !== 'string' || !hostName.test(name)) throw invalid('name', 'must be a valid hostname');
  if (project.servers.named(name)) throw taken('name', `server name is already used`);
  return name;
}

function findType(wanted: unknown): ServerType {
  const type = serverTypes.find((candidate) => candidate.name === wanted || candidate.id === Number(wanted));
  if (!type) throw invalid('server_type', `server type ${String(wanted)} not found`);
  return type;
}

function findImage(wanted: unknown, architecture: string): Image {
  const image = images.find(
    (candidate) =>
      (candidate.name === wanted && candidate.architecture === architecture) || candidate.id === Number(wanted),
  );
  if (!image) throw invalid('image', `image ${String(wanted)} not found`);
  if (image.architecture !== architecture) throw invalid('image', 'image does not fit the architecture');
  return image;
}

function checkGroup(project: Project, group: number): void {
  if (!project.groups.byId.has(group)) throw invalid('placement_group', `placement group ${group} not found`);
  const members = project.servers.all().filter((server) => server.placementGroup === group).length;
  if (members >= groupLimit) throw new ApiError(422, 'placement_error', 'the placement group is full');
}

/** Reserves a private address. @throws ApiError when the network is full or has no fitting subnet */
function attach(project: Project, server: StoredServer, id: number, wanted?: string): string {
  const network = project.network(id);
  const zone = project.location(server.location).network_zone;
  const used = project.usedAddresses(id);
  if (used.size >= project.profile.networkLimit) {
    throw new ApiError(403, 'resource_limit_exceeded', 'too many resources attached to the network', {
      limits: [{ name: 'network_attached_resources' }],
    });
  }
  const subnets = network.subnets.filter((subnet) => subnet.network_zone === zone);
  if (subnets.length === 0) throw new ApiError(422, 'no_subnet_available', 'no subnet available in the server’s zone');
  if (wanted !== undefined && used.has(wanted)) throw new ApiError(422, 'ip_not_available', 'IP is not available');
  const ip =
    wanted ?? subnets.map((subnet) => freeAddress(subnet.ip_range, used)).find((address) => address !== undefined);
  if (ip === undefined) throw new ApiError(422, 'ip_not_available', 'no free IP is left');
  const mac = `86:00:00:${server.id.toString(16).padStart(6, '0').match(/../g)!.join(':')}`;
  server.nets = [...server.nets, { network: id, ip, attached: false, mac }];
  return ip;
}

function attachAction(
  project: Project,
  server: StoredServer,
  network: number,
  _ip: string,
  takes = project.profile.actionMs,
): Action {
  return project.actions.start(
    'attach_to_network',
    [
      { id: server.id, type: 'server' },
      { id: network, type: 'network' },
    ],
    takes,
  );
}

const ofServer = (action: Action): number => action.resources.find(({ type }) => type === 'server')?.id ?? 0;

function boot(project: Project, action: Action): void {
  const server = project.servers.byId.get(ofServer(action));
  if (!server) return;
  const type = findType(server.type);
  server.status = 'starting';
  project.options.host.create({
    id: server.id,
    name: server.name,
    image: images.find(({ id }) => id === server.image)?.name ?? '',
    architecture: type.architecture === 'arm' ? 'arm64' : 'amd64',
    cores: type.cores,
    memoryMiB: type.memory * 1024,
    diskGB: type.disk,
    userData: server.userData,
    sshKeys: server.sshKeys,
    publicAddress: server.ipv4,
  });
}

function setStatus(project: Project, action: Action, status: StoredServer['status']): void {
  const server = project.servers.byId.get(ofServer(action));
  if (server && server.status !== 'deleting') server.status = status;
}

function attached(project: Project, action: Action): void {
  const server = project.servers.byId.get(ofServer(action));
  const network = action.resources.find(({ type }) => type === 'network')?.id;
  const net = server?.nets.find((candidate) => candidate.network === network);
  if (!server || !net) return;
  net.attached = true;
  project.options.host.attach(server.id, net.network, net.ip);
}

function remove(project: Project, action: Action): void {
  const id = ofServer(action);
  project.servers.byId.delete(id);
  for (const volume of project.volumes.all()) if (volume.server === id) volume.server = null;
  for (const balancer of project.balancers.all())
    balancer.targets = balancer.targets.filter((target) => target.server !== id);
}

export function showServer(project: Project, server: StoredServer): unknown {
  const location = project.location(server.location);
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    created: server.created,
    public_net: {
      ipv4:
        server.ipv4 === undefined
          ? null
          : {
              id: server.ipv4Id,
              ip: server.ipv4,
              blocked: false,
              dns_ptr: `static.${server.ipv4.split('.').reverse().join('.')}.clients.example.com`,
            },
      ipv6: server.ipv6 === undefined ? null : { id: server.ipv6Id, ip: server.ipv6, blocked: false, dns_ptr: [] },
      floating_ips: [],
      firewalls: server.firewalls.map((id) => ({ id, status: 'applied' })),
    },
    private_net: server.nets
      .filter((net) => net.attached)
      .map(({ network, ip, mac }) => ({ network, ip, alias_ips: [], mac_address: mac })),
    server_type: findType(server.type),
    location,
    image: images.find(({ id }) => id === server.image) ?? null,
    iso: null,
    rescue_enabled: false,
    locked: false,
    backup_window: null,
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    included_traffic: 21_990_232_555_520,
    protection: { delete: server.protected, rebuild: server.protected },
    labels: server.labels,
    volumes: project.volumes
      .all()
      .filter((volume) => volume.server === server.id)
      .map(({ id }) => id),
    load_balancers: project.balancers
      .all()
      .filter(({ targets }) => targets.some((target) => target.server === server.id))
      .map(({ id }) => id),
    primary_disk_size: findType(server.type).disk,
    placement_group: server.placementGroup === undefined ? null : showGroup(project, server.placementGroup),
  };
}

export function showGroup(project: Project, id: number): unknown {
  const group = project.groups.byId.get(id);
  return (
    group && {
      id,
      name: group.name,
      labels: group.labels,
      type: 'spread',
      created: group.created,
      servers: project.servers
        .all()
        .filter((server) => server.placementGroup === id)
        .map((server) => server.id),
    }
  );
}
