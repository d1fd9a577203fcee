import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import type { ClusterRef } from '../../src/domain/machine.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { isOurs, nameTakenError } from '../../src/provider/kit/ownership.js';
import type * as port from '../../src/provider/port.js';
import { account, type Linode, listOf, named, waits } from './context.js';
import * as wire from './wire.js';

/** A range with its host bits cleared. */
export function normalRange(range: string): string {
  const [address, bits] = ipaddr.parseCIDR(range);
  const base =
    address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(range) : ipaddr.IPv6.networkAddressFromCIDR(range);
  return `${base.toString()}/${bits}`;
}

const rule = (label: string, protocol: string, ranges: readonly string[], ports?: string): object => {
  const all = [...new Set(ranges.map(normalRange))].sort();
  const of = (colon: boolean): string[] => all.filter((one) => one.includes(':') === colon);
  return {
    ...{ action: 'ACCEPT', label, protocol, ...(ports === undefined ? {} : { ports }) },
    addresses: {
      ...(of(false).length > 0 ? { ipv4: of(false) } : {}),
      ...(of(true).length > 0 ? { ipv6: of(true) } : {}),
    },
  };
};

/** Rules for what comes in; everything may go out. */
export const closed = (inbound: readonly object[]): object => ({
  ...{ inbound, inbound_policy: 'DROP', outbound: [], outbound_policy: 'ACCEPT' },
});

/** SSH and the API from the ranges asked for, ping, and whatever comes from the cluster's own network. */
export function machineRules({
  sshAllow,
  apiAllow,
  networkRange,
}: Pick<port.ClusterRequest, 'sshAllow' | 'apiAllow' | 'networkRange'>): object[] {
  return [
    ...(sshAllow.length > 0 ? [rule('ssh', 'TCP', sshAllow, '22')] : []),
    ...(apiAllow.length > 0 ? [rule('kubernetes-api', 'TCP', apiAllow, '6443')] : []),
    rule('ping', 'ICMP', ['0.0.0.0/0', '::/0']),
    ...['TCP', 'UDP', 'IPENCAP'].map((protocol) => rule(`network-${protocol.toLowerCase()}`, protocol, [networkRange])),
  ];
}

/** Whether two sets of rules let the same in; order and wording do not matter. */
export function sameRules(a: readonly object[], b: readonly object[]): boolean {
  const key = (one: wire.WireRule): string =>
    JSON.stringify([
      one.action,
      one.protocol,
      one.ports ?? '',
      ...[one.addresses?.ipv4, one.addresses?.ipv6].map((list) => [...(list ?? [])].sort()),
    ]);
  const keys = (rules: readonly object[]): string =>
    rules
      .map((one) => key(one as wire.WireRule))
      .sort()
      .join('\n');
  return keys(a) === keys(b);
}

/** A firewall of this name with these rules. @returns its id */
export async function ensureFirewall(
  linode: Linode,
  {
    cluster,
    name,
    rules,
    tags,
  }: {
    readonly cluster: ClusterRef;
    readonly name: string;
    readonly rules: readonly object[] | undefined;
    readonly tags: readonly string[];
  },
  options: port.CallOptions,
): Promise<number> {
  const find = async () =>
    (await listOf(linode, '/networking/firewalls', wire.firewallShape, options, { label: name })).map(named)[0];
  const body = { label: name, tags, rules: closed(rules ?? []) };
  const create = async () => named(await linode.api.post('/networking/firewalls', body, wire.firewallShape, options));
  const firewall = (await find()) ?? (await createNamed(waits(linode, options), create, find));
  if (!isOurs(firewall, cluster.id)) throw nameTakenError(account, 'firewall', firewall);
  if (rules && !sameRules(firewall.rules.inbound, rules))
    await linode.api.put(`/networking/firewalls/${firewall.id}/rules`, closed(rules), z.unknown(), options);
  return firewall.id;
}
