import type { ActionRecord } from './actions.js';
import type { Collection } from './collection.js';
import type { EffectHandlers } from './effect-handler.js';
import { limitExceeded, refused } from './errors.js';
import { isAllowedBy } from './firewall-rules.js';
import { parseSelector } from './labels.js';
import type { FirewallRecord, ServerRecord } from './state.js';
import type { World } from './world.js';

const firewallsPerServer = 5;

export const firewalls: Collection<FirewallRecord> = {
  one: 'firewall',
  many: 'firewalls',
  items: (world) => world.tables.firewalls.values(),
  render: (_world, firewall) => ({
    id: firewall.id,
    name: firewall.name,
    labels: firewall.labels,
    created: firewall.created,
    rules: firewall.rules,
    applied_to: firewall.uses.map((use) =>
      use.type === 'server'
        ? { type: 'server', server: { id: use.server } }
        : {
            type: 'label_selector',
            label_selector: { selector: use.selector },
            applied_to_resources: use.selected.map((id) => ({ type: 'server', server: { id } })),
          },
    ),
  }),
  sortable: ['id', 'name', 'created'],
};

/** The firewalls of a server, by hand or by label, each once. */
export function firewallsOf(
  world: World,
  server: number,
): { readonly firewall: FirewallRecord; readonly status: 'applied' | 'pending' }[] {
  return [...world.tables.firewalls.values()].flatMap((firewall) => {
    const uses = firewall.uses.filter((use) =>
      use.type === 'server' ? use.server === server : use.selected.includes(server),
    );
    if (uses.length === 0) return [];
    const applied = uses.some((use) => use.type === 'label_selector' || use.status === 'applied');
    return [{ firewall, status: applied ? ('applied' as const) : ('pending' as const) }];
  });
}

/** Puts a firewall before a server; it filters once its action, or the server's create, has ended. */
export function use(world: World, firewall: FirewallRecord, server: number): void {
  if (firewallsOf(world, server).length >= firewallsPerServer) throw limitExceeded('firewalls_per_server');
  firewall.uses.push({ type: 'server', server, status: 'pending' });
}

export function markApplied(firewall: FirewallRecord, server: number): void {
  for (const one of firewall.uses) if (one.type === 'server' && one.server === server) one.status = 'applied';
}

/** @throws ApiError when the server can't have the firewall. */
export function assertUsable(
  firewall: FirewallRecord,
  server: ServerRecord | undefined,
): asserts server is ServerRecord {
  if (!server) throw refused('firewall_resource_not_found', 'the resource was not found', 404);
  if (server.ipv4 === null && server.ipv6 === null) {
    throw refused('private_net_only_server', 'server has no public network interface');
  }
  if (firewall.uses.some((one) => one.type === 'server' && one.server === server.id)) {
    throw refused('firewall_already_applied', 'firewall is already applied to the resource');
  }
}

/** A server that goes takes its place in every firewall with it. */
export function forgetServer(world: World, server: number): void {
  for (const firewall of world.tables.firewalls.values()) {
    firewall.uses = firewall.uses.filter((one) => one.type !== 'server' || one.server !== server);
    for (const one of firewall.uses) {
      if (one.type === 'label_selector') one.selected = one.selected.filter((id) => id !== server);
    }
  }
}

/** Looks soon, not at once, which servers the selectors of firewalls reach: label changes take their time to arrive. */
export function selectSoon(world: World): void {
  const any = [...world.tables.firewalls.values()].some((one) => one.uses.some((each) => each.type !== 'server'));
  if (!any) return;
  world.actions.start({
    command: 'select',
    resources: [],
    ms: world.profile.actionMs,
    effect: { kind: 'firewalls.select' },
    hidden: true,
  });
}

export function select(world: World): void {
  for (const firewall of world.tables.firewalls.values()) {
    for (const one of firewall.uses) {
      if (one.type !== 'label_selector') continue;
      const matches = parseSelector(one.selector) ?? (() => false);
      one.selected = [...world.tables.servers.values()]
        .filter((server) => matches(server.labels) && (server.ipv4 !== null || server.ipv6 !== null))
        .map((server) => server.id);
    }
  }
}

export const firewallEffects = {
  'firewall.apply': {
    end: (world, { firewall, server }) => {
      const record = world.tables.firewalls.get(firewall);
      if (record) markApplied(record, server);
      return undefined;
    },
  },
  'firewall.remove': {
    end: (world, { firewall, server }) => {
      const record = world.tables.firewalls.get(firewall);
      if (record) record.uses = record.uses.filter((one) => one.type !== 'server' || one.server !== server);
      return undefined;
    },
  },
  'firewalls.select': {
    end: (world) => {
      select(world);
      return undefined;
    },
  },
} satisfies Partial<EffectHandlers>;

export const startApply = (world: World, firewall: number, server: number): ActionRecord =>
  world.actions.start({
    command: 'apply_firewall',
    resources: [
      { type: 'firewall', id: firewall },
      { type: 'server', id: server },
    ],
    locks: [{ type: 'firewall', id: firewall }],
    ms: world.profile.actionMs,
    effect: { kind: 'firewall.apply', firewall, server },
  });

/** Whether a TCP connection from `source` gets through to a public port: without any firewall everything does. */
export function isAllowed(world: World, server: ServerRecord, port: number, source: string): boolean {
  const applied = firewallsOf(world, server.id).filter((one) => one.status === 'applied');
  if (applied.length === 0) return true;
  return isAllowedBy(
    applied.flatMap((one) => [...one.firewall.rules]),
    port,
    source,
  );
}
