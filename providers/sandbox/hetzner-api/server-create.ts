import { z } from 'zod';
import type { ActionRecord } from './actions.js';
import { offeredAt, serverTypes } from './catalogue.js';
import { assertNameFree } from './collection.js';
import { invalidField, limitExceeded, notFound, refused } from './errors.js';
import { firewalls, use } from './firewall-uses.js';
import { images } from './images.js';
import { checkLabels } from './labels.js';
import { networks } from './networks.js';
import { locations } from './places.js';
import { assertRoom, placementGroups } from './placement-groups.js';
import { existingIp, makePrimaryIp } from './primary-ips.js';
import { assertAttachable as assertNetworkAttachable } from './private-addresses.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, type Route } from './routes.js';
import { hostNameProblem, servers } from './servers.js';
import { sshKeys } from './ssh-keys.js';
import type {
  FirewallRecord,
  PlacementGroupRecord,
  PrimaryIpRecord,
  PrivateNet,
  ServerRecord,
  SshKeyRecord,
  VolumeRecord,
} from './state.js';
import { selectSoon } from './firewall-uses.js';
import { assertAttachable as assertVolumesAttachable, startAttach, volumes } from './volumes.js';
import type { World } from './world.js';

const maxUserDataBytes = 32 * 1024;

const createShape = z.object({
  name: z.string().min(1),
  location: idOrName.optional(),
  server_type: idOrName,
  start_after_create: z.boolean().default(true),
  image: idOrName,
  placement_group: idShape.nullish(),
  ssh_keys: z.array(idOrName).default([]),
  volumes: z.array(idShape).default([]),
  networks: z.array(idShape).default([]),
  firewalls: z.array(z.object({ firewall: idShape })).default([]),
  user_data: z.string().nullish(),
  labels: labelsShape.default({}),
  automount: z.boolean().optional(),
  public_net: z
    .object({
      enable_ipv4: z.boolean().default(true),
      enable_ipv6: z.boolean().default(true),
      ipv4: idShape.nullish(),
      ipv6: idShape.nullish(),
    })
    .default({ enable_ipv4: true, enable_ipv6: true }),
});
type Desired = z.output<typeof createShape>;

/** The things of a request, each found or the request refused. */
function lookUp<T extends { readonly id: number; readonly name: string | null }>(
  items: Iterable<T>,
  desired: readonly (number | string)[],
  what: string,
): T[] {
  const all = [...items];
  return desired.map((one) => {
    const found = byIdOrName(all, one);
    if (!found) throw notFound(what);
    return found;
  });
}

function chooseHardware(world: World, desired: Desired) {
  const type = byIdOrName(serverTypes, desired.server_type);
  const offered = type ? offeredAt(world, type) : [];
  if (!type || offered.length === 0) throw invalidField('server_type', 'unknown server type');
  const location = byIdOrName(locations, desired.location ?? offered[0] ?? '');
  if (!location) throw invalidField('location', 'unknown location');
  if (!offered.includes(location.name)) throw refused('invalid_input', 'unsupported location for server type');
  const candidates = [...images.items(world)].filter((image) => image.architecture === type.architecture);
  const image = byIdOrName(candidates, desired.image);
  if (!image) {
    const elsewhere = byIdOrName(images.items(world), desired.image);
    throw invalidField('image', elsewhere ? 'is not compatible with the server type' : 'image not found');
  }
  if (image.status !== 'available') throw invalidField('image', 'image is not available');
  if (image.diskGB > type.diskGB) throw invalidField('image', 'image disk is bigger than server type disk');
  return { type, location, image };
}

/** The address a server is to have: one of the project's, or a new one later. @throws ApiError */
const givenIp = (
  world: World,
  type: 'ipv4' | 'ipv6',
  id: number | null | undefined,
  location: string,
): PrimaryIpRecord | undefined => (id == null ? undefined : existingIp(world, type, id, location));

function assertAccountRoom(world: World): void {
  const limit = Math.min(world.limits.servers, world.faults.serverLimit() ?? Infinity);
  if (world.tables.servers.size >= limit) throw limitExceeded('server');
}

export const rootPassword = (world: World): string => world.random.bytes(15).toString('base64url');

export const macOf = (world: World): string =>
  `86:00:00:${world.random
    .bytes(3)
    .toString('hex')
    .replace(/..(?=.)/g, '$&:')}`;

/** What a server is made of, once nothing stands against it. */
interface Order extends ReturnType<typeof chooseHardware> {
  readonly desired: Desired;
  readonly keys: readonly SshKeyRecord[];
  readonly walls: readonly FirewallRecord[];
  readonly drives: readonly VolumeRecord[];
  readonly group: PlacementGroupRecord | undefined;
  readonly planned: readonly { readonly network: number }[];
  readonly given: { readonly ipv4: PrimaryIpRecord | undefined; readonly ipv6: PrimaryIpRecord | undefined };
}

