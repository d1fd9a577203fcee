import { z } from 'zod';

import type { FileFields } from '../../domain/spec/schema.js';

/** The oldest Kubernetes minor whose configuration Slipway writes: 1.34. */
const oldestMinor = 34;

/** The newest release this version of Slipway was tried with; also what a file gets that names none. */
const defaultVersion = 'v1.36.5+k3s1';

/** Parts of k3s that a file may have servers leave out: nothing of Slipway's takes their place. */
export const optionalParts = ['coredns', 'metrics-server'] as const;

/** What a cluster file says of Kubernetes in k3s's own words. */
export const fileFields = {
  version: z
    .string()
    .regex(/^v1\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\+k3s[1-9]\d?$/, {
      error: `an exact k3s release such as ${defaultVersion}`,
      abort: true,
    })
    .refine(
      (version) => Number(version.split('.')[1]) >= oldestMinor,
      `v1.${oldestMinor} or newer; older releases are out of support`,
    )
    .default(defaultVersion),
  disable: z
    .array(z.enum(optionalParts))
    .default([])
    .describe('Parts of k3s to leave out, beside those that Slipway’s own components take the place of.'),
} satisfies FileFields;
