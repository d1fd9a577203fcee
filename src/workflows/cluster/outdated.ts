import { type Machine, type OutdatedMachine, outdatedMachines } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { ClusterFacts } from '../../phases/context.js';
import { installedVersion } from '../../distributions/k3s/hosts.js';
import type { MachineProvider } from '../../provider/port.js';
import { asked, configText, knownStates } from '../../distributions/k3s/running.js';

/**
 * A file that asks for an older release than the cluster runs.
 * @throws RefusedError code VERSION_OLDER
 */
export function refuseOlderVersion(cluster: string, { outdated }: Pick<ClusterFacts, 'outdated'>): void {
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

/** What is left when all steps are done: newcomers run what the servers run, too, and labels are set. */
export function outdatedAfter(
  provider: Pick<MachineProvider, 'defaults' | 'kubernetesIntegration'>,
  spec: ClusterSpec,
  facts: ClusterFacts,
  machines: readonly Machine[],
  userData: string,
): readonly OutdatedMachine[] {
  const known = knownStates(provider, spec, facts.nodes, userData);
  return outdatedMachines(spec, provider.defaults, machines, (machine) => {
    const { desired, observed } = known(machine);
    if (facts.nodes?.get(machine.name)?.ready) return { desired, observed: { ...observed, labels: undefined } };
    const version = installedVersion(machine.name, facts);
    const started = { desired, observed: { version, template: observed.template } };
    if (machine.role !== 'control-plane') return started;
    const config = configText(facts.disabledParts);
    return {
      desired: { ...desired, config: configText(asked(provider, spec)) },
      observed: { ...started.observed, config },
    };
  });
}
