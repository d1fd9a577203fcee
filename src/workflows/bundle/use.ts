import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { ClusterFacts } from '../../phases/context.js';
import { installedVersion } from '../../distributions/k3s/hosts.js';
import { isUp } from '../../phases/is-up.js';
import { k3sRules } from '../../distributions/k3s/rules.js';
import type { MachineProvider } from '../../provider/port.js';

/**
 * Reads the bundle that machines are about to get k3s from, before anything is changed. Where every machine has its
 * k3s already, the bundle may be gone.
 * @throws UsageError code BAD_BUNDLE
 */
export async function checkBundleInUse(
  spec: ClusterSpec,
  facts: ClusterFacts,
  provider: Pick<MachineProvider, 'catalog'>,
  signal: AbortSignal,
): Promise<void> {
  const { bundle } = spec.kubernetes;
  const installing = facts.comparison.desired.filter((machine) => !isUp(machine, facts, k3sRules));
  if (bundle === undefined || installing.length === 0) return;
  const { verifyBundle } = await import('../../distributions/k3s/bundle/index.js');
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
