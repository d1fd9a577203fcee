import { z } from 'zod';
import type { ActionRecord } from './actions.js';
import { actionsAnswer, actionsOf } from './action-routes.js';
import { assertNameFree, oneOf, reading, updating } from './collection.js';
import { invalidField, limitExceeded, refused } from './errors.js';
import { readRules, rulesShape } from './firewall-rules.js';
import { assertUsable, firewalls, firewallsOf, select, startApply, use } from './firewall-uses.js';
import { checkLabels, readSelector } from './labels.js';
import { idShape, labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { FirewallRecord, FirewallRule } from './state.js';
import type { World } from './world.js';

const maxEffectiveRules = 500;

const targetShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('server'), server: z.object({ id: idShape }) }),
  z.object({ type: z.literal('label_selector'), label_selector: z.object({ selector: z.string().min(1) }) }),
]);
type Target = z.output<typeof targetShape>;

const createShape = z.object({
  name: z.string().min(1).max(128),
  labels: labelsShape.default({}),
  rules: rulesShape.default([]),
  apply_to: z.array(targetShape).default([]),
});

const ref = (id: number) => ({ type: 'firewall', id });

/** Each network of a rule counts as one rule of its own. */
function readEffective(rules: z.output<typeof rulesShape>): FirewallRule[] {
  const read = readRules(rules);
  const effective = read.reduce((sum, rule) => sum + rule.source_ips.length + rule.destination_ips.length, 0);
  if (effective > maxEffectiveRules) throw limitExceeded('effective_firewall_rules');
  return read;
}

const startCommand = (world: World, command: string, firewall: number): ActionRecord =>
  world.actions.start({ command, resources: [ref(firewall)], ms: world.profile.actionMs });

/** Checks all targets before it applies the first. */
function apply(world: World, firewall: FirewallRecord, targets: readonly Target[]): ActionRecord[] {
  const servers = targets.flatMap((target) => (target.type === 'server' ? [target.server.id] : []));
  if (new Set(servers).size < servers.length) {
    throw refused('server_already_added', 'server was applied more than once');
  }
  for (const target of targets) {
    if (target.type === 'server') {
      const server = world.tables.servers.get(target.server.id);
      assertUsable(firewall, server);
    } else {
      const { selector } = target.label_selector;
      readSelector(selector, 'label_selector.selector');
      if (firewall.uses.some((one) => one.type === 'label_selector' && one.selector === selector)) {
        throw refused('firewall_already_applied', 'firewall is already applied to the resource');
      }
    }
  }
  return targets.map((target) => {
    if (target.type === 'server') {
      use(world, firewall, target.server.id);
      return startApply(world, firewall.id, target.server.id);
    }
    firewall.uses.push({ type: 'label_selector', selector: target.label_selector.selector, selected: [] });
    return world.actions.start({
      command: 'apply_firewall',
      resources: [ref(firewall.id)],
      ms: world.profile.actionMs,
      effect: { kind: 'firewalls.select' },
    });
  });
}

function takeAway(world: World, firewall: FirewallRecord, targets: readonly Target[]): ActionRecord[] {
  for (const target of targets) {
    if (target.type === 'label_selector') {
      const { selector } = target.label_selector;
      if (firewall.uses.some((one) => one.type === 'label_selector' && one.selector === selector)) continue;
      throw refused('firewall_resource_not_found', 'the resource was not found', 404);
    }
    const { id } = target.server;
    if (firewall.uses.some((one) => one.type === 'server' && one.server === id)) continue;
    if (firewallsOf(world, id).some((one) => one.firewall === firewall)) {
      throw refused('firewall_managed_by_label_selector', 'firewall is applied via a label selector');
    }
    throw refused('firewall_resource_not_found', 'the resource was not found', 404);
  }
  return targets.map((target) => {
    if (target.type === 'label_selector') {
      const { selector } = target.label_selector;
      firewall.uses = firewall.uses.filter((one) => one.type !== 'label_selector' || one.selector !== selector);
      select(world);
      return startCommand(world, 'remove_firewall', firewall.id);
    }
    const server = target.server.id;
    return world.actions.start({
      command: 'remove_firewall',
      resources: [ref(firewall.id), { type: 'server', id: server }],
      locks: [ref(firewall.id)],
      ms: world.profile.actionMs,
      effect: { kind: 'firewall.remove', firewall: firewall.id, server },
    });
  });
}

export const firewallRoutes: readonly Route[] = [
  ...reading(firewalls),
  ...actionsOf('firewall', 'firewalls', (world, id) => world.tables.firewalls.has(id)),
  updating(firewalls),
  post('/firewalls', (world, { body }) => {
    const desired = readBody(createShape, body);
    checkLabels(desired.labels);
    const rules = readEffective(desired.rules);
    assertNameFree(firewalls, world, desired.name);
    if (world.tables.firewalls.size >= world.limits.firewalls) throw limitExceeded('firewall');
    const firewall: FirewallRecord = {
      id: world.newId(),
      name: desired.name,
      labels: desired.labels,
      created: world.isoNow(),
      rules,
      uses: [],
    };
    const applied = apply(world, firewall, desired.apply_to);
    world.tables.firewalls.set(firewall.id, firewall);
    const actions = [startCommand(world, 'set_firewall_rules', firewall.id), ...applied];
    return {
      status: 201,
      body: {
        firewall: firewalls.render(world, firewall),
        actions: actions.map((action) => world.actions.render(action)),
      },
    };
  }),
  remove('/firewalls/{id}', (world, { id }) => {
    const firewall = oneOf(firewalls, world, id);
    if (firewall.uses.length > 0) throw refused('resource_in_use', `firewall with ID ${id} is still in use`);
    world.tables.firewalls.delete(id);
    return { status: 204 };
  }),
  post('/firewalls/{id}/actions/set_rules', (world, { id, body }) => {
    const firewall = oneOf(firewalls, world, id);
    if (typeof body !== 'object' || body === null || !('rules' in body)) throw invalidField('rules', 'is required');
    const rules = readEffective(readBody(z.object({ rules: rulesShape }), body).rules);
    world.actions.assertUnlocked(ref(id));
    firewall.rules = rules;
    const reached = [...world.tables.servers.keys()].filter((server) =>
      firewallsOf(world, server).some((one) => one.firewall === firewall),
    );
    return actionsAnswer(world, [
      startCommand(world, 'set_firewall_rules', id),
      ...reached.map((server) => startApply(world, id, server)),
    ]);
  }),
  post('/firewalls/{id}/actions/apply_to_resources', (world, { id, body }) => {
    const firewall = oneOf(firewalls, world, id);
    const desired = readBody(z.object({ apply_to: z.array(targetShape) }), body);
    world.actions.assertUnlocked(ref(id));
    return actionsAnswer(world, apply(world, firewall, desired.apply_to));
  }),
  post('/firewalls/{id}/actions/remove_from_resources', (world, { id, body }) => {
    const firewall = oneOf(firewalls, world, id);
    const desired = readBody(z.object({ remove_from: z.array(targetShape) }), body);
    world.actions.assertUnlocked(ref(id));
    return actionsAnswer(world, takeAway(world, firewall, desired.remove_from));
  }),
];
