import { z } from 'zod';

/** The oldest Kubernetes minor whose configuration Slipway writes: 1.34. */
const oldestMinor = 34;

/** The newest release this version of Slipway was tried with; also what a file gets that names none. */
const defaultVersion = 'v1.36.5+k3s1';

/** `kubernetes.version` of a cluster file. */
export const versionField = z
  .string()
  .regex(/^v1\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\+k3s[1-9]\d?$/, {
    error: `an exact k3s release such as ${defaultVersion}`,
    abort: true,
  })
  .refine(
    (version) => Number(version.split('.')[1]) >= oldestMinor,
    `v1.${oldestMinor} or newer; older releases are out of support`,
  )
  .default(defaultVersion);
