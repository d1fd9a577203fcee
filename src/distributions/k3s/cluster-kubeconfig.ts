import { slotLabel, type Machine, type Secret, type DesiredMachine } from '../../domain/index.js';
import { type StepContext, valueIfKnown } from '../../engine/index.js';
import type { MachinePlan } from '../../phases/machines.js';
import { endpointOf } from '../../phases/session.js';
import type { MachineProvider } from '../../provider/port.js';
import type { RunOptions } from '../../remote/types.js';
import type { ReadKubeconfig } from '../../phases/adoption.js';
import type { K3sContext } from './context.js';
import { kubeconfigFor, parseServerInfo, serverInfo } from './host/index.js';

/**
 * Makes of a server's own kubeconfig the cluster's: it names the address that servers hold, if any, then the first server,
 * then the others as far as they are there by then.
 * @param leaving a server that is to go, by which the API is reached until then
 */
export function kubeconfigOf(
  { cluster, tools }: K3sContext,
  { machines }: MachinePlan,
  servers: readonly DesiredMachine[],
  bootstrap: DesiredMachine,
  heldAddress: string | undefined,
  leaving?: Machine,
): (raw: Secret, run: StepContext) => Promise<Secret> {
  return async (raw, run) => {
    const there = servers
      .map((server) => valueIfKnown(machines.get(slotLabel(server))!, run))
      .filter((machine): machine is Machine => machine?.publicAddress !== undefined)
      .sort((a, b) => Number(b.slot === bootstrap.slot) - Number(a.slot === bootstrap.slot));
    const urls = await apiUrls(tools.provider, [...(leaving ? [leaving] : []), ...there], heldAddress, run);
    return kubeconfigFor(raw, { cluster: cluster.name, servers: urls });
  };
}

/** k3s writes a kubeconfig on each server. */
export const readKubeconfig: ReadKubeconfig = async (session, { name, provider, servers, heldAddress }, options) => {
  const info = await session.run(serverInfo({ deadlineMs: provider.traits.answersWithinMs }), options);
  const urls = await apiUrls(provider, servers, heldAddress, options);
  return kubeconfigFor(parseServerInfo(info).kubeconfig, { cluster: name, servers: urls });
};

/** Where this computer finds the API: at the address that servers hold, if any, then at each server. */
async function apiUrls(
  provider: MachineProvider,
  servers: readonly Pick<Machine, 'publicAddress'>[],
  heldAddress: string | undefined,
  options: RunOptions,
): Promise<readonly string[]> {
  const addresses = [heldAddress, ...servers.map(({ publicAddress }) => publicAddress)];
  const urls: string[] = [];
  for (const address of addresses) {
    if (address === undefined) continue;
    const { host, port } = await endpointOf(provider, address, 6443, options);
    urls.push(`https://${host}:${port}`);
  }
  return urls;
}
