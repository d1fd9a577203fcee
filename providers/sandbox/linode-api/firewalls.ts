import { z } from 'zod';
import ipaddr from 'ipaddr.js';
import { invalid, notFound } from './errors.js';
import { tell } from './events.js';
import { get, labelShape, list, post, put, readBody, remove, type Route, tagsShape } from './routes.js';
import type { DeviceRecord, FirewallRecord, FirewallRule, FirewallRules } from './state.js';
import type { World } from './world.js';

const range = z.string().refine((text) => ipaddr.isValidCIDR(text), 'Must be a valid IPv4 or IPv6 range');
const ruleShape = z.strictObject({
  action: z.enum(['ACCEPT', 'DROP']),
  protocol: z.enum(['TCP', 'UDP', 'ICMP', 'IPENCAP']),
  ports: z
    .string()
    .regex(/^\d+(-\d+)?(, ?\d+(-\d+)?){0,14}$/, 'Must be ports or ranges of ports, fifteen at most')
    .nullish(),
  addresses: z.strictObject({ ipv4: z.array(range).max(255).optional(), ipv6: z.array(range).max(255).optional() }),
  label: z.string().min(3).max(32).optional(),
  description: z.string().min(1).max(100).optional(),
});
const rulesShape = z
  .strictObject({
    inbound: z.array(ruleShape).default([]),
    outbound: z.array(ruleShape).default([]),
    inbound_policy: z.enum(['ACCEPT', 'DROP']),
    outbound_policy: z.enum(['ACCEPT', 'DROP']),
  })
  .refine(({ inbound, outbound }) => inbound.length + outbound.length <= 25, 'A Firewall can have up to 25 rules');
const ids = z.array(z.number()).default([]);
const createBody = z.strictObject({
  label: labelShape(32),
  rules: rulesShape,
  tags: tagsShape.default([]),
  devices: z.strictObject({ linodes: ids, nodebalancers: ids }).default({ linodes: [], nodebalancers: [] }),
});
const changeBody = z.strictObject({
  label: labelShape(32).optional(),
  tags: tagsShape.optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
});
const deviceBody = z.strictObject({ id: z.number(), type: z.enum(['linode', 'nodebalancer']) });

const labelOf = (world: World, { type, entity }: Pick<DeviceRecord, 'type' | 'entity'>): string | undefined =>
  (type === 'linode' ? world.tables.instances : world.tables.balancers).get(entity)?.label;

const entityShape = (world: World, device: Pick<DeviceRecord, 'type' | 'entity'>) => ({
  id: device.entity,
  type: device.type,
  label: labelOf(world, device) ?? '',
  url: `/v4/${device.type === 'linode' ? 'linode/instances' : 'nodebalancers'}/${device.entity}`,
});

const deviceShape = (world: World, device: DeviceRecord) => ({
  id: device.id,
  created: device.created,
  updated: device.created,
  entity: entityShape(world, device),
});

export const firewallShape = (
  world: World,
  { id, label, tags, status, created, updated, rules, version, devices }: FirewallRecord,
) => ({
  id,
  label,
  tags,
  status,
  created,
  updated,
  rules: { ...rules, version, fingerprint: 'sandbox' },
  entities: devices.map((one) => entityShape(world, one)),
});

const find = (world: World, id: number): FirewallRecord => {
  const found = world.tables.firewalls.get(id);
  if (!found) throw notFound();
  return found;
};

function assertFree(world: World, label: string, except?: number): void {
  if ([...world.tables.firewalls.values()].some((one) => one.label === label && one.id !== except))
    throw invalid('Label must be unique among your Cloud Firewalls', 'label');
}

/** Puts it before an instance or a NodeBalancer, which has one firewall at most. @throws LinodeError 400, 404 */
export function guard(
  world: World,
  firewall: FirewallRecord,
  type: DeviceRecord['type'],
  entity: number,
): DeviceRecord {
  if (labelOf(world, { type, entity }) === undefined) throw notFound();
  if (guardOf(world, type, entity)) throw invalid(`This ${type} already has an active Firewall assigned.`, 'id');
  const device: DeviceRecord = { id: world.newId(), type, entity, created: world.isoNow() };
  firewall.devices.push(device);
  return device;
}

export const guardOf = (world: World, type: DeviceRecord['type'], entity: number): FirewallRecord | undefined =>
  [...world.tables.firewalls.values()].find(({ devices }) =>
    devices.some((one) => one.type === type && one.entity === entity),
  );

