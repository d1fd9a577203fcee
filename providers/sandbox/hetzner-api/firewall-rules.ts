import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { invalidInput, type FieldProblem } from './errors.js';
import type { FirewallRule } from './state.js';

const maxRules = 50;
const maxCidrs = 100;

const ruleShape = z.object({
  description: z.string().max(255).nullish(),
  direction: z.enum(['in', 'out']),
  source_ips: z.array(z.string()).max(maxCidrs).default([]),
  destination_ips: z.array(z.string()).max(maxCidrs).default([]),
  protocol: z.enum(['tcp', 'udp', 'icmp', 'esp', 'gre']),
  port: z.string().nullish(),
});

export const rulesShape = z.array(ruleShape).max(maxRules);

/** `80` or `1024-5000`. */
export function parsePorts(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from >= 1 && to <= 65_535 && from <= to ? [from, to] : undefined;
}

/** A network with its prefix and no bits behind it, in its canonical form; undefined for anything else. */
function canonical(text: string): string | undefined {
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [address, bits] = ipaddr.parseCIDR(text);
  if (address.kind() === 'ipv4') {
    const network = ipaddr.IPv4.networkAddressFromCIDR(text).toString();
    return network === text.split('/')[0] ? `${network}/${bits}` : undefined;
  }
  const network = ipaddr.IPv6.networkAddressFromCIDR(text).toRFC5952String();
  return network === ipaddr.IPv6.parse(address.toString()).toRFC5952String() ? `${network}/${bits}` : undefined;
}

const canonicalAll = (cidrs: readonly string[]): string[] => cidrs.map((cidr) => canonical(cidr) ?? cidr);

/** @throws ApiError invalid_input naming every field of every rule that is wrong. */
export function readRules(rules: z.output<typeof rulesShape>): FirewallRule[] {
  const problems: FieldProblem[] = [];
  const wrong = (index: number, field: string, message: string): void => {
    problems.push({ name: `rules.${index}.${field}`, messages: [message] });
  };
  rules.forEach((rule, index) => {
    const [own, other] =
      rule.direction === 'in'
        ? (['source_ips', 'destination_ips'] as const)
        : (['destination_ips', 'source_ips'] as const);
    if (rule[own].length === 0) wrong(index, own, 'must not be empty');
    if (rule[other].length > 0) wrong(index, other, `must be empty for direction ${rule.direction}`);
    for (const cidr of rule[own])
      if (!canonical(cidr)) wrong(index, own, `'${cidr}' is not a network in CIDR notation`);
    const hasPort = rule.protocol === 'tcp' || rule.protocol === 'udp';
    if (hasPort && (rule.port == null || !parsePorts(rule.port)))
      wrong(index, 'port', 'must be a port or a port range');
    if (!hasPort && rule.port != null) wrong(index, 'port', `must not be given for ${rule.protocol}`);
  });
  if (problems.length > 0) throw invalidInput(problems);
  return rules.map((rule) => ({
    ...rule,
    source_ips: canonicalAll(rule.source_ips),
    destination_ips: canonicalAll(rule.destination_ips),
    description: rule.description ?? null,
    port: rule.port ?? null,
  }));
}

/** Whether rules let a TCP connection in. Firewalls only ever allow: what no rule names is dropped. */
export function isAllowedBy(rules: readonly FirewallRule[], port: number, source: string): boolean {
  if (!ipaddr.isValid(source)) return false;
  const from = ipaddr.process(source);
  return rules.some((rule) => {
    if (rule.direction !== 'in' || rule.protocol !== 'tcp' || rule.port === null) return false;
    const ports = parsePorts(rule.port);
    if (!ports || port < ports[0] || port > ports[1]) return false;
    return rule.source_ips.some((cidr) => {
      const range = ipaddr.parseCIDR(cidr);
      return range[0].kind() === from.kind() && from.match(range);
    });
  });
}
