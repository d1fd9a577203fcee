import { type Action, showAction } from './actions.js';
import { contains } from './addresses.js';
import { ApiError, invalid, notFound, taken } from './errors.js';
import { checkLabels } from './labels.js';
import { page } from './paging.js';
import type { Project } from './project.js';
import type { Router } from './router.js';
import type { Rule, StoredFirewall } from './state.js';

export function firewallRoutes(router: Router, project: Project): void {
  const { firewalls, actions } = project;
  const find = (id: number): StoredFirewall => {
    const firewall = firewalls.byId.get(id);
    if (!firewall) throw notFound('firewall', id);
    return firewall;
  };
  const users = (id: number) => project.servers.all().filter((server) => server.firewalls.includes(id));
  const show = (firewall: StoredFirewall): unknown => ({
    id: firewall.id,
    name: firewall.name,
    labels: firewall.labels,
    created: firewall.created,
    rules: firewall.rules,
    applied_to: users(firewall.id).map(({ id }) => ({ type: 'server', server: { id } })),
  });
  const act = (command: string, id: number): Action =>
    actions.start(command, [{ id, type: 'firewall' }], project.profile.actionMs);
  router.on('GET', '/firewalls', ({ query }) => page('firewalls', firewalls.all(), query, show));
  router.on('GET', '/firewalls/:id', (call) => ({ body: { firewall: show(find(call.id())) } }));
  router.on('POST', '/firewalls', ({ body }) => {
    if (typeof body['name'] !== 'string' || body['name'] === '') throw invalid('name', 'must not be empty');
    if (firewalls.named(body['name'])) throw taken('name', 'firewall name is already used');
    const firewall = firewalls.add({
      id: project.nextId(),
      name: body['name'],
      rules: readRules(body['rules']),
      labels: checkLabels(body['labels']),
      created: project.stamp(),
    });
    return {
      status: 201,
      body: { firewall: show(firewall), actions: [showAction(act('set_firewall_rules', firewall.id))] },
    };
  });
  router.on('PUT', '/firewalls/:id', (call) => {
    const firewall = find(call.id());
    if (typeof call.body['name'] === 'string') firewall.name = call.body['name'];
    if (call.body['labels'] !== undefined) firewall.labels = checkLabels(call.body['labels']);
    return { body: { firewall: show(firewall) } };
  });
  router.on('DELETE', '/firewalls/:id', (call) => {
    const { id } = find(call.id());
    if (users(id).length > 0) throw new ApiError(422, 'resource_in_use', 'firewall is still in use');
    firewalls.byId.delete(id);
    return { status: 204 };
  });
  router.on('POST', '/firewalls/:id/actions/set_rules', (call) => {
    const firewall = find(call.id());
    firewall.rules = readRules(call.body['rules']);
    return { status: 201, body: { actions: [showAction(act('set_firewall_rules', firewall.id))] } };
  });
  const resources = (body: Record<string, unknown>, key: string): number[] =>
    ((body[key] ?? []) as { type: string; server?: { id: number } }[]).map(({ type, server }) => {
      if (type !== 'server' || !server) throw new ApiError(422, 'unsupported_error', 'only servers can be named here');
      return project.server(server.id).id;
    });
  router.on('POST', '/firewalls/:id/actions/apply_to_resources', (call) => {
    const { id } = find(call.id());
    for (const server of resources(call.body, 'apply_to').map((one) => project.server(one))) {
      if (server.firewalls.includes(id))
        throw new ApiError(422, 'firewall_already_applied', 'firewall is already applied');
      server.firewalls = [...server.firewalls, id];
    }
    return { status: 201, body: { actions: [showAction(act('apply_firewall', id))] } };
  });
  router.on('POST', '/firewalls/:id/actions/remove_from_resources', (call) => {
    const { id } = find(call.id());
    for (const server of resources(call.body, 'remove_from').map((one) => project.server(one))) {
      server.firewalls = server.firewalls.filter((one) => one !== id);
    }
    return { status: 201, body: { actions: [showAction(act('remove_firewall', id))] } };
  });
}

function readRules(value: unknown): Rule[] {
  const rules = (value ?? []) as Partial<Rule>[];
  if (!Array.isArray(rules) || rules.length > 50) throw invalid('rules', 'must be at most 50 rules');
  return rules.map((rule) => {
    const { direction, protocol, port } = rule;
    if (direction !== 'in' && direction !== 'out') throw invalid('rules', 'direction must be in or out');
    if (!['tcp', 'udp', 'icmp', 'esp', 'gre'].includes(protocol ?? '')) throw invalid('rules', 'unknown protocol');
    if ((protocol === 'tcp' || protocol === 'udp') !== (typeof port === 'string'))
      throw invalid('rules', 'port belongs to tcp and udp');
    const ranges = [...(rule.source_ips ?? []), ...(rule.destination_ips ?? [])];
    if (ranges.length > 100 || ranges.some((range) => !range.includes('/')))
      throw invalid('rules', 'ranges need a prefix length, 100 at most');
    return {
      direction,
      protocol: protocol!,
      port: port ?? null,
      source_ips: rule.source_ips ?? [],
      destination_ips: rule.destination_ips ?? [],
      description: rule.description ?? null,
    };
  });
}

/** Whether the server's firewalls let TCP from `source` reach a public port. No firewall: everything. */
export function allowed(project: Project, serverId: number, port: number, source: string): boolean {
  const server = project.servers.byId.get(serverId);
  if (!server) return false;
  if (server.firewalls.length === 0) return true;
  const fits = (rule: Rule): boolean => {
    const [from = '', to = from] = (rule.port ?? '').split('-');
    return (
      rule.direction === 'in' &&
      rule.protocol === 'tcp' &&
      (rule.port === 'any' || (port >= Number(from) && port <= Number(to))) &&
      rule.source_ips.some((range) => contains(range, source))
    );
  };
  return server.firewalls.some((id) => project.firewalls.byId.get(id)?.rules.some(fits));
}
