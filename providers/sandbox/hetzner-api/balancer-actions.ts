import { z } from 'zod';
import { actionAnswer } from './action-routes.js';
import {
  addTarget,
  assertServiceRoom,
  fillService,
  sameTarget,
  serviceChangeShape,
  serviceShape,
  targetIdShape,
  targetShape,
} from './balancer-shapes.js';
import { balancers, join } from './balancers.js';
import { balancerTypes } from './catalogue.js';
import { oneOf } from './collection.js';
import type { Effect } from './effects.js';
import { notFound, refused, unknownWord } from './errors.js';
import type { ResourceRef } from './actions.js';
import { byIdOrName, idOrName, idShape, post, readBody, type Route } from './routes.js';
import type { BalancerRecord } from './state.js';
import type { World } from './world.js';

interface More {
  readonly resources?: readonly ResourceRef[];
  readonly effect?: Effect;
}

/** A change of a balancer nobody else is changing. */
const change = (
  verb: string,
  command: string,
  work: (world: World, balancer: BalancerRecord, body: unknown) => More | void,
): Route =>
  post(`/load_balancers/{id}/actions/${verb}`, (world, { id, body }) => {
    const balancer = oneOf(balancers, world, id);
    world.actions.assertUnlocked({ type: 'load_balancer', id });
    const { resources = [], effect } = work(world, balancer, body) ?? {};
    const action = world.actions.start({
      command,
      resources: [{ type: 'load_balancer', id }, ...resources],
      ms: world.profile.actionMs,
      ...(effect ? { effect } : {}),
    });
    return actionAnswer(world, action);
  });

const usesPublic = (balancer: BalancerRecord): boolean =>
  balancer.targets.some((target) => target.type === 'ip' || !target.privately);

export const balancerActionRoutes: readonly Route[] = [
  change('add_service', 'add_service', (_world, balancer, body) => {
    const service = fillService(readBody(serviceShape, body), balancer.services);
    assertServiceRoom(balancer);
    balancer.services.push(service);
  }),
  change('update_service', 'update_service', (_world, balancer, body) => {
    const desired = readBody(serviceChangeShape, body);
    const old = balancer.services.find((one) => one.listen_port === desired.listen_port);
    if (!old) throw notFound('load balancer service');
    const others = balancer.services.filter((one) => one !== old);
    const changed = fillService({ ...desired, protocol: desired.protocol ?? old.protocol }, others, old);
    balancer.services = balancer.services.map((one) => (one === old ? changed : one));
  }),
  change('delete_service', 'delete_service', (_world, balancer, body) => {
    const { listen_port } = readBody(z.object({ listen_port: z.number().int() }), body);
    const kept = balancer.services.filter((one) => one.listen_port !== listen_port);
    if (kept.length === balancer.services.length) throw notFound('load balancer service');
    balancer.services = kept;
  }),
  change('add_target', 'add_target', (world, balancer, body) => {
    addTarget(world, balancer, readBody(targetShape, body));
  }),
  change('remove_target', 'remove_target', (_world, balancer, body) => {
    const desired = readBody(targetIdShape, body);
    const kept = balancer.targets.filter((target) => !sameTarget(target, desired));
    if (kept.length === balancer.targets.length) throw notFound('load balancer target');
    balancer.targets = kept;
  }),
  change('attach_to_network', 'attach_to_network', (world, balancer, body) => {
    const shape = z.object({ network: idShape, ip: z.string().optional(), ip_range: z.string().optional() });
    const desired = readBody(shape, body);
    if (balancer.nets.length > 0) {
      throw refused('load_balancer_already_attached', 'the load balancer is already attached to a network');
    }
    world.actions.assertNoChange({ type: 'network', id: desired.network });
    join(world, balancer, desired.network, { ip: desired.ip, range: desired.ip_range });
    return {
      resources: [{ type: 'network', id: desired.network }],
      effect: { kind: 'balancer.attach', balancer: balancer.id, network: desired.network },
    };
  }),
  change('detach_from_network', 'detach_from_network', (world, balancer, body) => {
    const { network } = readBody(z.object({ network: idShape }), body);
    if (!balancer.nets.some((net) => net.network === network)) throw notFound('network');
    world.actions.assertNoChange({ type: 'network', id: network });
    balancer.nets = balancer.nets.filter((net) => net.network !== network);
    return { resources: [{ type: 'network', id: network }] };
  }),
  change('change_algorithm', 'change_algorithm', (_world, balancer, body) => {
    const { type } = readBody(z.object({ type: z.string() }), body);
    if (type !== 'round_robin' && type !== 'least_connections') throw unknownWord('type', 'is not a known algorithm');
    balancer.algorithm = type;
  }),
  change('change_type', 'change_load_balancer_type', (_world, balancer, body) => {
    const desired = readBody(z.object({ load_balancer_type: idOrName }), body).load_balancer_type;
    const type = byIdOrName(balancerTypes, desired);
    const fits = type && balancer.targets.length <= type.max_targets && balancer.services.length <= type.max_services;
    if (!fits) throw refused('invalid_load_balancer_type', 'the type does not fit for the given load balancer');
    balancer.type = type.name;
  }),
  change('enable_public_interface', 'enable_public_interface', (_world, balancer) => {
    balancer.isPublic = true;
  }),
  change('disable_public_interface', 'disable_public_interface', (_world, balancer) => {
    if (balancer.nets.length === 0) {
      throw refused('load_balancer_not_attached_to_network', 'the load balancer is not attached to a network');
    }
    if (usesPublic(balancer)) {
      throw refused('targets_without_use_private_ip', 'the load balancer has targets that use the public IP');
    }
    balancer.isPublic = false;
  }),
  post('/load_balancers/{id}/actions/change_protection', (world, { id, body }) => {
    const balancer = oneOf(balancers, world, id);
    const { delete: desired } = readBody(z.object({ delete: z.boolean().optional() }), body);
    if (desired !== undefined) balancer.protection.delete = desired;
    return actionAnswer(world, world.actions.done('change_protection', [{ type: 'load_balancer', id }]));
  }),
];
