import type { ClusterSpec } from './spec/schema.js';

const nothing = { preset: 'none', folders: [] as string[] } as unknown as NonNullable<ClusterSpec['components']>;
const longestName = 32;
const drillSuffix = '-drill';

/** What a drill calls the copy that it makes of a cluster, and deletes again. */
export const drillName = (cluster: string): string =>
  `${cluster.slice(0, longestName - drillSuffix.length).replace(/-+$/, '')}${drillSuffix}`;

/**
 * What a copy of a cluster is made of that is only to be looked at: one server of the same kind at the same place. Nothing runs
 * in it, so it has no pools and no components; it is not backed up, and answers at its own address.
 */
export function quarantineSpec(spec: ClusterSpec, name: string): ClusterSpec {
  const { address: _, ...api } = spec.kubernetes.api;
  const { backup: __, components: ___, ...rest } = spec;
  return {
    ...rest,
    name,
    kubernetes: { ...spec.kubernetes, api },
    controlPlane: { ...spec.controlPlane, count: 1 },
    pools: [],
    components: nothing,
  };
}

/** How long a proven restore counts: a drill that is due is one that was made longer ago. */
export const drillEveryMs = 7 * 24 * 3_600_000;
