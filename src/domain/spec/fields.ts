import { z } from 'zod';

import { imagePool } from '../prepared-image.js';
import { hasHostBits, ipv4RangePattern, networkOf, parseRange, rangePattern } from './ranges.js';

/** RFC 1123 label, short enough that machine names made from it fit every provider's 63 characters. */
export const resourceName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'small letters, digits and dashes, beginning with a letter')
  .max(32, 'at most 32 characters, so that machine names fit 63');

export const poolName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'small letters, digits and dashes, beginning with a letter')
  .max(16, 'at most 16 characters, so that machine names fit 63')
  .refine((name) => name !== 'cp', '`cp` is the control plane’s own name')
  .refine((name) => name !== imagePool, '`slipway-image` is the name of what images are made from');

/** What is wrong with a range that has the right form; undefined: nothing. */
function rangeProblem(text: string): string | undefined {
  if (parseRange(text) === undefined) return 'a range such as 10.0.0.0/16';
  if (hasHostBits(text)) return `the first address of the range; did you mean ${networkOf(text) ?? ''}?`;
  return undefined;
}

const range = (pattern: RegExp, form: string) =>
  z
    .string()
    .regex(pattern, { error: form, abort: true })
    .check((context) => {
      const message = rangeProblem(context.value);
      if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
    });

/** An IPv4 or IPv6 range with its prefix length, for firewalls. */
export const cidr = range(rangePattern, 'a range such as 203.0.113.0/24');

/** An IPv4 range with its prefix length, for the cluster's own networks. */
export const ipv4Cidr = range(ipv4RangePattern, 'an IPv4 range such as 10.0.0.0/16');

/** One IPv4 address, without a prefix length. */
export const ipv4Address = z.ipv4({ error: 'an IPv4 address such as 10.0.0.10' });

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
