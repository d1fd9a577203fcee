import {
  bySlot,
  diffMachines,
  inRound,
  holding,
  newcomerVersion,
  outdatedMachines,
  podsThatStay,
  quarantineLabel,
  type Machine,
  type Secret,
  withoutMachines,
  withoutPlaces,
  usesStandbys,
  withOnlyLost,
  withPlacesLeft,
  withPromotions,
  withStandbysLeft,
} from '../../domain/index.js';
import { RefusedError } from '../../errors/index.js';
import { type HostState, observe as observeTask, parseHostState } from './host/index.js';
import { boundByVolumes } from '../../phases/bound-by-volumes.js';
import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import type { Tools } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import { lookInside } from '../../phases/session.js';
import type { Findings, ObserveRequest } from '../port.js';
import type { K3sFacts } from './context.js';
import { findingsOf } from './findings.js';
import { unfitMachines } from './unfit.js';
import { reach } from '../../phases/reach.js';
import { disabledParts, knownStates, madeByNow, serverVersions } from './running.js';

/**
 * Gathers the facts a plan is made from: the provider's machines and infrastructure, the cluster's nodes and, where a
 * control plane is not found Ready or may hold the API's address, what its host says. Changes nothing.
 * @throws UsageError code SELF_UNKNOWN when `self` is allowed and this computer's address cannot be found.
 */
export async function observe(
  tools: Tools,
  asked: ObserveRequest,
  options: { readonly signal: AbortSignal },
): Promise<Findings> {
  return findingsOf(tools, asked, await find(tools, asked, options));
}

async function find(
  tools: Tools,
  { cluster, spec, sshPublicKey, look, userData, round }: ObserveRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<Pick<Findings, 'request'> & { readonly facts: K3sFacts }> {
  const { provider, folder } = tools;
  const context = { ...tools, signal };
  const options = { signal };
  const [listed, self, kubeconfig] = await Promise.all([
    provider.machines.list(cluster, options),
    ownAddress(provider, spec, context.signal),
    look.endsWith('without the API') ? undefined : folder.kubeconfig(),
  ]);
  const reached = listed.length > 0 && kubeconfig ? await reach(context, kubeconfig) : undefined;
  const aside = await quarantined(reached, options);
  const machines = [...inRound(withoutPlaces(listed, aside.nodes), round)].sort(bySlot);
  const compared = holding(diffMachines(cluster, spec, provider.defaults, machines, round?.demand), aside.staying);
  const placed = withPlacesLeft(compared, round);
  const all = await boundByVolumes(provider, cluster, placed, options);
  const lost = withOnlyLost(all, round);
  const comparison = usesStandbys(round)
    ? withPromotions(lost, cluster, spec, provider.defaults, machines)
    : withStandbysLeft(lost);
  const request = requestFor(provider, { cluster, spec, sshPublicKey, self }, all);
  const [resources, previews] = await Promise.all([
    provider.infrastructure.plan(request, options),
    provider.machines.previewCreate(
      cluster,
      [...comparison.missing.filter(({ promotes }) => !promotes), ...comparison.standbys.missing],
      options,
    ),
  ]);
  const worthALook = (machine: Machine): boolean => {
    const ready = reached?.nodes.get(machine.name)?.ready ?? false;
    // Who holds the API's address, only the hosts can tell.
    return ready ? spec.kubernetes.api.address !== undefined : comparison.current.includes(machine);
  };
  const suspects = look.startsWith('from afar')
    ? []
    : [...comparison.current, ...comparison.excess].filter(
        (machine) => machine.role === 'control-plane' && worthALook(machine),
      );
  const hosts = await lookAtHosts(context, tools, suspects);
  const serving = [...hosts.values()].some(({ unit, active }) => unit === 'server' && active);
  const found = reached ?? (kubeconfig && serving ? await reachAgain(context, kubeconfig) : undefined);
  const nodes = found?.nodes;
  const servers = serverVersions(machines, nodes, hosts);
  const parts = disabledParts(provider, spec, nodes);
  const facts = {
    machines,
    comparison,
    outdated: outdatedMachines(
      spec,
      provider.defaults,
      [...comparison.current, ...comparison.excess.filter(({ markedForRemoval }) => markedForRemoval)],
      knownStates(provider, spec, nodes, userData),
    ),
    serverVersions: servers,
    newcomerVersion: round?.release ?? newcomerVersion(spec.kubernetes.version, servers),
    disabledParts: parts,
    madeBy: madeByNow(provider, spec, parts, userData),
    previews,
    resources,
    nodes,
    api: found?.api,
    hosts,
    kubeconfig,
  };
  const unfit = unfitMachines(facts);
  return { request, facts: { ...facts, unfit, comparison: withoutMachines(comparison, unfit) } };
}

/** Nodes that an upgrade could not empty, and those of them that are Ready and have pods still. */
async function quarantined(
  reached: Awaited<ReturnType<typeof reach>>,
  options: { readonly signal: AbortSignal },
): Promise<{ readonly nodes: ReadonlySet<string>; readonly staying: ReadonlyMap<string, readonly string[]> }> {
  const found = [...(reached?.nodes.values() ?? [])].filter(({ labels }) => labels[quarantineLabel] !== undefined);
  const alive = found.filter(({ ready }) => ready).map(({ name }) => name);
  const staying =
    alive.length > 0 && reached ? podsThatStay(alive, await reached.api.kube.drainView(alive, options)) : [];
  return { nodes: new Set(found.map(({ name }) => name)), staying: new Map(staying) };
}

type Context = Tools & { readonly signal: AbortSignal };

/** A server that runs while no API answers may just be voting: it is asked for a while before its silence counts. */
async function reachAgain(context: Context, kubeconfig: Secret): ReturnType<typeof reach> {
  for (let left = deadlines.election; left > 0; left -= 1000) {
    await context.clock.sleep(1000, context.signal);
    const reached = await reach(context, kubeconfig);
    if (reached) return reached;
  }
  return undefined;
}

/** What k3s is on these machines; one that does not answer in time is left out. */
async function lookAtHosts(
  context: Context,
  tools: Tools,
  machines: readonly Machine[],
): Promise<ReadonlyMap<string, HostState>> {
  const states = await Promise.all(
    machines.map(async (machine): Promise<[string, HostState] | undefined> => {
      try {
        const session = await lookInside(tools, machine, context);
        return [machine.name, parseHostState(await session.run(observeTask(), context))];
      } catch (error) {
        context.signal.throwIfAborted();
        if (error instanceof RefusedError) throw error;
        return undefined;
      }
    }),
  );
  return new Map(states.filter((state) => state !== undefined));
}
