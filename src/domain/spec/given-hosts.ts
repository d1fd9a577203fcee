import type { ClusterSpec } from './schema.js';

/** Whether the machines are hosts that were there before, which the file lists: nothing is made, billed or deleted. */
export const hostsAreGiven = ({ provider }: Pick<ClusterSpec, 'provider'>): boolean => provider.hosts !== undefined;