/** Checks everything there is to check, then makes the server and the actions that will bring it up. */
export const serverCreateRoute: Route = post('/servers', (world, { body }) => {
  const order = checkedOrder(world, body);
  const { desired, keys, drives } = order;
  const server = makeServer(world, order);
  const { action, next } = startActions(
    world,
    server,
    desired.start_after_create,
    drives.map((drive) => drive.id),
  );
  return {
    status: 201,
    body: {
      server: servers.render(world, server),
      action: world.actions.render(action),
      next_actions: next.map((one) => world.actions.render(one)),
      root_password: keys.length > 0 ? null : rootPassword(world),
    },
  };
});

function checkedOrder(world: World, body: unknown): Order {
  const desired = readBody(createShape, body);
  checkLabels(desired.labels);
  const nameProblem = hostNameProblem(desired.name);
  if (nameProblem) throw invalidField('name', nameProblem);
  if (Buffer.byteLength(desired.user_data ?? '') > maxUserDataBytes) {
    throw invalidField('user_data', 'is too long (maximum is 32768 bytes)');
  }
  const { type, location, image } = chooseHardware(world, desired);
  const keys = lookUp(sshKeys.items(world), desired.ssh_keys, 'SSH key');
  const nets = lookUp(networks.items(world), desired.networks, 'network');
  const walls = lookUp(
    firewalls.items(world),
    desired.firewalls.map((one) => one.firewall),
    'firewall',
  );
  const drives = lookUp(volumes.items(world), desired.volumes, 'volume');
  const [group] =
    desired.placement_group == null
      ? []
      : lookUp(placementGroups.items(world), [desired.placement_group], 'placement group');
  const { enable_ipv4, enable_ipv6 } = desired.public_net;
  const given = {
    ipv4: enable_ipv4 ? givenIp(world, 'ipv4', desired.public_net.ipv4, location.name) : undefined,
    ipv6: enable_ipv6 ? givenIp(world, 'ipv6', desired.public_net.ipv6, location.name) : undefined,
  };
  if (!enable_ipv4 && !enable_ipv6) {
    if (nets.length === 0) throw invalidField('public_net', 'a server needs a public address or a network');
    if (walls.length > 0) throw refused('private_net_only_server', 'server has no public network interface');
  }
  assertNameFree(servers, world, desired.name);
  assertAccountRoom(world);
  const planned: { network: number }[] = [];
  for (const network of nets) {
    assertNetworkAttachable(world, planned, network);
    planned.push({ network: network.id });
  }
  assertVolumesAttachable(world, drives, location.name);
  if (walls.length > 5) throw limitExceeded('firewalls_per_server');
  world.faults.assertOpen(location.name);
  world.faults.assertForSale(type.name, location.name);
  if (group) assertRoom(world, group);
  return { desired, type, location, image, keys, walls, drives, group, planned, given };
}

function makeServer(world: World, order: Order): ServerRecord {
  const { desired, type, location, image, keys, walls, group, planned, given } = order;
  const { enable_ipv4, enable_ipv6 } = desired.public_net;
  const id = world.newId();
  const address = (version: 'ipv4' | 'ipv6', enabled: boolean): number | null => {
    if (!enabled) return null;
    const ip = given[version] ?? makePrimaryIp(world, version, location.name, { server: id, autoDelete: true });
    ip.server = id;
    return ip.id;
  };
  const server: ServerRecord = {
    id,
    name: desired.name,
    labels: desired.labels,
    created: world.isoNow(),
    status: 'initializing',
    type: type.name,
    location: location.name,
    image: image.id,
    diskGB: type.diskGB,
    protection: { delete: false, rebuild: false },
    ipv4: address('ipv4', enable_ipv4),
    ipv6: address('ipv6', enable_ipv6),
    nets: planned.map(({ network }): PrivateNet => ({
      network,
      state: 'waiting',
      ip: '',
      aliases: [],
      mac: macOf(world),
    })),
    placementGroup: group?.id ?? null,
    userData: desired.user_data ?? '',
    sshKeys: keys.map((key) => key.publicKey),
    made: false,
    dead: false,
    shutdown: null,
  };
  world.tables.servers.set(id, server);
  for (const wall of walls) use(world, wall, id);
  selectSoon(world);
  return server;
}

function startActions(world: World, server: ServerRecord, start: boolean, drives: readonly number[]) {
  const { profile, actions } = world;
  const ref = { type: 'server', id: server.id };
  const action = actions.start({
    command: 'create_server',
    resources: [ref],
    ms: profile.serverCreateMs,
    effect: { kind: 'server.create', server: server.id },
  });
  const after = [action.id];
  const next: ActionRecord[] = [];
  if (start) {
    const effect = { kind: 'server.start', server: server.id } as const;
    next.push(actions.start({ command: 'start_server', resources: [ref], ms: profile.actionMs, after, effect }));
  }
  for (const net of server.nets) {
    next.push(
      actions.start({
        command: 'attach_to_network',
        resources: [ref, { type: 'network', id: net.network }],
        ms: profile.actionMs,
        after,
        effect: { kind: 'server.attach', server: server.id, network: net.network },
      }),
    );
  }
  for (const drive of drives) next.push(startAttach(world, drive, server.id, after));
  return { action, next };
}
