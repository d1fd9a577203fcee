import { isUp } from '../../phases/is-up.js';
import type { MachineProvider } from '../../provider/port.js';
import type { BundleNeeds } from '../bundles.js';
import type { K3sFacts } from './context.js';
import { installedVersion } from './hosts.js';
import { k3sRules } from './rules.js';

/** What machines that are about to get k3s need of a bundle; none where every machine has its k3s already. */
export async function bundleNeeds(
  provider: Pick<MachineProvider, 'catalog'>,
  facts: K3sFacts,
  signal: AbortSignal,
): Promise<readonly BundleNeeds[]> {
  const installing = facts.comparison.desired.filter((machine) => !isUp(machine, facts, k3sRules));
  if (installing.length === 0) return [];
  const { machineTypes } = await provider.catalog({ signal });
  const desired = new Set(installing.flatMap((machine) => machine.types));
  const architectures = [
    ...new Set(
      machineTypes.flatMap(({ name, architecture }) => (architecture && desired.has(name) ? [architecture] : [])),
    ),
  ];
  // Not the file's: a cluster that is to be upgraded takes in machines at the release that its servers run.
  const versions = new Set(installing.map(({ name }) => installedVersion(name, facts)));
  return [...versions].map((version) => ({ version, architectures }));
}
