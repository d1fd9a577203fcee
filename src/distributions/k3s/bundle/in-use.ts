import { isUp } from '../../../phases/is-up.js';
import type { MachineProvider } from '../../../provider/port.js';
import type { K3sFacts } from '../context.js';
import { installedVersion } from '../hosts.js';
import { k3sRules } from '../rules.js';

/**
 * Reads the bundle that machines are about to get k3s from, before anything is changed. Where every machine has its
 * k3s already, the bundle may be gone.
 * @throws UsageError code BAD_BUNDLE
 */
export async function checkInUse(
  bundle: string,
  facts: K3sFacts,
  provider: Pick<MachineProvider, 'catalog'>,
  signal: AbortSignal,
): Promise<void> {
  const installing = facts.comparison.desired.filter((machine) => !isUp(machine, facts, k3sRules));
  if (installing.length === 0) return;
  const { verifyBundle } = await import('./verify.js');
  const { machineTypes } = await provider.catalog({ signal });
  const desired = new Set(installing.flatMap((machine) => machine.types));
  const architectures = [
    ...new Set(
      machineTypes.flatMap(({ name, architecture }) => (architecture && desired.has(name) ? [architecture] : [])),
    ),
  ];
  // Not the file's: a cluster that is to be upgraded takes in machines at the release that its servers run.
  for (const version of new Set(installing.map(({ name }) => installedVersion(name, facts))))
    await verifyBundle(bundle, { version, architectures }, signal);
}
