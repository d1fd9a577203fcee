import { z } from 'zod';
import { actionAnswer, actionsOf } from './action-routes.js';
import { addTarget, assertServiceRoom, fillService, serviceShape, targetShape } from './balancer-shapes.js';
import { renderTarget } from './balancer-targets.js';
import { balancerTypes, renderBalancerType, trafficOf, typeNamed } from './catalogue.js';
import { assertNameFree, oneOf, reading, updating, type Collection } from './collection.js';
import type { EffectHandlers } from './effect-handler.js';
import { invalidField, limitExceeded, notFound, protectedResource, refused } from './errors.js';
import { checkLabels } from './labels.js';
import { locationNamed, locations } from './places.js';
import { existingIp, makePrimaryIp, releaseIp } from './primary-ips.js';
import { assertRoomOn, chooseAddress } from './private-addresses.js';
import { byIdOrName, idOrName, idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { BalancerRecord } from './state.js';
import type { World } from './world.js';

const publicAddress = (id: number | undefined, ip: string): object => ({
  ...(id === undefined ? {} : { id }),
  ip,
  dns_ptr: null,
});

export const balancers: Collection<BalancerRecord> = {
  one: 'load_balancer',
  many: 'load_balancers',
  items: (world) => world.tables.balancers.values(),
  render: (world, balancer) => {
    const location = locationNamed(balancer.location);
    return {
      id: balancer.id,
      name: balancer.name,
      public_net: {
        enabled: balancer.isPublic,
        ipv4: publicAddress(balancer.primaryIps?.ipv4, balancer.ipv4),
        ipv6: publicAddress(balancer.primaryIps?.ipv6, balancer.ipv6),
      },
      private_net: balancer.nets.filter((net) => net.state === 'attached').map(({ network, ip }) => ({ network, ip })),
      location,
      load_balancer_type: renderBalancerType(typeNamed(balancerTypes, balancer.type)),
      protection: balancer.protection,
      labels: balancer.labels,
      created: balancer.created,
      services: balancer.services,
      targets: balancer.targets.flatMap((target) => renderTarget(world, balancer, target)),
      algorithm: { type: balancer.algorithm },
      outgoing_traffic: 0,
      ingoing_traffic: 0,
      included_traffic: trafficOf(location.name),
    };
  },
  sortable: ['id', 'name', 'created'],
};

const nameShape = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\S(.*\S)?$/, 'must not begin or end with a space');

const createShape = z.object({
  name: nameShape,
  load_balancer_type: idOrName,
  algorithm: z.object({ type: z.enum(['round_robin', 'least_connections']) }).default({ type: 'round_robin' }),
  services: z.array(serviceShape).default([]),
  targets: z.array(targetShape).default([]),
  labels: labelsShape.default({}),
  public_interface: z.boolean().default(true),
  public_net: z.object({ ipv4: idShape.optional(), ipv6: idShape.optional() }).default({}),
  network: idShape.optional(),
  network_zone: z.string().optional(),
  location: idOrName.optional(),
});
type Desired = z.output<typeof createShape>;

function placeOf(desired: Desired): (typeof locations)[number] {
  if ((desired.location === undefined) === (desired.network_zone === undefined)) {
    throw invalidField('location', 'either location or network_zone is required');
  }
  const found =
    desired.location === undefined
      ? locations.find((location) => location.network_zone === desired.network_zone)
      : byIdOrName(locations, desired.location);
  if (!found) throw invalidField(desired.location === undefined ? 'network_zone' : 'location', 'is unknown');
  return found;
}

/** Gives the balancer its place in a network; it is there when the action ends. @throws ApiError */
export function join(
  world: World,
  balancer: BalancerRecord,
  networkId: number,
  desired: { readonly ip?: string | undefined; readonly range?: string | undefined } = {},
): void {
  const network = world.tables.networks.get(networkId);
  if (!network) throw notFound('network');
  assertRoomOn(world, network);
  const chosen = chooseAddress(world, network, balancer.location, desired);
  if ('code' in chosen) throw refused(chosen.code, chosen.message);
  balancer.nets.push({ network: network.id, ip: chosen.ip, state: 'attaching' });
}

