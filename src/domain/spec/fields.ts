import { z } from 'zod';

/** RFC 1123 label, short enough that machine names made from it fit every provider's 63 characters. */
export const resourceName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'small letters, digits and dashes, beginning with a letter')
  .max(32, 'at most 32 characters, so that machine names fit 63');

export const poolName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'small letters, digits and dashes, beginning with a letter')
  .max(16, 'at most 16 characters, so that machine names fit 63')
  .refine((name) => name !== 'cp', '`cp` is the control plane’s own name');

/** An IPv4 range with its prefix length. IPv6 ranges are taken where only a firewall reads them. */
export const cidr = z
  .string()
  .regex(
    /^([0-9]{1,3}(\.[0-9]{1,3}){3}\/([0-9]|[12][0-9]|3[0-2])|[0-9a-fA-F:]+\/[0-9]{1,3})$/,
    'a range such as 10.0.0.0/16',
  );

export const kubernetesVersion = z
  .string()
  .regex(/^v1\.\d+\.\d+\+k3s\d+$/, 'an exact k3s release such as v1.36.5+k3s1');

/** Kubernetes label keys and values: [prefix/]name with name ≤ 63, value ≤ 63. */
const labelKey = z
  .string()
  .regex(
    /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    'a Kubernetes label key',
  );
const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'a Kubernetes label value of at most 63 characters');

export const labelMap = z.record(labelKey, labelValue);

export const taint = z.strictObject({
  key: labelKey.describe('The taint’s key.'),
  value: labelValue.optional().describe('The taint’s value.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .describe('What happens to pods that do not tolerate it.'),
});
