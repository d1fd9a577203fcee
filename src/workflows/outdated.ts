import { type Machine, type OutdatedMachine, outdatedMachines } from '../domain/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { RefusedError } from '../errors/index.js';
import type { ClusterFacts } from '../phases/context.js';
import { installedVersion } from '../phases/hosts.js';
import type { MachineProvider } from '../provider/port.js';

/**
 * A file that asks for an older release than a node runs: Kubernetes does not go back.
 * @throws RefusedError code VERSION_OLDER
 */
export function refuseOlderVersion(cluster: string, outdated: readonly OutdatedMachine[]): void {
  const newer = outdated.flatMap(({ machine, remedy, reasons }) =>
    remedy === 'refuse'
      ? reasons.filter(({ reason }) => reason === 'version').map((found) => ({ machine, found }))
      : [],
  );
  const [first] = newer;
  if (!first) return;
  const { desired, observed } = first.found;
  throw new RefusedError(
    `The file asks for Kubernetes ${desired}, and ${cluster} runs ${observed} already. Kubernetes does not go back to an older release.`,
    {
      code: 'VERSION_OLDER',
      hint: `Set kubernetes.version to ${observed} or newer.`,
      details: newer.map(({ machine, found }) => `${machine} runs ${found.observed}`),
    },
  );
}

/** What is left when all steps are done: newcomers run what the servers run, too. */
export function outdatedAfter(
  { defaults }: Pick<MachineProvider, 'defaults'>,
  spec: ClusterSpec,
  facts: ClusterFacts,
  machines: readonly Machine[],
): readonly OutdatedMachine[] {
  return outdatedMachines(spec, defaults, machines, (name) => {
    const node = facts.nodes?.get(name);
    return node?.ready ? node.version : installedVersion(name, facts);
  });
}