const ref = (id: number) => ({ type: 'load_balancer', id });

export const balancerEffects = {
  'balancer.create': {
    end: (world, { balancer }) => {
      const record = world.tables.balancers.get(balancer);
      if (!record) return undefined;
      record.ready = true;
      for (const net of record.nets) net.state = 'attached';
      return undefined;
    },
  },
  'balancer.delete': {
    end: (world, { balancer }) => {
      for (const ip of world.tables.primaryIps.values()) if (ip.balancer === balancer) releaseIp(world, ip);
      world.tables.balancers.delete(balancer);
      return undefined;
    },
  },
  'balancer.attach': {
    end: (world, { balancer, network }) => {
      const net = world.tables.balancers.get(balancer)?.nets.find((one) => one.network === network);
      if (!net) return { code: 'network_gone', message: 'the network does not exist any more' };
      net.state = 'attached';
      return undefined;
    },
  },
} satisfies Partial<EffectHandlers>;

export const balancerRoutes: readonly Route[] = [
  ...reading(balancers),
  ...actionsOf('load_balancer', 'load_balancers', (world, id) => world.tables.balancers.has(id)),
  updating(balancers, undefined, (name) => nameShape.safeParse(name).error?.issues[0]?.message),
  post('/load_balancers', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    const type = byIdOrName(balancerTypes, desired.load_balancer_type);
    if (!type) throw invalidField('load_balancer_type', 'unknown load balancer type');
    const location = placeOf(desired);
    if (!type.cents.has(location.name)) throw invalidField('location', 'type is not offered there');
    assertNameFree(balancers, world, desired.name);
    if (world.tables.balancers.size >= world.limits.balancers) throw limitExceeded('load_balancer');
    world.faults.assertForSale(type.name, location.name);
    const [ipv4, ipv6] = (['ipv4', 'ipv6'] as const).map((version) => {
      const given = desired.public_net[version];
      return given === undefined ? undefined : existingIp(world, version, given, location.name);
    });
    const id = world.newId();
    const addresses = {
      ipv4: ipv4 ?? makePrimaryIp(world, 'ipv4', location.name, { autoDelete: true }),
      ipv6: ipv6 ?? makePrimaryIp(world, 'ipv6', location.name, { autoDelete: true }),
    };
    const balancer: BalancerRecord = {
      id,
      name: desired.name,
      labels: desired.labels,
      created: world.isoNow(),
      type: type.name,
      location: location.name,
      algorithm: desired.algorithm.type,
      services: [],
      targets: [],
      nets: [],
      isPublic: desired.public_interface,
      ipv4: addresses.ipv4.ip,
      ipv6: addresses.ipv6.ip.replace('/64', '1'),
      primaryIps: { ipv4: addresses.ipv4.id, ipv6: addresses.ipv6.id },
      ready: false,
      protection: { delete: false },
    };
    if (desired.network !== undefined) join(world, balancer, desired.network);
    for (const service of desired.services) {
      assertServiceRoom(balancer);
      balancer.services.push(fillService(service, balancer.services));
    }
    for (const target of desired.targets) addTarget(world, balancer, target);
    world.tables.balancers.set(balancer.id, balancer);
    for (const ip of Object.values(addresses)) ip.balancer = balancer.id;
    const action = world.actions.start({
      command: 'create_load_balancer',
      resources: [ref(balancer.id)],
      ms: world.profile.actionMs,
      effect: { kind: 'balancer.create', balancer: balancer.id },
    });
    const load_balancer = balancers.render(world, balancer);
    return { status: 201, body: { load_balancer, action: world.actions.render(action) } };
  }),
  remove('/load_balancers/{id}', (world, { id }) => {
    const balancer = oneOf(balancers, world, id);
    if (balancer.protection.delete) throw protectedResource('load balancer');
    world.actions.assertUnlocked(ref(id));
    const effect = { kind: 'balancer.delete', balancer: id } as const;
    const command = 'delete_load_balancer';
    return actionAnswer(
      world,
      world.actions.start({ command, resources: [ref(id)], ms: world.profile.actionMs, effect }),
    );
  }),
];
