import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { findOurs, isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { whileBusy } from '../../../src/provider/kit/while-busy.js';
import { clusterLabels } from '../../../src/domain/labels.js';
import type { ClusterRequest } from '../../../src/provider/port.js';
import { waits } from '../context.js';
import { names, resourceIds, selectorOf, account } from '../names.js';
import { actionShape, firewallShape, type WireFirewallRule } from '../wire.js';
import { type Ensure, type HetznerResource, type PlanInput } from './resource.js';

type Desired = { readonly kind: 'firewall'; readonly rules: readonly WireFirewallRule[] };

const answer = z.object({ firewall: firewallShape, actions: z.array(actionShape).optional().default([]) });
const actionsAnswer = z.object({ actions: z.array(actionShape) });

/** A range with its host bits cleared, in the form that Hetzner stores. */
export function normalRange(range: string): string {
  const [address, bits] = ipaddr.parseCIDR(range);
  const base =
    address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(range) : ipaddr.IPv6.networkAddressFromCIDR(range);
  return `${base.toString()}/${bits}`;
}

/**
 * What the firewall lets in: SSH and the API from the ranges asked for, and ping. Everything else that comes from
 * outside is dropped; private networks are not filtered; everything may go out.
 */
export function desiredRules({
  sshAllow,
  apiAllow,
}: Pick<ClusterRequest, 'sshAllow' | 'apiAllow'>): WireFirewallRule[] {
  const ranges = (allow: readonly string[]): string[] => [...new Set(allow.map(normalRange))].sort();
  const tcp = (port: string, allow: readonly string[], description: string): WireFirewallRule[] =>
    allow.length === 0
      ? []
      : [{ direction: 'in', protocol: 'tcp', port, source_ips: ranges(allow), destination_ips: [], description }];
  return [
    ...tcp('22', sshAllow, 'SSH'),
    ...tcp('6443', apiAllow, 'Kubernetes API'),
    { direction: 'in', protocol: 'icmp', source_ips: ['0.0.0.0/0', '::/0'], destination_ips: [], description: 'ping' },
  ];
}

/** Whether two sets of rules let the same through; order and wording do not matter. */
export function sameRules(a: readonly WireFirewallRule[], b: readonly WireFirewallRule[]): boolean {
  const key = (rule: WireFirewallRule): string =>
    JSON.stringify([
      rule.direction,
      rule.protocol,
      rule.port ?? '',
      (rule.source_ips ?? []).map(normalRange).sort(),
      (rule.destination_ips ?? []).map(normalRange).sort(),
    ]);
  const keys = (rules: readonly WireFirewallRule[]): string => rules.map(key).sort().join('\n');
  return keys(a) === keys(b);
}

const describe = (rules: readonly WireFirewallRule[]): string =>
  rules
    .filter((rule) => rule.protocol === 'tcp')
    .map((rule) => `${rule.description} from ${(rule.source_ips ?? []).join(', ')}`)
    .join('; ');

export function planFirewall({ request, found }: PlanInput): HetznerResource<Desired> {
  const { cluster } = request;
  const name = names.firewall(cluster.name);
  const rules = desiredRules(request);
  const own = findOurs(account, 'firewall', found.firewalls, name, cluster.id);
  const state = own ? (sameRules(own.rules, rules) ? 'present' : 'differs') : 'missing';
  return {
    id: resourceIds.firewall,
    name,
    text: `${state === 'differs' ? 'change' : 'create'} firewall ${name}: ${describe(rules)}`,
    state,
    needs: [],
    ...(own && state === 'present' ? { ready: { id: String(own.id) } } : {}),
    desired: { kind: 'firewall', rules },
    clusterId: cluster.id,
    labels: clusterLabels(cluster),
  };
}

export const ensureFirewall: Ensure<Desired> = async (hetzner, resource, _made, options) => {
  const { api, actions } = hetzner;
  const { name, labels, desired, clusterId } = resource;
  const list = (query: Record<string, string>) => api.list('/firewalls', 'firewalls', firewallShape, options, query);
  const own =
    resource.state === 'missing'
      ? undefined
      : findOurs(account, 'firewall', await list({ label_selector: selectorOf({ id: clusterId }) }), name, clusterId);
  const firewall =
    own ??
    (await createNamed(
      waits(hetzner, options),
      async () => {
        const created = await api.post('/firewalls', { name, labels, rules: desired.rules }, answer, options);
        await actions.wait(created.actions, options);
        return created.firewall;
      },
      async () => (await list({ name }))[0],
    ));
  if (!isOurs(firewall, clusterId)) throw nameTakenError(account, 'firewall', firewall);
  if (!sameRules(firewall.rules, desired.rules)) {
    const path = `/firewalls/${firewall.id}/actions/set_rules`;
    const set = await whileBusy(waits(hetzner, options), ['locked'], () =>
      api.postAgain(path, { rules: desired.rules }, actionsAnswer, options),
    );
    await actions.wait(set.actions, options);
  }
  return { id: String(firewall.id) };
};
