import { z } from 'zod';

/** The part of Linode's answers that Slipway reads. These types never leave this folder. */
const tags = z.array(z.string());
const price = z.object({ hourly: z.number(), monthly: z.number() });
const priced = z.object({
  id: z.string(),
  price,
  region_prices: z
    .array(price.extend({ id: z.string() }))
    .optional()
    .default([]),
});

export const instanceShape = z.object({
  id: z.number(),
  label: z.string(),
  status: z.string(),
  created: z.string(),
  type: z.string(),
  region: z.string(),
  image: z.string().nullish(),
  ipv4: z.array(z.string()),
  tags,
  lke_cluster_id: z.number().nullish(),
});
export type WireInstance = z.output<typeof instanceShape>;

export const regionShape = z.object({
  id: z.string(),
  label: z.string(),
  country: z.string(),
  capabilities: z.array(z.string()),
  placement_group_limits: z.object({ maximum_linodes_per_pg: z.number().nullish() }).nullish(),
});
export type WireRegion = z.output<typeof regionShape>;

export const typeShape = priced.extend({
  class: z.string(),
  disk: z.number(),
  memory: z.number(),
  vcpus: z.number(),
});
export type WireType = z.output<typeof typeShape>;

export const pricedShape = priced;
export type WirePriced = z.output<typeof pricedShape>;

export const availabilityShape = z.object({ region: z.string(), plan: z.string(), available: z.boolean() });
export type WireAvailability = z.output<typeof availabilityShape>;

export const imageShape = z.object({ id: z.string(), capabilities: z.array(z.string()), status: z.string() });
export type WireImage = z.output<typeof imageShape>;

export const vpcShape = z.object({
  id: z.number(),
  label: z.string(),
  description: z.string().nullish(),
  region: z.string(),
  created: z.string(),
  subnets: z.array(z.object({ id: z.number(), ipv4: z.string(), linodes: z.array(z.object({ id: z.number() })) })),
});
export type WireVpc = z.output<typeof vpcShape>;

export const vpcAddressShape = z.object({ linode_id: z.number().nullish(), address: z.string().nullish() });
export type WireVpcAddress = z.output<typeof vpcAddressShape>;

const ruleShape = z.object({
  action: z.string(),
  protocol: z.string(),
  ports: z.string().nullish(),
  addresses: z.object({ ipv4: z.array(z.string()).nullish(), ipv6: z.array(z.string()).nullish() }).nullish(),
});
export type WireRule = z.output<typeof ruleShape>;
export const rulesShape = z.object({ inbound: z.array(ruleShape), inbound_policy: z.string().optional() });

export const firewallShape = z.object({ id: z.number(), label: z.string(), tags, rules: rulesShape });
export type WireFirewall = z.output<typeof firewallShape>;

export const groupShape = z.object({
  id: z.number(),
  label: z.string(),
  region: z.string(),
  members: z.array(z.object({ linode_id: z.number() })),
});
export type WireGroup = z.output<typeof groupShape>;

export const balancerShape = z.object({
  id: z.number(),
  label: z.string(),
  region: z.string(),
  ipv4: z.string(),
  tags,
  lke_cluster: z.object({ id: z.coerce.number() }).nullish(),
});
export type WireBalancer = z.output<typeof balancerShape>;

export const balancerConfigShape = z.object({ id: z.number(), port: z.number() });
export const balancerNodeShape = z.object({ id: z.number(), address: z.string() });

export const volumeShape = z.object({
  id: z.number(),
  label: z.string(),
  size: z.number(),
  region: z.string(),
  linode_id: z.number().nullable(),
  tags,
});
export type WireVolume = z.output<typeof volumeShape>;

export const sshKeyShape = z.object({ id: z.number(), label: z.string(), ssh_key: z.string() });
export type WireSshKey = z.output<typeof sshKeyShape>;
