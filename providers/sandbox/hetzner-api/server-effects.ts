import type { EffectHandlers } from './effect-handler.js';
import { forgetServer, markApplied } from './firewall-uses.js';
import { dropMachine, giveMachinePower } from './machines.js';
import { releaseIp } from './primary-ips.js';
import { chooseAddress, netOf } from './private-addresses.js';
import type { ServerRecord } from './state.js';
import { volumesOf } from './volumes.js';
import type { World } from './world.js';

/** What is left of a server when it goes: what was its own alone goes with it, the rest is free again. */
function removeServer(world: World, server: ServerRecord): void {
  forgetServer(world, server.id);
  for (const volume of volumesOf(world, server.id)) volume.server = null;
  for (const ip of world.tables.primaryIps.values()) {
    if (ip.server === server.id) releaseIp(world, ip);
  }
  for (const balancer of world.tables.balancers.values()) {
    balancer.targets = balancer.targets.filter((one) => one.type !== 'server' || one.server !== server.id);
  }
  world.tables.servers.delete(server.id);
}

const gone = { code: 'server_gone', message: 'the server does not exist any more' };

export const serverEffects = {
  'server.create': {
    end: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.status = 'off';
      // Filtered before it is started: no moment is unguarded.
      for (const firewall of world.tables.firewalls.values()) markApplied(firewall, server);
      return undefined;
    },
  },
  'server.start': {
    begin: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      if (record.status === 'running') return undefined;
      record.status = 'starting';
      record.shutdown = null;
      giveMachinePower(world, record);
      return undefined;
    },
    end: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (record) record.status = 'running';
      return undefined;
    },
  },
  'server.stop': {
    begin: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.shutdown = null;
      if (record.status === 'off') return undefined;
      record.status = 'stopping';
      if (record.made) world.host.powerOff(server);
      return undefined;
    },
    end: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (record) record.status = 'off';
      return undefined;
    },
  },
  'server.shutdown': {
    begin: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (record?.made && record.status === 'running') world.host.shutdown(server);
      return undefined;
    },
    end: (world, { server }, action) => {
      const record = world.tables.servers.get(server);
      // The signal was sent; whether and when the guest follows is its own affair.
      if (!record?.made || record.status !== 'running') return undefined;
      record.shutdown = action.id;
      world.actions.start({
        command: 'asleep',
        resources: [],
        ms: 2 * world.profile.actionMs,
        effect: { kind: 'server.asleep', server, shutdown: action.id },
        hidden: true,
      });
      return undefined;
    },
  },
  'server.asleep': {
    end: (world, { server, shutdown }) => {
      const record = world.tables.servers.get(server);
      if (record?.shutdown !== shutdown) return undefined;
      record.shutdown = null;
      if (record.status === 'running') record.status = 'off';
      return undefined;
    },
  },
  'server.reboot': {
    begin: (world, { server, hard }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.shutdown = null;
      if (!record.made) return undefined;
      if (!hard) world.host.reboot(server);
      else {
        world.host.powerOff(server);
        world.host.powerOn(server);
      }
      return undefined;
    },
  },
  'server.delete': {
    begin: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.status = 'deleting';
      dropMachine(world, record);
      return undefined;
    },
    end: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (record) removeServer(world, record);
      return undefined;
    },
  },
  'server.attach': {
    begin: (world, { server, network, ip, range }) => {
      const record = world.tables.servers.get(server);
      const net = record && netOf(record, network);
      const desired = world.tables.networks.get(network);
      if (!record || !net || !desired) return gone;
      const chosen = chooseAddress(world, desired, record.location, { ip, range });
      if ('code' in chosen) {
        record.nets = record.nets.filter((one) => one !== net);
        return chosen;
      }
      net.ip = chosen.ip;
      net.state = 'attaching';
      return undefined;
    },
    end: (world, { server, network }) => {
      const record = world.tables.servers.get(server);
      const net = record && netOf(record, network);
      if (!record || !net) return gone;
      net.state = 'attached';
      if (record.made) world.host.attach(server, network, net.ip);
      return undefined;
    },
  },
  'server.detach': {
    end: (world, { server, network }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.nets = record.nets.filter((one) => one.network !== network);
      if (record.made) world.host.detach(server, network);
      return undefined;
    },
  },
  'server.type': {
    begin: (world, { server }) => {
      const record = world.tables.servers.get(server);
      if (record) record.status = 'migrating';
      return undefined;
    },
    end: (world, { server, type, diskGB }) => {
      const record = world.tables.servers.get(server);
      if (!record) return gone;
      record.type = type;
      record.diskGB = diskGB;
      record.status = 'off';
      return undefined;
    },
  },
} satisfies Partial<EffectHandlers>;
