import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { Obj } from '../kube-api/objects.js';
import {
  answered,
  answeredOrNone,
  type CloudClient,
  type CloudCall,
  CloudError,
  type WireServer,
} from './cloud-client.js';
import { CloudController, type ControlledCloud } from './cloud-controller.js';
import { podVariable } from './pod-variable.js';
import { ServiceBalancers } from './service-balancers.js';

const podLabel = 'hcloud-cloud-controller-manager';

/** Hetzner's cloud controller. */
export class HcloudController extends CloudController<CloudClient> {
  constructor(cluster: () => ClusterState, call: CloudCall) {
    super(cluster, new Hcloud(cluster, call));
  }
}

class Hcloud implements ControlledCloud<CloudClient> {
  readonly started = 'I1121 00:00:00.000000       1 cloud.go:126] "Hetzner Cloud k8s cloud controller v1.35.0 started"';
  readonly #balancers: ServiceBalancers;

  constructor(
    private readonly cluster: () => ClusterState,
    private readonly call: CloudCall,
  ) {
    this.#balancers = new ServiceBalancers(cluster);
  }

  matches({ metadata }: Obj): boolean {
    return metadata.labels?.['app.kubernetes.io/name'] === podLabel;
  }

  failed(message: string): string {
    return `F1121 00:00:00.000000       1 main.go:72] Cloud provider could not be initialized: could not init cloud provider "hcloud": hcloud/newCloud: ${message}`;
  }

  /** @throws CloudError */
  open(pod: Obj): CloudClient {
    const variable = (name: string): string => podVariable(this.cluster(), pod, name);
    const token = variable('HCLOUD_TOKEN');
    const client: CloudClient = {
      call: (method, path, body) => answered(this.call(token, method, path, body)),
      location: variable('HCLOUD_LOAD_BALANCERS_LOCATION'),
      usesPrivateIp: variable('HCLOUD_LOAD_BALANCERS_USE_PRIVATE_IP') === 'true',
      network: undefined,
    };
    client.call('GET', '/servers?per_page=1');
    const network = variable('HCLOUD_NETWORK');
    if (network !== '') client.network = networkOf(client, network);
    return client;
  }

  find(client: CloudClient, name: string) {
    const [server] = client.call<{ servers: WireServer[] }>('GET', `/servers?name=${encodeURIComponent(name)}`).servers;
    if (!server) return undefined;
    const ip = server.public_net.ipv4?.ip;
    const inside = server.private_net.find(({ network }) => network === client.network)?.ip;
    return {
      providerId: `hcloud://${server.id}`,
      labels: labelsOf(server),
      addresses: [
        ...(ip === undefined ? [] : [{ type: 'ExternalIP', address: ip }]),
        ...(inside === undefined ? [] : [{ type: 'InternalIP', address: inside }]),
      ],
    };
  }

  isGone(client: CloudClient, providerId: string): boolean {
    const id = /^hcloud:\/\/(\d+)$/.exec(providerId)?.[1];
    return id !== undefined && answeredOrNone(client, `/servers/${id}`).length === 0;
  }

  balance(client: CloudClient, service: Obj): boolean {
    return this.#balancers.reconcile(service, client);
  }
}

/** Id of a network by its name or id. @throws CloudError when there is none */
function networkOf(client: CloudClient, desired: string): number {
  const query = /^\d+$/.test(desired) ? '' : `?name=${encodeURIComponent(desired)}`;
  const { networks } = client.call<{ networks: { id: number; name: string }[] }>('GET', `/networks${query}`);
  const found = networks.find(({ id, name }) => name === desired || String(id) === desired);
  if (!found) throw new CloudError(`Network ${desired} not found`);
  return found.id;
}

const labelsOf = ({ server_type, location }: WireServer): Record<string, string> => ({
  'node.kubernetes.io/instance-type': server_type.name,
  'topology.kubernetes.io/region': location.name,
  'topology.kubernetes.io/zone': location.name,
  'instance.hetzner.cloud/provided-by': 'cloud',
});
