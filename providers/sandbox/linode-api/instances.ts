import { z } from 'zod';
import { publicIpv4, publicIpv6 } from '../hetzner-api/addresses.js';
import { accountFull, busy, invalid, notFound } from './errors.js';
import { tell } from './events.js';
import { images, isOffered, typeNamed } from './catalogue.js';
import { guard } from './firewalls.js';
import { assertRoom, findGroup, groupRef } from './placement-groups.js';
import { regionNamed } from './places.js';
import { get, labelShape, list, post, put, readBody, remove, type Route, tagsShape } from './routes.js';
import type { InstanceRecord, InterfaceRecord } from './state.js';
import { freeAddress, subnetOf } from './vpcs.js';
import type { World } from './world.js';

const interfaceBody = z.strictObject({
  purpose: z.enum(['public', 'vpc']),
  primary: z.boolean().optional(),
  subnet_id: z.number().nullish(),
  ipv4: z.strictObject({ vpc: z.string().nullish(), nat_1_1: z.string().nullish() }).optional(),
});
const createBody = z.strictObject({
  label: labelShape(64).optional(),
  region: z.string({ error: 'region is required' }),
  type: z.string({ error: 'type is required' }),
  image: z.string().nullish(),
  authorized_keys: z.array(z.string()).default([]),
  authorized_users: z.array(z.string()).default([]),
  root_pass: z.string().optional(),
  booted: z.boolean().default(true),
  tags: tagsShape.default([]),
  private_ip: z.boolean().default(false),
  firewall_id: z.number().nullish(),
  interface_generation: z.enum(['legacy_config', 'linode']).nullish(),
  interfaces: z.array(interfaceBody).max(3).default([]),
  placement_group: z.strictObject({ id: z.number(), compliant_only: z.boolean().optional() }).nullish(),
  metadata: z.strictObject({ user_data: z.string().nullish() }).nullish(),
  backups_enabled: z.boolean().optional(),
  swap_size: z.number().optional(),
  group: z.string().optional(),
  disk_encryption: z.enum(['enabled', 'disabled']).optional(),
  network_helper: z.boolean().nullish(),
  maintenance_policy: z.string().optional(),
});
type Order = z.output<typeof createBody>;
const changeBody = z.strictObject({
  label: labelShape(64).optional(),
  tags: tagsShape.optional(),
  group: z.string().optional(),
  watchdog_enabled: z.boolean().optional(),
  alerts: z.looseObject({}).optional(),
  maintenance_policy: z.string().optional(),
});

const alerts = { cpu: 180, io: 10_000, network_in: 10, network_out: 10, transfer_quota: 80 };
const userDataBytes = 65_535;

export const find = (world: World, id: number): InstanceRecord => {
  const found = world.tables.instances.get(id);
  if (!found) throw notFound();
  return found;
};

/** One on which nothing runs. @throws LinodeError 404, 400 */
export function idle(world: World, id: number): InstanceRecord {
  const found = find(world, id);
  if (world.jobs.isBusy(id)) throw busy();
  return found;
}

export const entityOf = ({ id, label }: Pick<InstanceRecord, 'id' | 'label'>) => ({ type: 'linode', id, label });

export function shape(world: World, one: InstanceRecord): object {
  const type = typeNamed(one.type)!;
  return {
    id: one.id,
    label: one.label,
    group: '',
    status: one.status,
    created: one.created,
    updated: one.updated,
    type: one.type,
    image: one.image,
    region: one.region,
    ipv4: [one.ipv4, ...(one.privateIp === null ? [] : [one.privateIp])],
    ipv6: `${one.ipv6}/128`,
    specs: { disk: type.diskGB * 1024, memory: type.memoryGB * 1024, vcpus: type.cores, gpus: 0, transfer: 4_000 },
    alerts,
    backups: { available: false, enabled: false, last_successful: null, schedule: { day: null, window: null } },
    hypervisor: 'kvm',
    watchdog_enabled: true,
    tags: one.tags,
    host_uuid: `00000000-0000-4000-8000-${String(one.id).padStart(12, '0')}`,
    has_user_data: one.userData !== '',
    placement_group: groupRef(world, one.placementGroup),
    disk_encryption: 'enabled',
    lke_cluster_id: one.lke,
    capabilities: ['Block Storage Encryption'],
    interface_generation: 'legacy_config',
    maintenance_policy: 'linode/migrate',
  };
}

