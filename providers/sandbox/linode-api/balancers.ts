import { z } from 'zod';
import { publicIpv4, publicIpv6 } from '../hetzner-api/addresses.js';
import { invalid, notFound } from './errors.js';
import { tell } from './events.js';
import { firewallShape, guard, guardOf, lets, unguard } from './firewalls.js';
import { regionNamed } from './places.js';
import { get, list, post, put, readBody, remove, type Route, tagsShape } from './routes.js';
import type { BalancerConfig, BalancerNode, BalancerRecord } from './state.js';
import { freeRange, subnetOf } from './vpcs.js';
import type { World } from './world.js';

const label = z.string().regex(/^[a-zA-Z0-9-_]{3,32}$/, 'Length must be 3-32 characters');
const nodeBody = z.strictObject({
  label: z.string().regex(/^[a-zA-Z0-9-_.]{3,32}$/, 'Length must be 3-32 characters'),
  address: z.string().regex(/^\d+\.\d+\.\d+\.\d+:\d+$/, 'Must be an IPv4 address and a port'),
  weight: z.number().int().min(1).max(255).default(100),
  mode: z.enum(['accept', 'reject', 'drain', 'backup']).default('accept'),
  subnet_id: z.number().nullish(),
});
const settingsShape = {
  algorithm: z.enum(['roundrobin', 'leastconn', 'source']).default('roundrobin'),
  stickiness: z.enum(['none', 'table', 'http_cookie']).default('none'),
  check: z.enum(['none', 'connection', 'http', 'http_body']).default('none'),
  check_interval: z.number().int().min(2).max(3_600).default(5),
  check_timeout: z.number().int().min(1).max(30).default(3),
  check_attempts: z.number().int().min(1).max(30).default(2),
  check_path: z.string().default(''),
  check_body: z.string().default(''),
  check_passive: z.boolean().default(true),
  cipher_suite: z.enum(['recommended', 'legacy', 'none']).default('recommended'),
  proxy_protocol: z.enum(['none', 'v1', 'v2']).default('none'),
  ssl_cert: z.string().nullish(),
  ssl_key: z.string().nullish(),
};
const configBody = z.strictObject({
  port: z.number().int().min(1).max(65_535).default(80),
  protocol: z.enum(['tcp', 'http', 'https']).default('http'),
  ...settingsShape,
  nodes: z.array(nodeBody).default([]),
});
const vpcBody = z.strictObject({
  subnet_id: z.number(),
  ipv4_range: z.string().optional(),
  ipv4_range_auto_assign: z.boolean().nullish(),
});
const createBody = z.strictObject({
  label: label.optional(),
  region: z.string({ error: 'region is required' }),
  client_conn_throttle: z.number().int().min(0).max(20).default(0),
  tags: tagsShape.default([]),
  firewall_id: z.number().nullish(),
  vpcs: z.array(vpcBody).max(1).default([]),
  configs: z.array(configBody).default([]),
  type: z.string().optional(),
  client_udp_sess_throttle: z.number().optional(),
});
const changeBody = z.strictObject({
  label: label.optional(),
  tags: tagsShape.optional(),
  client_conn_throttle: z.number().optional(),
  client_udp_sess_throttle: z.number().optional(),
});

const find = (world: World, id: number): BalancerRecord => {
  const found = world.tables.balancers.get(id);
  if (!found) throw notFound();
  return found;
};

function configOf(world: World, id: number, config: number): BalancerConfig {
  const found = find(world, id).configs.find((one) => one.id === config);
  if (!found) throw notFound();
  return found;
}

/** The instance that has an address: in the balancer's VPC, or among those of the region. */
function holderOf(world: World, balancer: BalancerRecord, node: BalancerNode) {
  const [ip] = node.address.split(':');
  return [...world.tables.instances.values()].find(
    (one) =>
      one.region === balancer.region &&
      (node.vpcConfig === null
        ? one.privateIp === ip
        : one.interfaces.some((net) => net.ip === ip && balancer.vpcs.some(({ vpc }) => vpc === net.vpc))),
  );
}

const isUp = (world: World, balancer: BalancerRecord, node: BalancerNode): boolean => {
  const holder = holderOf(world, balancer, node);
  return holder !== undefined && world.probe.listening(holder.id, Number(node.address.split(':')[1]));
};

