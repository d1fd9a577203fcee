import { z } from 'zod';

/**
 * The part of Hetzner's answers that Slipway reads. Fields that nothing here uses are left out, so a new field of
 * theirs breaks nothing, and one that vanishes is found at the first answer. These types never leave this folder.
 */
const labels = z.record(z.string(), z.string());
const protection = z.object({ delete: z.boolean() });
const price = z.object({ net: z.string() });
const pricesByLocation = z.array(z.object({ location: z.string(), price_monthly: price }));
const deprecation = z.object({ announced: z.string(), unavailable_after: z.string() }).nullish();

export const actionShape = z.object({
  id: z.number(),
  command: z.string(),
  status: z.enum(['running', 'success', 'error']),
  progress: z.number(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});
export type WireAction = z.output<typeof actionShape>;

export const serverShape = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  created: z.string(),
  public_net: z.object({
    ipv4: z.object({ ip: z.string() }).nullish(),
    ipv6: z.object({ ip: z.string() }).nullish(),
    firewalls: z.array(z.object({ id: z.number().optional() })).optional(),
  }),
  private_net: z.array(z.object({ network: z.number().optional(), ip: z.string().optional() })),
  server_type: z.object({ name: z.string() }),
  location: z.object({ name: z.string() }),
  /** Null once the image is deleted; a snapshot has no name. */
  image: z.object({ id: z.number(), name: z.string().nullish(), labels: labels.optional() }).nullish(),
  labels,
});
export type WireServer = z.output<typeof serverShape>;

export const sshKeyShape = z.object({
  id: z.number(),
  name: z.string(),
  fingerprint: z.string(),
  labels,
});
export type WireSshKey = z.output<typeof sshKeyShape>;

export const networkShape = z.object({
  id: z.number(),
  name: z.string(),
  ip_range: z.string(),
  subnets: z.array(z.object({ type: z.string(), ip_range: z.string().optional(), network_zone: z.string() })),
  servers: z.array(z.number()).optional().default([]),
  load_balancers: z.array(z.number()).optional().default([]),
  labels,
  created: z.string(),
});
export type WireNetwork = z.output<typeof networkShape>;

export const firewallRuleShape = z.object({
  direction: z.string(),
  protocol: z.string(),
  port: z.string().nullish(),
  source_ips: z.array(z.string()).optional(),
  destination_ips: z.array(z.string()).optional(),
  description: z.string().nullish(),
});
export type WireFirewallRule = z.output<typeof firewallRuleShape>;

export const firewallShape = z.object({
  id: z.number(),
  name: z.string(),
  rules: z.array(firewallRuleShape),
  labels: labels.optional().default({}),
});
export type WireFirewall = z.output<typeof firewallShape>;

export const placementGroupShape = z.object({
  id: z.number(),
  name: z.string(),
  servers: z.array(z.number()),
  labels,
});
export type WirePlacementGroup = z.output<typeof placementGroupShape>;

const serverRef = z.object({ id: z.number() });

export const loadBalancerShape = z.object({
  id: z.number(),
  name: z.string(),
  private_net: z.array(z.object({ network: z.number().nullish(), ip: z.string().nullish() })),
  location: z.object({ name: z.string(), network_zone: z.string().optional() }),
  load_balancer_type: z.object({
    name: z.string(),
    prices: z.array(z.object({ location: z.string(), price_monthly: price })),
  }),
  services: z.array(z.object({ protocol: z.string(), listen_port: z.number(), destination_port: z.number() })),
  targets: z.array(
    z.object({
      type: z.string(),
      server: serverRef.nullish(),
      label_selector: z.object({ selector: z.string() }).nullish(),
      targets: z.array(z.object({ server: serverRef.nullish() })).nullish(),
      use_private_ip: z.boolean().nullish(),
    }),
  ),
  labels,
  created: z.string(),
});
export type WireLoadBalancer = z.output<typeof loadBalancerShape>;

export const volumeShape = z.object({
  id: z.number(),
  name: z.string(),
  server: z.number().nullable(),
  size: z.number(),
  location: z.object({ name: z.string() }),
  labels,
  created: z.string(),
});
export type WireVolume = z.output<typeof volumeShape>;

export const primaryIpShape = z.object({
  id: z.number(),
  name: z.string(),
  ip: z.string(),
  assignee_id: z.number().nullable(),
  protection,
  labels,
});

export const locationShape = z.object({
  name: z.string(),
  city: z.string(),
  country: z.string(),
  network_zone: z.string(),
});
export type WireLocation = z.output<typeof locationShape>;

export const serverTypeShape = z.object({
  name: z.string(),
  cores: z.number(),
  memory: z.number(),
  disk: z.number(),
  architecture: z.enum(['x86', 'arm']),
  deprecation,
  locations: z.array(z.object({ name: z.string(), available: z.boolean(), deprecation })),
  prices: z.array(z.object({ location: z.string(), price_hourly: price, price_monthly: price })),
});
export type WireServerType = z.output<typeof serverTypeShape>;

export const imageShape = z.object({
  id: z.number(),
  name: z.string().nullable(),
  architecture: z.enum(['x86', 'arm']),
  status: z.string(),
});
export type WireImage = z.output<typeof imageShape>;

export const snapshotShape = imageShape.extend({
  created: z.string(),
  created_from: z.object({ id: z.number() }).nullish(),
  disk_size: z.number(),
  image_size: z.number().nullish(),
  labels,
});
export type WireSnapshot = z.output<typeof snapshotShape>;

export const pricingShape = z.object({
  currency: z.string(),
  volume: z.object({ price_per_gb_month: price }),
  primary_ips: z.array(z.object({ type: z.string(), prices: pricesByLocation })),
  load_balancer_types: z.array(z.object({ name: z.string(), prices: pricesByLocation })),
});