function assertFree(world: World, label: string, except?: number): void {
  if ([...world.tables.instances.values()].some((one) => one.label === label && one.id !== except))
    throw invalid('Label must be unique among your linodes', 'label');
}

/** @throws LinodeError 400 */
function check(world: World, order: Order): void {
  const region = regionNamed(order.region);
  const type = typeNamed(order.type);
  if (!region) throw invalid('region is not valid', 'region');
  if (!type || !isOffered(type, order.region)) throw invalid('A valid plan type by that ID was not found', 'type');
  if (order.image != null && !images.some(({ id }) => id === order.image)) throw invalid('image is not valid', 'image');
  if (
    order.image != null &&
    order.root_pass === undefined &&
    order.authorized_keys.length + order.authorized_users.length === 0
  )
    throw invalid('Must provide valid root_pass, authorized_keys, or authorized_users');
  if (order.interface_generation === 'linode')
    throw invalid('The account does not allow Linode Interfaces.', 'interface_generation');
  if (Buffer.from(order.metadata?.user_data ?? '', 'base64').length > userDataBytes)
    throw invalid('user_data must not exceed 65535 bytes', 'metadata.user_data');
  if (order.label !== undefined) assertFree(world, order.label);
  const limit = Math.min(world.limits.instances, world.faults.serverLimit() ?? Infinity);
  if (world.tables.instances.size >= limit) throw accountFull();
  if (world.faults.isSoldOut(order.type, order.region) || world.faults.isClosed(order.region))
    throw invalid('The selected plan is currently unavailable in this region.', 'type');
}

function interfacesOf(world: World, order: Order): InterfaceRecord[] {
  return order.interfaces.map((one, index): InterfaceRecord => {
    const id = world.newId();
    if (one.purpose === 'public')
      return { id, purpose: 'public', primary: one.primary ?? index === 0, vpc: null, subnet: null, ip: null };
    const found = one.subnet_id == null ? undefined : subnetOf(world, one.subnet_id);
    if (found?.vpc.region !== order.region) throw invalid('subnet_id is not valid', `interfaces[${index}].subnet_id`);
    const ip = one.ipv4?.vpc ?? freeAddress(world, found.subnet);
    return { id, purpose: 'vpc', primary: one.primary ?? false, vpc: found.vpc.id, subnet: found.subnet.id, ip };
  });
}

/** A new instance, checked, with nothing running on it yet. */
function make(world: World, order: Order, lke: number | null): InstanceRecord {
  check(world, order);
  const group = order.placement_group == null ? undefined : findGroup(world, order.placement_group.id);
  if (group) assertRoom(world, group, order.region);
  const firewall = order.firewall_id == null ? undefined : world.tables.firewalls.get(order.firewall_id);
  if (order.firewall_id != null && !firewall) throw invalid('firewall_id is not valid', 'firewall_id');
  const interfaces = interfacesOf(world, order);
  const id = world.newId();
  const now = world.isoNow();
  // The first half of the benchmarks' range is Hetzner's in the sandbox.
  const number = (world.counters.ipv4 += 1);
  const made: InstanceRecord = {
    id,
    label: order.label ?? `linode${id}`,
    status: order.image == null ? 'offline' : 'provisioning',
    tags: order.tags,
    created: now,
    updated: now,
    type: order.type,
    region: order.region,
    image: order.image ?? null,
    ipv4: publicIpv4(65_536 + number),
    ipv6: publicIpv6(1_000_000 + number).replace('/64', 'f03c'),
    privateIp: order.private_ip ? `192.168.${128 + (Math.floor(number / 250) % 127)}.${(number % 250) + 2}` : null,
    config: world.newId(),
    interfaces,
    placementGroup: group?.id ?? null,
    userData: Buffer.from(order.metadata?.user_data ?? '', 'base64').toString('utf8'),
    keys: order.authorized_keys,
    made: false,
    dead: false,
    lke,
  };
  world.tables.instances.set(id, made);
  if (firewall) guard(world, firewall, 'linode', id);
  return made;
}

/** Makes an instance and starts what brings it up. @throws LinodeError 400 */
export function createInstance(world: World, body: unknown, lke: number | null = null): InstanceRecord {
  const order = readBody(createBody, body);
  const made = make(world, order, lke);
  const event = tell(world, 'linode_create', entityOf(made), 'started');
  if (order.image != null && order.booted)
    world.jobs.start({ kind: 'instance.provisioned', id: made.id }, world.profile.serverCreateMs, event);
  return made;
}

