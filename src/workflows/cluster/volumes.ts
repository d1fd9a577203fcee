import type { ClusterRef, Comparison } from '../../domain/index.js';
import type { MachineProvider, Problem } from '../../provider/port.js';

/**
 * Volumes stay where they are: a place that all machines leave has nobody left to attach those that lie there.
 * @param now how the cluster is
 * @param then how it is to be
 */
export async function volumeProblems(
  provider: Pick<MachineProvider, 'ownedResources'>,
  cluster: ClusterRef,
  now: Comparison,
  then: Comparison,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const places = new Set(then.desired.map(({ location }) => location));
  const left = new Set(now.current.map(({ location }) => location).filter((location) => !places.has(location)));
  if (left.size === 0) return [];
  const volumes = (await provider.ownedResources(cluster, { signal })).filter(
    ({ kind, location }) => kind === 'volume' && left.has(location),
  );
  if (volumes.length === 0) return [];
  return [
    {
      code: 'VOLUMES_LEFT',
      kind: 'refused',
      message: `Volumes do not move, and no machine would be left at ${[...left].join(', ')} to attach those that are there.`,
      hint: 'Keep a machine there, or move the data to volumes elsewhere and delete these.',
      details: volumes.map(({ name, location, because }) => `${name} at ${location} (${because})`),
    },
  ];
}
