import { z } from 'zod';
import { formatIp, isIn, overlaps, parseIp, parseRange, sizeOf, type Range } from '../hetzner-api/addresses.js';
import { invalid, notFound } from './errors.js';
import { regionNamed } from './places.js';
import { get, list, post, put, readBody, remove, type Route } from './routes.js';
import type { InstanceRecord, SubnetRecord, VpcRecord } from './state.js';
import type { World } from './world.js';

const vpcLabel = z
  .string()
  .min(1)
  .max(64, 'Length must be 1-64 characters')
  .regex(/^(?!.*--)[a-zA-Z0-9-]+$/, 'Label must include only ASCII letters, numbers, and dashes');
const subnetBody = z.strictObject({ label: vpcLabel, ipv4: z.string() });
const createBody = z.strictObject({
  label: vpcLabel,
  region: z.string(),
  description: z.string().max(255, 'Length must be 0-255 characters').default(''),
  subnets: z.array(subnetBody).default([]),
});
const changeBody = z.strictObject({ label: vpcLabel.optional(), description: z.string().max(255).optional() });

const linodesIn = (world: World, subnet: number): InstanceRecord[] =>
  [...world.tables.instances.values()].filter(({ interfaces }) => interfaces.some((one) => one.subnet === subnet));

const subnetShape = (world: World, { id, label, range, created, updated }: SubnetRecord) => ({
  id,
  label,
  ipv4: range,
  created,
  updated,
  linodes: linodesIn(world, id).map((instance) => ({
    id: instance.id,
    interfaces: instance.interfaces
      .filter(({ subnet }) => subnet === id)
      .map((one) => ({ id: one.id, config_id: instance.config, active: instance.status === 'running' })),
  })),
});

const vpcShape = (world: World, { id, label, description, region, created, updated, subnets }: VpcRecord) => ({
  id,
  label,
  description,
  region,
  created,
  updated,
  subnets: subnets.map((one) => subnetShape(world, one)),
});

/** Linode's own addresses, which no subnet may touch. */
const kept = parseRange('192.168.128.0/17')!;

function makeSubnet(
  world: World,
  vpc: Pick<VpcRecord, 'subnets'>,
  { label, ipv4 }: z.output<typeof subnetBody>,
): SubnetRecord {
  const range = parseRange(ipv4);
  if (!range || range.bits > 29) throw invalid('Must be an IPv4 range in CIDR format', 'ipv4');
  if (overlaps(range, kept)) throw invalid('Must not overlap with 192.168.128.0/17', 'ipv4');
  if (vpc.subnets.some((one) => overlaps(parseRange(one.range)!, range)))
    throw invalid('Address overlaps with an existing subnet', 'ipv4');
  if (vpc.subnets.some((one) => one.label === label)) throw invalid('Label must be unique within the VPC', 'label');
  const now = world.isoNow();
  return { id: world.newId(), label, range: ipv4, created: now, updated: now };
}

const find = (world: World, id: number): VpcRecord => {
  const found = world.tables.vpcs.get(id);
  if (!found) throw notFound();
  return found;
};

function assertFree(world: World, label: string, except?: number): void {
  if ([...world.tables.vpcs.values()].some((one) => one.label === label && one.id !== except))
    throw invalid('Label must be unique among your VPCs', 'label');
}

/** Addresses of a subnet that somebody has: NodeBalancers have whole ranges. */
const isTaken = (world: World, subnet: number, ip: number): boolean =>
  linodesIn(world, subnet).some((one) =>
    one.interfaces.some((net) => net.subnet === subnet && parseIp(net.ip ?? '') === ip),
  ) ||
  [...world.tables.balancers.values()].some((one) =>
    one.vpcs.some((net) => net.subnet === subnet && isIn(ip, parseRange(net.range)!)),
  );

/** The lowest free address: a subnet keeps its first two and its last. @throws LinodeError 400 */
export function freeAddress(world: World, { id, range: text }: SubnetRecord): string {
  const range = parseRange(text)!;
  for (let ip = range.base + 2; ip < range.base + sizeOf(range) - 1; ip += 1) {
    if (!isTaken(world, id, ip)) return formatIp(ip);
  }
  throw invalid('No addresses are available in the subnet', 'ipv4.vpc');
}