/** Instances that answer behind a port of a balancer, which sends to whoever is up. */
export function behind(world: World, balancer: BalancerRecord, port: number, source: string): number[] {
  const guard = guardOf(world, 'nodebalancer', balancer.id);
  if (guard && !lets(guard, port, source)) return [];
  const config = balancer.configs.find((one) => one.port === port);
  return (config?.nodes ?? [])
    .filter((node) => node.mode === 'accept' && isUp(world, balancer, node))
    .map((node) => holderOf(world, balancer, node)!.id);
}

const nodeShape = (world: World, balancer: BalancerRecord, config: BalancerConfig, node: BalancerNode) => ({
  id: node.id,
  label: node.label,
  address: node.address,
  weight: node.weight,
  mode: node.mode,
  status: isUp(world, balancer, node) ? 'UP' : 'DOWN',
  nodebalancer_id: balancer.id,
  config_id: config.id,
  ...(node.vpcConfig === null ? {} : { vpc_config_id: node.vpcConfig }),
});

function configShape(world: World, balancer: BalancerRecord, config: BalancerConfig) {
  const up = config.nodes.filter((node) => isUp(world, balancer, node)).length;
  return {
    id: config.id,
    nodebalancer_id: balancer.id,
    port: config.port,
    ...config.settings,
    nodes_status: { up, down: config.nodes.length - up },
    ssl_cert: null,
    ssl_key: null,
    ssl_commonname: '',
    ssl_fingerprint: '',
  };
}

const shape = (one: BalancerRecord) => ({
  id: one.id,
  label: one.label,
  region: one.region,
  hostname: `nb-${one.ipv4.replaceAll('.', '-')}.${one.region}.nodebalancer.linode.com`,
  ipv4: one.ipv4,
  ipv6: one.ipv6,
  client_conn_throttle: one.throttle,
  tags: one.tags,
  created: one.created,
  updated: one.updated,
  transfer: { in: 0, out: 0, total: 0 },
  type: 'common',
  lke_cluster:
    one.lke === null
      ? null
      : { id: String(one.lke), label: '', type: 'lkecluster', url: `/v4/lke/clusters/${one.lke}` },
});

function makeNode(
  world: World,
  balancer: BalancerRecord,
  { subnet_id, ...given }: z.output<typeof nodeBody>,
): BalancerNode {
  const vpc = subnet_id == null ? undefined : balancer.vpcs.find(({ subnet }) => subnet === subnet_id);
  if (subnet_id != null && !vpc) throw invalid('subnet_id is not valid', 'subnet_id');
  if (subnet_id == null && !given.address.startsWith('192.168.'))
    throw invalid('Must be a private IPv4 address', 'address');
  return { id: world.newId(), ...given, vpcConfig: vpc?.id ?? null };
}

function makeConfig(world: World, balancer: BalancerRecord, order: z.output<typeof configBody>): BalancerConfig {
  const { port, nodes, ssl_cert: _cert, ssl_key: _key, ...settings } = order;
  if (balancer.configs.some((one) => one.port === port)) throw invalid('Port must be unique', 'port');
  const made: BalancerConfig = { id: world.newId(), port, settings, nodes: [] };
  for (const node of nodes) made.nodes.push(makeNode(world, balancer, node));
  balancer.configs.push(made);
  return made;
}

/** @param lke the LKE cluster whose controller asks */
export function createBalancer(world: World, body: unknown, lke: number | null = null): BalancerRecord {
  const order = readBody(createBody, body);
  if (!regionNamed(order.region)) throw invalid('region is not valid', 'region');
  const all = [...world.tables.balancers.values()];
  if (all.some((one) => one.label === order.label))
    throw invalid('Label must be unique among your NodeBalancers', 'label');
  const firewall = order.firewall_id == null ? undefined : world.tables.firewalls.get(order.firewall_id);
  if (order.firewall_id != null && !firewall) throw invalid('firewall_id is not valid', 'firewall_id');
  const vpcs = order.vpcs.map(({ subnet_id, ipv4_range }) => {
    const found = subnetOf(world, subnet_id);
    if (found?.vpc.region !== order.region) throw invalid('subnet_id is not valid', 'vpcs[0].subnet_id');
    const range = ipv4_range ?? freeRange(world, found.subnet);
    return { id: world.newId(), vpc: found.vpc.id, subnet: subnet_id, range };
  });
  const id = world.newId();
  const now = world.isoNow();
  const number = (world.counters.ipv4 += 1);
  const made: BalancerRecord = {
    id,
    label: order.label ?? `nodebalancer${id}`,
    tags: order.tags,
    region: order.region,
    ipv4: publicIpv4(65_536 + number),
    ipv6: publicIpv6(1_000_000 + number).replace('/64', '1'),
    throttle: order.client_conn_throttle,
    configs: [],
    vpcs,
    created: now,
    updated: now,
    lke,
  };
  for (const config of order.configs) makeConfig(world, made, config);
  world.tables.balancers.set(id, made);
  if (firewall) guard(world, firewall, 'nodebalancer', id);
  tell(world, 'nodebalancer_create', { type: 'nodebalancer', id, label: made.label });
  return made;
}

