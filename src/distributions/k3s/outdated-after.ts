import { type Machine, type OutdatedMachine, outdatedMachines } from '../../domain/index.js';
import type { MachineProvider } from '../../provider/port.js';
import type { ObserveRequest } from '../port.js';
import type { K3sFacts } from './context.js';
import { installedVersion } from './hosts.js';
import { asked, configText, knownStates } from './running.js';

/** What is left when all steps are done: newcomers run what the servers run, too, and labels are set. */
export function outdatedAfter(
  provider: Pick<MachineProvider, 'defaults' | 'kubernetesIntegration'>,
  { spec, userData }: Pick<ObserveRequest, 'spec' | 'userData'>,
  facts: K3sFacts,
  machines: readonly Machine[],
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
