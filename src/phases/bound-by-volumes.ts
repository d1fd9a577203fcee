import { boundToLocation, type ClusterRef, type Comparison } from '../domain/index.js';
import type { CallOptions, MachineProvider } from '../provider/port.js';

/**
 * Volumes stay where they are: where some lie and no machine stays, the one that is to come comes there and nowhere else,
 * so that they can be attached.
 */
export async function boundByVolumes(
  provider: Pick<MachineProvider, 'ownedResources'>,
  cluster: ClusterRef,
  comparison: Comparison,
  options: CallOptions,
): Promise<Comparison> {
  const { current, excess, missing } = comparison;
  const lonely = missing.filter(
    ({ elsewhere, location }) => elsewhere !== undefined && !current.some((machine) => machine.location === location),
  );
  if (lonely.length === 0 || current.length + excess.length === 0) return comparison;
  const volumes = (await provider.ownedResources(cluster, options)).filter(({ kind }) => kind === 'volume');
  return boundToLocation(
    comparison,
    lonely.filter((machine) => volumes.some(({ location }) => location === machine.location)),
  );
}