const path = '/nodebalancers/{id}';
const configPath = `${path}/configs/{subId}`;

export const balancerRoutes: readonly Route[] = [
  list('/nodebalancers', ['ipv4', 'label', 'region', 'tags'], (world) =>
    [...world.tables.balancers.values()].map(shape),
  ),
  get(path, (world, { id }) => ({ body: shape(find(world, id)) })),
  post('/nodebalancers', (world, { body }) => ({ body: shape(createBalancer(world, body)) })),
  put(path, (world, { id, body }) => {
    const balancer = find(world, id);
    const { label, tags, client_conn_throttle: throttle } = readBody(changeBody, body);
    Object.assign(balancer, {
      label: label ?? balancer.label,
      tags: tags ?? balancer.tags,
      throttle: throttle ?? balancer.throttle,
    });
    return { body: shape(balancer) };
  }),
  remove(path, (world, { id }) => {
    const { label } = find(world, id);
    world.tables.balancers.delete(id);
    unguard(world, 'nodebalancer', id);
    tell(world, 'nodebalancer_delete', { type: 'nodebalancer', id, label });
    return { body: {} };
  }),
  list(`${path}/configs`, [], (world, { id }) => {
    const balancer = find(world, id);
    return balancer.configs.map((one) => configShape(world, balancer, one));
  }),
  post(`${path}/configs`, (world, { id, body }) => {
    const balancer = find(world, id);
    return { body: configShape(world, balancer, makeConfig(world, balancer, readBody(configBody, body))) };
  }),
  get(configPath, (world, { id, subId }) => ({
    body: configShape(world, find(world, id), configOf(world, id, subId)),
  })),
  remove(configPath, (world, { id, subId }) => {
    configOf(world, id, subId);
    const balancer = find(world, id);
    balancer.configs = balancer.configs.filter((one) => one.id !== subId);
    return { body: {} };
  }),
  list(`${configPath}/nodes`, [], (world, { id, subId }) => {
    const config = configOf(world, id, subId);
    return config.nodes.map((one) => nodeShape(world, find(world, id), config, one));
  }),
  post(`${configPath}/nodes`, (world, { id, subId, body }) => {
    const balancer = find(world, id);
    const config = configOf(world, id, subId);
    const order = readBody(nodeBody, body);
    if (config.nodes.some(({ address }) => address === order.address))
      throw invalid('Address must be unique', 'address');
    const node = makeNode(world, balancer, order);
    config.nodes.push(node);
    return { body: nodeShape(world, balancer, config, node) };
  }),
  remove(`${configPath}/nodes/{lastId}`, (world, { id, subId, lastId }) => {
    const config = configOf(world, id, subId);
    if (!config.nodes.some((one) => one.id === lastId)) throw notFound();
    config.nodes = config.nodes.filter((one) => one.id !== lastId);
    return { body: {} };
  }),
  list(`${path}/firewalls`, [], (world, { id }) => {
    find(world, id);
    const guard = guardOf(world, 'nodebalancer', id);
    return guard ? [firewallShape(world, guard)] : [];
  }),
  list(`${path}/vpcs`, [], (world, { id }) =>
    find(world, id).vpcs.map((one) => ({
      id: one.id,
      nodebalancer_id: id,
      subnet_id: one.subnet,
      vpc_id: one.vpc,
      ipv4_range: one.range,
    })),
  ),
];
