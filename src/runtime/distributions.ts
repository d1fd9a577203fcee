import type { Distribution } from '../distributions/port.js';
import type { DistributionName } from '../domain/spec/schema.js';

/** What clusters can be made of, loaded when first used. */
export const distributions: Readonly<Record<DistributionName, () => Promise<Distribution>>> = {
  lke: async () => (await import('../distributions/lke/index.js')).lke,
  k3s: async () => (await import('../distributions/k3s/index.js')).k3s,
};