/** What is gone needs no guard. */
export function unguard(world: World, type: DeviceRecord['type'], entity: number): void {
  for (const firewall of world.tables.firewalls.values())
    firewall.devices = firewall.devices.filter((one) => one.type !== type || one.entity !== entity);
}

const isPort = (ports: string | null | undefined, port: number): boolean =>
  ports == null ||
  ports.split(',').some((one) => {
    const [from = 0, to = from] = one.trim().split('-').map(Number);
    return port >= from && port <= to;
  });

function comesFrom({ addresses }: FirewallRule, source: string): boolean {
  const address = ipaddr.process(source);
  const ranges = address.kind() === 'ipv4' ? addresses?.ipv4 : addresses?.ipv6;
  return (ranges ?? []).some((text) => address.match(ipaddr.parseCIDR(text)));
}

/** Whether a TCP connection gets in: by the first rule that speaks of it, or else the policy. */
export function lets({ rules, status }: FirewallRecord, port: number, source: string): boolean {
  if (status === 'disabled') return true;
  const rule = rules.inbound.find((one) => one.protocol === 'TCP' && isPort(one.ports, port) && comesFrom(one, source));
  return (rule?.action ?? rules.inbound_policy) === 'ACCEPT';
}

const rulesBody = (rules: FirewallRules, version: number) => ({ ...rules, version, fingerprint: 'sandbox' });

export const firewallRoutes: readonly Route[] = [
  list('/networking/firewalls', ['id', 'label', 'tags', 'created', 'updated'], (world) =>
    [...world.tables.firewalls.values()].map((one) => firewallShape(world, one)),
  ),
  get('/networking/firewalls/{id}', (world, { id }) => ({ body: firewallShape(world, find(world, id)) })),
  post('/networking/firewalls', (world, { body }) => {
    const { label, rules, tags, devices } = readBody(createBody, body);
    assertFree(world, label);
    const now = world.isoNow();
    const id = world.newId();
    const made: FirewallRecord = {
      id,
      label,
      tags,
      rules,
      status: 'enabled',
      version: 1,
      devices: [],
      created: now,
      updated: now,
    };
    world.tables.firewalls.set(id, made);
    for (const one of devices.linodes) guard(world, made, 'linode', one);
    for (const one of devices.nodebalancers) guard(world, made, 'nodebalancer', one);
    tell(world, 'firewall_create', { type: 'firewall', id, label });
    return { body: firewallShape(world, made) };
  }),
  put('/networking/firewalls/{id}', (world, { id, body }) => {
    const firewall = find(world, id);
    const change = readBody(changeBody, body);
    if (change.label !== undefined) assertFree(world, change.label, id);
    Object.assign(firewall, change, { updated: world.isoNow() });
    return { body: firewallShape(world, firewall) };
  }),
  remove('/networking/firewalls/{id}', (world, { id }) => {
    const { label } = find(world, id);
    world.tables.firewalls.delete(id);
    tell(world, 'firewall_delete', { type: 'firewall', id, label });
    return { body: {} };
  }),
  get('/networking/firewalls/{id}/rules', (world, { id }) => {
    const { rules, version } = find(world, id);
    return { body: rulesBody(rules, version) };
  }),
  put('/networking/firewalls/{id}/rules', (world, { id, body }) => {
    const firewall = find(world, id);
    firewall.rules = readBody(rulesShape, body);
    firewall.version += 1;
    firewall.updated = world.isoNow();
    return { body: rulesBody(firewall.rules, firewall.version) };
  }),
  list('/networking/firewalls/{id}/devices', ['id', 'created', 'updated'], (world, { id }) =>
    find(world, id).devices.map((one) => deviceShape(world, one)),
  ),
  post('/networking/firewalls/{id}/devices', (world, { id, body }) => {
    const { type, id: entity } = readBody(deviceBody, body);
    return { body: deviceShape(world, guard(world, find(world, id), type, entity)) };
  }),
  remove('/networking/firewalls/{id}/devices/{subId}', (world, { id, subId }) => {
    const firewall = find(world, id);
    if (!firewall.devices.some((one) => one.id === subId)) throw notFound();
    firewall.devices = firewall.devices.filter((one) => one.id !== subId);
    return { body: {} };
  }),
];
