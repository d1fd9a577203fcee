import { slotLabel, type Machine, type Secret, type DesiredMachine } from '../../domain/index.js';
import { type StepContext, valueIfKnown } from '../../engine/index.js';
import { kubeconfigFor } from './host/index.js';
import { canForward } from '../../provider/port.js';
import type { PhaseContext } from '../../phases/context.js';
import type { MachinePlan } from '../../phases/machines.js';

/**
 * Makes of a server's own kubeconfig the cluster's: it names the address that servers hold, if any, then the first server,
 * then the others as far as they are there by then.
 */
export function kubeconfigOf(
  { cluster, tools }: PhaseContext,
  { machines }: MachinePlan,
  servers: readonly DesiredMachine[],
  bootstrap: DesiredMachine,
  heldAddress: string | undefined,
): (raw: Secret, run: StepContext) => Promise<Secret> {
  return async (raw, run) => {
    const there = servers
      .map((server) => valueIfKnown(machines.get(slotLabel(server))!, run))
      .filter((machine): machine is Machine => machine?.publicAddress !== undefined)
      .sort((a, b) => Number(b.slot === bootstrap.slot) - Number(a.slot === bootstrap.slot));
    const targets = [...(heldAddress === undefined ? [] : [heldAddress]), ...there.map((one) => one.publicAddress!)];
    const urls: string[] = [];
    for (const target of targets) {
      const { host, port } = canForward(tools.provider)
        ? await tools.provider.forward(target, 6443, run)
        : { host: target, port: 6443 };
      urls.push(`https://${host}:${port}`);
    }
    return kubeconfigFor(raw, { cluster: cluster.name, servers: urls });
  };
}
