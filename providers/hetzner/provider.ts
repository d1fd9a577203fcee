import { labelKeys } from '../../src/domain/labels.js';
import type { Secret } from '../../src/domain/secret.js';
import type { CallOptions, FoundCluster, MachineProvider, PowerSwitch, Relabelling } from '../../src/provider/port.js';
import type { ImageKeeping } from '../../src/provider/images.js';
import { clustersByLabel } from '../../src/provider/kit/ownership.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import type { ProviderContext } from '../../src/provider/package.js';
import { Actions } from './actions.js';
import { readCatalog } from './catalog.js';
import { hetznerApi } from './client.js';
import { labelOwnedResource, listOwnedResources, removeOwnedResource } from './owned-resources.js';
import type { Hetzner } from './context.js';
import { imageKeeping } from './images.js';
import { infrastructure } from './infrastructure/index.js';
import { kubernetesIntegration } from './kubernetes-integration.js';
import { listServers, machines, powerOff, relabel } from './machines/index.js';
import { askOwnAddress } from '../../src/provider/kit/own-address.js';
import { checkToken } from './preflight/facts.js';
import { preflight } from './preflight/index.js';
import { nameLimit } from './preflight/names.js';
import { networkShape } from './wire.js';

export interface HetznerOptions {
  readonly name: string;
  readonly title: string;
  readonly token: Secret | undefined;
  /** Base of the API with its version: `https://api.hetzner.cloud/v1`. */
  readonly endpoint: string;
  /** Factor on every pause of ours: 1 against the real cloud. */
  readonly timeScale: number;
  /** Resources that one private network may have attached: 100 at Hetzner. */
  readonly networkLimit: number;
  readonly context: ProviderContext;
  /** Told one line per request, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A machine provider that speaks Hetzner's API, to Hetzner or to the sandbox. Asks nothing before it is used. */
export function createHetznerProvider(
  options: HetznerOptions,
): MachineProvider & PowerSwitch & Relabelling & ImageKeeping {
  const { context, timeScale, networkLimit } = options;
  const { clock, random, boundary, signal } = context;
  const { endpoint, token, log } = options;
  const api = hetznerApi({ endpoint, token, clock, random, boundary, timeScale, log });
  const hetzner: Hetzner = { api, clock, timeScale, networkLimit, actions: new Actions(api, clock, timeScale, signal) };
  return {
    name: options.name,
    title: options.title,
    traits: rentedTraits,
    nameLimit,
    defaults: { controlPlaneType: 'cax21', workerType: 'cax21', location: 'fsn1', image: 'ubuntu-26.04' },
    kubernetesIntegration: kubernetesIntegration(token),
    infrastructure: infrastructure(hetzner),
    machines: machines(hetzner),
    powerOff: (machine, call) => powerOff(hetzner, machine, call),
    relabel: (machine, as, call) => relabel(hetzner, machine, as, call),
    images: imageKeeping(hetzner),
    catalog: (call) => readCatalog(hetzner, call),
    preflight: (request, call) => preflight(hetzner, request, call),
    credentialProblem: (call) => checkToken(hetzner, call),
    clusters: (call) => findClusters(hetzner, call),
    unreachable: async () => [],
    ownedResources: (cluster, call) => listOwnedResources(hetzner, cluster, call),
    removeOwnedResource: (item, call) => removeOwnedResource(hetzner, item, call),
    labelOwnedResource: (cluster, item, call) => labelOwnedResource(hetzner, cluster, item, call),
    ownAddress: (call) => askOwnAddress(context, call.signal),
  };
}

/** Clusters by the labels on servers, and on networks for those that have no server left. */
async function findClusters(hetzner: Hetzner, options: CallOptions): Promise<FoundCluster[]> {
  const query = { label_selector: labelKeys.clusterId };
  const [servers, networks] = await Promise.all([
    listServers(hetzner, labelKeys.clusterId, options),
    hetzner.api.list('/networks', 'networks', networkShape, options, query),
  ]);
  return clustersByLabel(servers, networks);
}
