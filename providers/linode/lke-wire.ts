import { z } from 'zod';

/** The part of LKE's answers that Slipway reads. */
export const clusterShape = z.object({
  id: z.number(),
  label: z.string(),
  region: z.string(),
  k8s_version: z.string(),
  tags: z.array(z.string()),
  control_plane: z.object({ high_availability: z.boolean() }),
});
export type WireCluster = z.output<typeof clusterShape>;

export const poolShape = z.object({
  id: z.number(),
  type: z.string(),
  count: z.number(),
  autoscaler: z.object({ enabled: z.boolean(), min: z.number(), max: z.number() }),
  labels: z.record(z.string(), z.string()).nullish(),
  taints: z.array(z.object({ key: z.string(), value: z.string().nullish(), effect: z.string() })).nullish(),
  tags: z.array(z.string()).nullish(),
  nodes: z.array(z.object({ id: z.string(), instance_id: z.number().nullable(), status: z.string() })),
});
export type WirePool = z.output<typeof poolShape>;

export const aclShape = z.object({
  acl: z.object({
    enabled: z.boolean(),
    addresses: z.object({ ipv4: z.array(z.string()).nullish(), ipv6: z.array(z.string()).nullish() }).nullish(),
  }),
});

export const versionShape = z.object({ id: z.string() });
export const kubeconfigShape = z.object({ kubeconfig: z.string() });