/** Begins to take one away; its disks go at once, it itself a little later. */
export function deleteInstance(world: World, one: InstanceRecord): void {
  one.status = 'deleting';
  if (one.made) world.host.delete(one.id);
  one.made = false;
  const event = tell(world, 'linode_delete', entityOf(one), 'started');
  world.jobs.start({ kind: 'instance.gone', id: one.id }, world.profile.serverDeleteMs, event);
}

const configShape = (one: InstanceRecord) => ({
  id: one.config,
  label: 'My Disk Profile',
  comments: null,
  kernel: 'linode/grub2',
  memory_limit: 0,
  root_device: '/dev/sda',
  run_level: 'default',
  virt_mode: 'paravirt',
  devices: { sda: null, sdb: null, sdc: null, sdd: null, sde: null, sdf: null, sdg: null, sdh: null },
  helpers: { devtmpfs_automount: true, distro: true, modules_dep: true, network: true, updatedb_disabled: true },
  interfaces: one.interfaces.map((net) => ({
    id: net.id,
    purpose: net.purpose,
    primary: net.primary,
    active: one.status === 'running',
    label: null,
    ipam_address: null,
    vpc_id: net.vpc,
    subnet_id: net.subnet,
    ...(net.purpose === 'vpc' ? { ipv4: { vpc: net.ip, nat_1_1: null }, ip_ranges: [] } : {}),
  })),
});

const act = (name: string, work: (world: World, one: InstanceRecord) => void): Route =>
  post(`/linode/instances/{id}/${name}`, (world, { id }) => {
    work(world, idle(world, id));
    return { body: {} };
  });

/** Starts one that is off. */
function boot(world: World, one: InstanceRecord): void {
  if (one.status !== 'offline') throw invalid(`Linode ${one.id} is already booted.`);
  one.status = 'booting';
  const event = tell(world, 'linode_boot', entityOf(one), 'started');
  world.jobs.start({ kind: 'instance.provisioned', id: one.id }, 0, event);
}

export const instanceRoutes: readonly Route[] = [
  list('/linode/instances', ['id', 'label', 'group', 'image', 'ipv4', 'region', 'tags'], (world) =>
    [...world.tables.instances.values()].map((one) => shape(world, one)),
  ),
  get('/linode/instances/{id}', (world, { id }) => ({ body: shape(world, find(world, id)) })),
  post('/linode/instances', (world, { body }) => ({ body: shape(world, createInstance(world, body)) })),
  put('/linode/instances/{id}', (world, { id, body }) => {
    const one = find(world, id);
    const { label, tags } = readBody(changeBody, body);
    if (label !== undefined) assertFree(world, label, id);
    Object.assign(one, { label: label ?? one.label, tags: tags ?? one.tags, updated: world.isoNow() });
    return { body: shape(world, one) };
  }),
  remove('/linode/instances/{id}', (world, { id }) => {
    deleteInstance(world, idle(world, id));
    return { body: {} };
  }),
  act('boot', boot),
  act('shutdown', (world, one) => {
    if (one.status !== 'running') throw invalid(`Linode ${one.id} is already powered off.`);
    one.status = 'shutting_down';
    if (one.made) world.host.powerOff(one.id);
    const event = tell(world, 'linode_shutdown', entityOf(one), 'started');
    world.jobs.start({ kind: 'instance.off', id: one.id }, world.profile.actionMs, event);
  }),
  act('reboot', (world, one) => {
    if (one.status === 'offline') return boot(world, one);
    one.status = 'rebooting';
    if (one.made) {
      world.host.powerOff(one.id);
      world.host.powerOn(one.id);
    }
    const event = tell(world, 'linode_reboot', entityOf(one), 'started');
    world.jobs.start({ kind: 'instance.rebooted', id: one.id }, world.profile.actionMs, event);
  }),
  list('/linode/instances/{id}/configs', ['label'], (world, { id }) => [configShape(find(world, id))]),
  list('/linode/instances/{id}/volumes', ['label', 'tags'], (world, { id }) => {
    find(world, id);
    return [...world.tables.volumes.values()]
      .filter(({ linode }) => linode === id)
      .map((one) => ({ id: one.id, label: one.label }));
  }),
];
