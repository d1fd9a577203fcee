import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { changeTaints, conditionOf } from '../kube-api/controllers/conditions.js';
import type { Program, ProgramRun } from '../kube-api/controllers/programs.js';
import { isPodReady } from '../kube-api/eviction.js';
import type { Obj } from '../kube-api/objects.js';
import type { Change } from '../kube-api/store.js';
import { contained, reportFault } from '../report-fault.js';
import {
  answered,
  answeredOrNone,
  type CloudClient,
  type CloudCall,
  CloudError,
  type WireServer,
} from './cloud-client.js';
import { podVariable } from './pod-variable.js';
import { ServiceBalancers } from './service-balancers.js';

const podLabel = 'hcloud-cloud-controller-manager';
const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';
const startMs = 1_000;
/** How often nodes that are not Ready are held against the cloud; the real one's node-monitor-period. */
const lifecycleMs = 5_000;

/**
 * Hetzner's cloud controller: as long as a pod of it serves, nodes get their provider id, addresses and labels and lose
 * the taint, nodes whose server is gone are deleted, and services of type LoadBalancer get one.
 */
export class HcloudController implements Program {
  readonly #balancers: ServiceBalancers;
  #client: CloudClient | undefined;
  #queued = false;
  /** Nodes that are not Ready are looked up once in a period. */
  #period: 'none' | 'waits' | 'over' = 'none';

  constructor(
    private readonly cluster: () => ClusterState,
    private readonly call: CloudCall,
  ) {
    this.#balancers = new ServiceBalancers(cluster);
  }

  matches({ metadata }: Obj): boolean {
    return metadata.labels?.['app.kubernetes.io/name'] === podLabel;
  }

  /** Ends at once with a token that the cloud does not take, or a network that is not there. */
  start(pod: Obj, log: (line: string) => void): ProgramRun {
    try {
      this.#client = this.#open(pod);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      log(
        `F1121 00:00:00.000000       1 main.go:72] Cloud provider could not be initialized: could not init cloud provider "hcloud": hcloud/newCloud: ${error.message}`,
      );
      return { kind: 'ends', afterMs: startMs, end: () => 1 };
    }
    log('I1121 00:00:00.000000       1 cloud.go:126] "Hetzner Cloud k8s cloud controller v1.35.0 started"');
    return { kind: 'serves' };
  }

  /** @throws CloudError */
  #open(pod: Obj): CloudClient {
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

  seen({ resource }: Pick<Change, 'resource'>): void {
    if (['nodes', 'services', 'pods'].includes(resource.plural)) this.queue();
  }

  queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      contained('cloud controller', () => this.#work());
    });
  }

  /** As long as some node is silent, the next period begins. */
  #nextPeriod(): void {
    this.#period = 'none';
    if (
      this.cluster()
        .all('v1', 'Node')
        .some((node) => conditionOf(node, 'Ready')?.status === 'Unknown')
    )
      this.queue();
  }

  #work(): void {
    const cluster = this.cluster();
    const pod = cluster.all('v1', 'Pod', 'kube-system').find((one) => this.matches(one) && isPodReady(one));
    if (!pod) return;
    const later = (): void => void cluster.clock.after(lifecycleMs, () => this.queue());
    try {
      const client = (this.#client ??= this.#open(pod));
      for (const node of cluster.all('v1', 'Node')) this.#each(node, () => this.#node(node, client));
      if (this.#period === 'over') this.#nextPeriod();
      let isWaiting = false;
      for (const service of cluster.all('v1', 'Service'))
        this.#each(service, () => (isWaiting = this.#balancers.reconcile(service, client) || isWaiting));
      if (isWaiting) later();
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      // As the real one: it tries again later.
      later();
    }
  }

  /** One object that the controller cannot cope with holds up no other. @throws CloudError */
  #each({ kind, metadata }: Obj, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof CloudError) throw error;
      reportFault(`${kind} ${metadata.name}`, error);
    }
  }

  /** Deletes a node that is not Ready and whose server is gone for good, whoever has its name by now. */
  #lifecycle(node: Obj, client: CloudClient): void {
    if (conditionOf(node, 'Ready')?.status !== 'Unknown') return;
    const cluster = this.cluster();
    if (this.#period === 'none') {
      this.#period = 'waits';
      cluster.clock.after(lifecycleMs, () => {
        this.#period = 'over';
        this.queue();
      });
    }
    if (this.#period !== 'over') return;
    const id = /^hcloud:\/\/(\d+)$/.exec((node.spec?.['providerID'] as string | undefined) ?? '')?.[1];
    if (id !== undefined && answeredOrNone(client, `/servers/${id}`).length === 0)
      cluster.store.delete(cluster.kind('v1', 'Node'), '', node.metadata.name);
  }

  #node(node: Obj, client: CloudClient): void {
    const { name } = node.metadata;
    const taints = (node.spec?.['taints'] ?? []) as { key: string }[];
    const isNew = taints.some(({ key }) => key === uninitialized);
    const cluster = this.cluster();
    if (!isNew) return this.#lifecycle(node, client);
    const [server] = client.call<{ servers: WireServer[] }>('GET', `/servers?name=${encodeURIComponent(name)}`).servers;
    if (!server) return;
    cluster.change(node, (one) => {
      one.spec = { ...one.spec, providerID: `hcloud://${server.id}` };
      changeTaints(one, (list) => list.filter(({ key }) => key !== uninitialized));
      one.metadata.labels = { ...one.metadata.labels, ...labelsOf(server) };
      const ip = server.public_net.ipv4?.ip;
      const inside = server.private_net.find(({ network }) => network === client.network)?.ip;
      one.status = {
        ...one.status,
        addresses: [
          { type: 'Hostname', address: name },
          ...(ip === undefined ? [] : [{ type: 'ExternalIP', address: ip }]),
          ...(inside === undefined ? [] : [{ type: 'InternalIP', address: inside }]),
        ],
      };
    });
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
