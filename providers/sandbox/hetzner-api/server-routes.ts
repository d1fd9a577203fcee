import { z } from 'zod';
import type { ActionRecord } from './actions.js';
import { actionAnswer, actionsOf } from './action-routes.js';
import { oneOf, reading, updating } from './collection.js';
import type { Effect } from './effects.js';
import { invalidField, notFound, protectedResource, refused } from './errors.js';
import { selectSoon } from './firewall-uses.js';
import { networks } from './networks.js';
import { aliasProblem, assertAttachable, chooseAddress, netOf } from './private-addresses.js';
import { idShape, post, readBody, remove, type Route } from './routes.js';
import { macOf, serverCreateRoute } from './server-create.js';
import { serverManagementRoutes } from './server-management.js';
import { hostNameProblem, servers } from './servers.js';
import type { ServerRecord } from './state.js';
import type { World } from './world.js';

const ref = (id: number) => ({ type: 'server', id });

/** A change of a server nobody else is changing. @throws ApiError not_found, locked */
function unlocked(world: World, id: number): ServerRecord {
  const server = oneOf(servers, world, id);
  world.actions.assertUnlocked(ref(id));
  return server;
}

const power = (verb: string, command: string, effect: (server: number) => Effect, mustRun = false): Route =>
  post(`/servers/{id}/actions/${verb}`, (world, { id }) => {
    const server = unlocked(world, id);
    if (mustRun && server.status === 'off') throw refused('unsupported_error', 'server is not running');
    const ms = world.profile.actionMs;
    return actionAnswer(world, world.actions.start({ command, resources: [ref(id)], ms, effect: effect(id) }));
  });

const powerRoutes: readonly Route[] = [
  power('poweron', 'start_server', (server) => ({ kind: 'server.start', server })),
  power('poweroff', 'stop_server', (server) => ({ kind: 'server.stop', server })),
  power('shutdown', 'shutdown_server', (server) => ({ kind: 'server.shutdown', server })),
  power('reboot', 'reboot_server', (server) => ({ kind: 'server.reboot', server, hard: false }), true),
  power('reset', 'reset_server', (server) => ({ kind: 'server.reboot', server, hard: true }), true),
];

const attachShape = z.object({
  network: idShape,
  ip: z.string().optional(),
  alias_ips: z.array(z.string()).default([]),
  ip_range: z.string().optional(),
});

function startNetworkAction(
  world: World,
  command: string,
  server: number,
  network: number,
  effect: Effect | undefined,
): ActionRecord {
  return world.actions.start({
    command,
    resources: [ref(server), { type: 'network', id: network }],
    ms: world.profile.actionMs,
    ...(effect ? { effect } : {}),
  });
}

const networkRoutes: readonly Route[] = [
  post('/servers/{id}/actions/attach_to_network', (world, { id, body }) => {
    const server = oneOf(servers, world, id);
    const desired = readBody(attachShape, body);
    const network = oneOf(networks, world, desired.network);
    world.actions.assertUnlocked(ref(id));
    world.actions.assertNoChange({ type: 'network', id: network.id });
    assertAttachable(world, server.nets, network);
    const address = { ip: desired.ip, range: desired.ip_range };
    const chosen = chooseAddress(world, network, server.location, address);
    const problem = 'code' in chosen ? chosen : aliasProblem(world, network, desired.alias_ips, []);
    if (problem) throw refused(problem.code, problem.message);
    const net = { network: network.id, ip: '', aliases: desired.alias_ips, mac: macOf(world) };
    server.nets.push({ ...net, state: 'waiting' });
    const effect = { kind: 'server.attach', server: id, network: network.id, ...address } as const;
    return actionAnswer(world, startNetworkAction(world, 'attach_to_network', id, network.id, effect));
  }),
  post('/servers/{id}/actions/detach_from_network', (world, { id, body }) => {
    const server = oneOf(servers, world, id);
    const { network } = readBody(z.object({ network: idShape }), body);
    if (!netOf(server, network)) throw notFound('network');
    world.actions.assertUnlocked(ref(id));
    world.actions.assertNoChange({ type: 'network', id: network });
    const effect = { kind: 'server.detach', server: id, network } as const;
    return actionAnswer(world, startNetworkAction(world, 'detach_from_network', id, network, effect));
  }),
  post('/servers/{id}/actions/change_alias_ips', (world, { id, body }) => {
    const server = oneOf(servers, world, id);
    const desired = readBody(z.object({ network: idShape, alias_ips: z.array(z.string()) }), body);
    const net = netOf(server, desired.network);
    const network = world.tables.networks.get(desired.network);
    if (!net || !network) throw notFound('network');
    world.actions.assertUnlocked(ref(id));
    world.actions.assertNoChange({ type: 'network', id: network.id });
    const problem = aliasProblem(world, network, desired.alias_ips, net.aliases);
    if (problem) throw refused(problem.code, problem.message);
    net.aliases = desired.alias_ips;
    return actionAnswer(world, startNetworkAction(world, 'change_alias_ips', id, network.id, undefined));
  }),
];

export const serverRoutes: readonly Route[] = [
  ...reading(servers),
  ...actionsOf('server', 'servers', (world, id) => world.tables.servers.has(id)),
  updating(servers, (world) => selectSoon(world), hostNameProblem),
  serverCreateRoute,
  remove('/servers/{id}', (world, { id }) => {
    const server = oneOf(servers, world, id);
    if (server.protection.delete) throw protectedResource('server');
    world.actions.assertUnlocked(ref(id));
    const action = world.actions.start({
      command: 'delete_server',
      resources: [ref(id)],
      ms: world.profile.serverDeleteMs,
      effect: { kind: 'server.delete', server: id },
    });
    return { status: 200, body: { action: world.actions.render(action) } };
  }),
  ...powerRoutes,
  ...networkRoutes,
  post('/servers/{id}/actions/change_protection', (world, { id, body }) => {
    const server = oneOf(servers, world, id);
    const desired = readBody(z.object({ delete: z.boolean().optional(), rebuild: z.boolean().optional() }), body);
    // Hetzner takes both or none.
    if (desired.delete !== desired.rebuild) throw invalidField('rebuild', 'must be the same as delete');
    if (desired.delete !== undefined) server.protection = { delete: desired.delete, rebuild: desired.delete };
    return actionAnswer(world, world.actions.done('change_protection', [ref(id)]));
  }),
  ...serverManagementRoutes,
];
