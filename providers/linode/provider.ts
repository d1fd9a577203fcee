import { labelKeys } from '../../src/domain/labels.js';
import type { Secret } from '../../src/domain/secret.js';
import { Coalesced } from '../../src/provider/kit/coalesced.js';
import { askOwnAddress } from '../../src/provider/kit/own-address.js';
import { clustersByLabel } from '../../src/provider/kit/ownership.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import { labelsOf, tagOf } from '../../src/provider/kit/tags.js';
import type { ManagedKubernetes } from '../../src/provider/managed.js';
import type { ProviderContext } from '../../src/provider/package.js';
import type { KubernetesIntegration, MachineProvider, PowerSwitch, Relabelling } from '../../src/provider/port.js';
import { readCatalog } from './catalog.js';
import { linodeApi } from './client.js';
import { type Linode, listOf, named, names, subnetLabel } from './context.js';
import { infrastructure } from './infrastructure.js';
import { managedClusters, managedKubernetes } from './lke.js';
import { listInstances, machines, powerOff, relabel } from './machines.js';
import { labelOwnedResource, listOwnedResources, removeOwnedResource } from './owned-resources.js';
import { checkToken, nameLimit, preflight } from './preflight.js';
import { vpcShape } from './wire.js';

export interface LinodeOptions {
  readonly name: string;
  readonly title: string;
  readonly token: Secret | undefined;
  /** Base of the API with its version: `https://api.linode.com/v4`. */
  readonly endpoint: string;
  /** Factor on every pause of ours: 1 against the real cloud. */
  readonly timeScale: number;
  readonly context: ProviderContext;
  /** Told one line per request, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/** What Kubernetes must know of Linode. */
const integration = (token: Secret | undefined): KubernetesIntegration => ({
  externalCloudProvider: true,
  serviceLoadBalancer: 'provider',
  storageClass: 'linode-block-storage-retain',
  required: ['ccm-linode'],
  baseline: ['linode-csi'],
  providerId: ({ id }) => `linode://${id}`,
  templateValues: (cluster, { locations }) => ({
    vpc: names.network(cluster),
    subnet: subnetLabel,
    location: locations[0],
  }),
  secret: (variable) => (variable === 'LINODE_TOKEN' ? token : undefined),
});

/** A machine provider that speaks Linode's API, to Linode or to the sandbox. Asks nothing before it is used. */
export function createLinodeProvider(
  options: LinodeOptions,
): MachineProvider & PowerSwitch & Relabelling & ManagedKubernetes {
  const { context, timeScale, endpoint, token, log } = options;
  const { clock, random, boundary } = context;
  const api = linodeApi({ endpoint, token, clock, random, boundary, timeScale, log });
  const linode: Linode = { api, clock, timeScale, known: new Map(), converging: new Coalesced() };
  return {
    name: options.name,
    title: options.title,
    traits: rentedTraits,
    nameLimit,
    defaults: {
      controlPlaneType: 'g6-standard-2',
      workerType: 'g6-standard-2',
      location: 'eu-central',
      image: 'linode/ubuntu26.04',
    },
    kubernetesIntegration: integration(token),
    infrastructure: infrastructure(linode),
    machines: machines(linode),
    managed: managedKubernetes(linode),
    powerOff: (machine, call) => powerOff(linode, machine, call),
    relabel: (machine, as, call) => relabel(linode, machine, as, call),
    catalog: (call) => readCatalog(linode, call),
    preflight: (request, call) => preflight(linode, request, call),
    credentialProblem: (call) => checkToken(linode, call),
    async clusters(call) {
      const filter = { tags: { '+contains': tagOf(labelKeys.clusterId, '') } };
      const [instances, vpcs, managed] = await Promise.all([
        listInstances(linode, filter, call),
        listOf(linode, '/vpcs', vpcShape, call),
        managedClusters(linode, call),
      ]);
      const made = clustersByLabel(
        instances.map(named),
        vpcs.map(({ description }) => ({ labels: labelsOf((description ?? '').split(' ')) })),
      );
      return [...made, ...managed];
    },
    unreachable: async () => [],
    ownedResources: (cluster, call) => listOwnedResources(linode, cluster, call),
    removeOwnedResource: (item, call) => removeOwnedResource(linode, item, call),
    labelOwnedResource: (cluster, item, call) => labelOwnedResource(linode, cluster, item, call),
    ownAddress: (call) => askOwnAddress(context, call.signal),
  };
}