/** The highest /30 of the subnet that is free, for a NodeBalancer. @throws LinodeError 400 */
export function freeRange(world: World, { id, range: text }: SubnetRecord): string {
  const range: Range = parseRange(text)!;
  for (let base = range.base + sizeOf(range) - 8; base > range.base; base -= 4) {
    if ([0, 1, 2, 3].every((step) => !isTaken(world, id, base + step))) return `${formatIp(base)}/30`;
  }
  throw invalid('No range is available in the subnet', 'vpcs');
}

export function subnetOf(
  world: World,
  id: number,
): { readonly vpc: VpcRecord; readonly subnet: SubnetRecord } | undefined {
  for (const vpc of world.tables.vpcs.values()) {
    const subnet = vpc.subnets.find((one) => one.id === id);
    if (subnet) return { vpc, subnet };
  }
  return undefined;
}

const addressesOf = (world: World, vpcs: readonly VpcRecord[]): object[] =>
  [...world.tables.instances.values()].flatMap((instance) =>
    instance.interfaces
      .filter((one) => vpcs.some(({ id }) => id === one.vpc))
      .map((one) => ({
        address: one.ip,
        address_range: null,
        active: instance.status === 'running',
        vpc_id: one.vpc,
        subnet_id: one.subnet,
        linode_id: instance.id,
        config_id: instance.config,
        interface_id: one.id,
        region: instance.region,
        nat_1_1: '',
        gateway: null,
        prefix: 24,
        subnet_mask: '255.255.255.0',
      })),
  );

const ipFields = ['active', 'config_id', 'linode_id', 'region', 'vpc_id'];

export const vpcRoutes: readonly Route[] = [
  list('/vpcs', ['id', 'label', 'region', 'created', 'updated'], (world) =>
    [...world.tables.vpcs.values()].map((one) => vpcShape(world, one)),
  ),
  list('/vpcs/ips', ipFields, (world) => addressesOf(world, [...world.tables.vpcs.values()])),
  get('/vpcs/{id}', (world, { id }) => ({ body: vpcShape(world, find(world, id)) })),
  list('/vpcs/{id}/ips', ipFields, (world, { id }) => addressesOf(world, [find(world, id)])),
  list('/vpcs/{id}/subnets', ['id', 'label', 'created', 'updated'], (world, { id }) =>
    find(world, id).subnets.map((one) => subnetShape(world, one)),
  ),
  post('/vpcs', (world, { body }) => {
    const { label, region, description, subnets } = readBody(createBody, body);
    if (!regionNamed(region)) throw invalid('region is not valid', 'region');
    assertFree(world, label);
    const now = world.isoNow();
    const vpc: VpcRecord = { id: world.newId(), label, description, region, subnets: [], created: now, updated: now };
    for (const one of subnets) vpc.subnets.push(makeSubnet(world, vpc, one));
    world.tables.vpcs.set(vpc.id, vpc);
    return { body: vpcShape(world, vpc) };
  }),
  put('/vpcs/{id}', (world, { id, body }) => {
    const vpc = find(world, id);
    const change = readBody(changeBody, body);
    if (change.label !== undefined) assertFree(world, change.label, id);
    Object.assign(vpc, change, { updated: world.isoNow() });
    return { body: vpcShape(world, vpc) };
  }),
  post('/vpcs/{id}/subnets', (world, { id, body }) => {
    const vpc = find(world, id);
    const subnet = makeSubnet(world, vpc, readBody(subnetBody, body));
    vpc.subnets.push(subnet);
    return { body: subnetShape(world, subnet) };
  }),
  remove('/vpcs/{id}/subnets/{subId}', (world, { id, subId }) => {
    const vpc = find(world, id);
    const subnet = vpc.subnets.find((one) => one.id === subId);
    if (!subnet) throw notFound();
    if (isUsed(world, subId)) throw invalid('Cannot delete a subnet with resources assigned to it.');
    vpc.subnets = vpc.subnets.filter((one) => one !== subnet);
    return { body: {} };
  }),
  remove('/vpcs/{id}', (world, { id }) => {
    const vpc = find(world, id);
    if (vpc.subnets.some((one) => isUsed(world, one.id)))
      throw invalid('Cannot delete a VPC that has a subnet with resources assigned to it.');
    world.tables.vpcs.delete(id);
    return { body: {} };
  }),
];

const isUsed = (world: World, subnet: number): boolean =>
  linodesIn(world, subnet).length > 0 ||
  [...world.tables.balancers.values()].some(({ vpcs }) => vpcs.some((one) => one.subnet === subnet));
