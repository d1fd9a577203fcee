import { nodesAlone } from '../../src/provider/kit/kubernetes.js';
import { clustersByLabel } from '../../src/provider/kit/ownership.js';
import type { MachineProvider } from '../../src/provider/port.js';
import { UnexpectedError } from '../../src/errors/index.js';
import { any } from './assign.js';
import { claimLabels } from './claim.js';
import { catalogOf } from './catalog.js';
import { Inventory, type HostDeps } from './inventory.js';
import { HostMachines } from './machines.js';
import { preflight } from './preflight/index.js';
import { reachProblem } from './preflight/reach.js';

export interface HostProviderOptions extends HostDeps {
  readonly name: string;
  readonly title: string;
  /** Names of hosts that their owner says are lost for good. */
  readonly lost: ReadonlySet<string>;
  /** As in `ProviderTraits`. */
  readonly answersWithinMs: number;
}

/** Machines that were there before us: taken for a cluster by a claim on the host itself, and released again. */
export function createHostProvider(options: HostProviderOptions): MachineProvider {
  const inventory = new Inventory(options);
  return {
    name: options.name,
    title: options.title,
    nameLimit: 63,
    traits: {
      ownsMachines: false,
      managesFirewall: false,
      bringsNodeLabels: options.hosts.some(({ labels }) => Object.keys(labels).length > 0),
      simulated: [],
      answersWithinMs: options.answersWithinMs,
    },
    defaults: { controlPlaneType: any, workerType: any, location: any, image: any },
    kubernetesIntegration: nodesAlone,
    infrastructure: {
      plan: async () => [],
      ensure: async ({ id }) => {
        throw new UnexpectedError(`Hosts stand on nothing of ours, but ${id} was asked for.`, {
          code: 'NO_INFRASTRUCTURE',
        });
      },
      neededBy: () => [],
      list: async () => [],
      remove: async () => {},
    },
    machines: new HostMachines(inventory, options.lost),
    catalog: async () => catalogOf(options.hosts),
    preflight: (request, call) => preflight(inventory, request, call),
    credentialProblem: async () => undefined,
    clusters: async (call) => {
      const claims = (await inventory.look(undefined, call)).flatMap(({ claim }) => claim ?? []);
      return clustersByLabel(claims.map((claim) => ({ labels: claimLabels(claim) })));
    },
    unreachable: async (call) => {
      const seen = await inventory.seen(undefined, call);
      return seen
        .filter(({ host, listed, known }) => listed && !known && !options.lost.has(host.name))
        .map((one) => {
          const problem = reachProblem(one);
          const hint = `${problem.hint} Is it lost for good, or known to be none of the cluster’s? Say so: SLIPWAY_LOST_HOSTS=${one.host.name}`;
          return { ...problem, hint };
        });
    },
    ownedResources: async () => [],
    removeOwnedResource: async () => {},
    labelOwnedResource: async () => {},
    ownAddress: async () => undefined,
  };
}
