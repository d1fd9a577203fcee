import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { LkeAcl } from './state.js';

const address = z
  .string()
  .refine((text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text), 'Must be a valid IP address');

export const aclBody = z.strictObject({
  enabled: z.boolean().optional(),
  addresses: z.strictObject({ ipv4: z.array(address).nullish(), ipv6: z.array(address).nullish() }).nullish(),
  'revision-id': z.string().optional(),
});

/** One address is a range of itself. */
const asRange = (text: string): string => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);

export const aclOf = (order: z.output<typeof aclBody>, revision: string): LkeAcl => ({
  enabled: order.enabled ?? false,
  ipv4: (order.addresses?.ipv4 ?? []).map(asRange),
  ipv6: (order.addresses?.ipv6 ?? []).map(asRange),
  revision: order['revision-id'] ?? revision,
});

export const aclShape = (acl: LkeAcl | null) => ({
  acl: {
    enabled: acl?.enabled ?? false,
    addresses: { ipv4: acl?.ipv4 ?? [], ipv6: acl?.ipv6 ?? [] },
    'revision-id': acl?.revision ?? '',
  },
});

/** A list that is on lets in nobody whom it does not name. */
export function admits(acl: LkeAcl | null | undefined, source: string): boolean {
  if (!acl?.enabled) return true;
  const from = ipaddr.parse(source);
  const ranges = from.kind() === 'ipv4' ? acl.ipv4 : acl.ipv6;
  return ranges.some((range) => from.match(ipaddr.parseCIDR(range)));
}
