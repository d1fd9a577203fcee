import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import { reach } from '../../phases/reach.js';
import type { Tools } from '../../phases/context.js';
import { resolveSelf } from '../../domain/index.js';
import type { Findings, ObserveRequest } from '../port.js';
import type { ManagedCluster } from '../../provider/managed.js';
import type { Catalog, MachineProvider } from '../../provider/port.js';
import { comparePools, type Pools } from './compare.js';
import { type LkeContext, type LkeFacts, managedBy } from './context.js';
import { endOf } from './end-of-life.js';
import { compareMachines, locationOf } from './machines.js';
import { fatesOf } from './nodes.js';
import { plan } from './plan.js';
import { refuseImpossible } from './refusals.js';
import { olderNodes, remarksOn } from './remarks.js';

/**
 * Gathers the facts a plan is made from: what LKE has of the cluster, and its nodes. Changes nothing.
 * @throws UsageError codes SELF_UNKNOWN, DISTRIBUTION_UNSUPPORTED
 */
export async function observe(
  tools: Tools,
  asked: ObserveRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<Findings> {
  const { provider, folder, clock } = tools;
  const { cluster, spec, sshPublicKey, look, round } = asked;
  const lke = managedBy(provider);
  const options = { signal };
  const [managed, self, kubeconfig, catalog] = await Promise.all([
    lke.find(cluster, options),
    ownAddress(provider, spec, signal),
    look.endsWith('without the API') ? undefined : folder.kubeconfig(),
    provider.catalog(options),
  ]);
  const reached = managed && kubeconfig ? await reach({ ...tools, signal }, kubeconfig) : undefined;
  const [patch, price] = await Promise.all([
    reached?.api.kube.version(options),
    controlPlanePrice(provider, spec, managed, options),
  ]);
  const location = locationOf(spec, provider.defaults.location, managed);
  const pools = comparePools(spec, provider.defaults.workerType, managed);
  const types = typesFor(pools, catalog, location);
  const found = { pools, nodes: reached?.nodes };
  const { recycled, removed } = fatesOf(found, { version: spec.kubernetes.version, round });
  const leaving = new Set([...recycled, ...removed].map(({ name }) => name));
  const { machines, ...comparison } = compareMachines({ cluster, spec, location, types }, pools, leaving);
  const apiAllow = resolveSelf(spec.kubernetes.api.allow, self);
  const facts: LkeFacts = {
    managed,
    pools,
    patch,
    types,
    location,
    apiAllow,
    expectedEnd: endOf(managed?.version ?? spec.kubernetes.version, clock.now()),
    machines,
    comparison,
    outdated: [],
    unfit: [],
    newcomerVersion: managed?.version ?? spec.kubernetes.version,
    madeBy: { config: { 'control-plane': '', worker: '' }, template: '' },
    previews: new Map(),
    resources: [],
    nodes: reached?.nodes,
    api: reached?.api,
    kubeconfig,
  };
  const request = requestFor(provider, { cluster, spec, sshPublicKey, self }, comparison);
  const context: Omit<LkeContext, 'lose' | 'held'> = { cluster, spec, facts, tools, lke, round };
  return {
    // Nobody logs in to its machines.
    request: {
      ...request,
      locations: [location],
      sshAllow: ['0.0.0.0/0'],
      managed: { version: spec.kubernetes.version },
    },
    facts,
    remarks: remarksOn(spec, facts),
    behind: new Set(olderNodes(facts)),
    expectedEnd: facts.expectedEnd,
    controlPlanePrice: price,
    refuseImpossible: () => refuseImpossible(spec, facts),
    refuseLostControlPlane: () => {},
    refuseRestore: () => Promise.resolve(),
    bundleNeeds: () => Promise.resolve([]),
    plan: ({ lose, held }) => plan({ ...context, lose, held }),
    outdatedAfter: () => [],
    machinesNow: async (call) => {
      const now = comparePools(spec, provider.defaults.workerType, await lke.find(cluster, call));
      return compareMachines({ cluster, spec, location, types }, now, new Set()).machines;
    },
  };
}

/** The first type of each pool that is to be had in the region; the first of all where none is. */
function typesFor({ asked }: Pools, { machineTypes }: Catalog, location: string): ReadonlyMap<string, string> {
  const isOffered = (type: string): boolean =>
    machineTypes.some(
      ({ name, offers }) => name === type && offers.some((one) => one.location === location && one.available),
    );
  return new Map(asked.map(({ spec, types }) => [spec.name, types.find(isOffered) ?? types[0]!]));
}

async function controlPlanePrice(
  provider: MachineProvider,
  spec: ObserveRequest['spec'],
  managed: ManagedCluster | undefined,
  options: { readonly signal: AbortSignal },
): Promise<NonNullable<Findings['controlPlanePrice']>> {
  const lke = managedBy(provider);
  const location = locationOf(spec, provider.defaults.location, managed);
  const isHigh = managed?.highAvailability ?? spec.controlPlane.count > 1;
  const monthly = await lke.controlPlanePrice(isHigh, location, options);
  return { now: managed ? monthly : 0, then: monthly };
}
