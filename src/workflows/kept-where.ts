import type { ClusterSpec } from '../domain/spec/schema.js';
import { RefusedError } from '../errors/index.js';

/**
 * What is kept of a cluster, its keys and backups, may lie only where its data may.
 * @param country `here` for this computer, undefined where that is not known
 * @throws RefusedError code OUTSIDE_RESIDENCY
 */
export function refuseOutside(
  { name, provider: { residency } }: Pick<ClusterSpec, 'name' | 'provider'>,
  { where, country }: { readonly where: string; readonly country: string | undefined },
  instead: string,
): void {
  if (!residency || country === 'here' || (country !== undefined && residency.includes(country))) return;
  throw new RefusedError(
    `${name} may only be kept in ${residency.join(', ')}, and ${where} is in ${country ?? 'an unknown country'}.`,
    {
      code: 'OUTSIDE_RESIDENCY',
      hint: country
        ? instead
        : `If you know that the bucket is there, say so: country=${residency[0]} behind the ? of its address.`,
    },
  );
}
