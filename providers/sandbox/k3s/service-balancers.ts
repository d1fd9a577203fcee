import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { conditionOf } from '../kube-api/controllers/conditions.js';
import { type Obj, same } from '../kube-api/objects.js';
import type { CloudClient, WireBalancer } from './cloud-client.js';

const cleanup = 'service.kubernetes.io/load-balancer-cleanup';
const uidLabel = 'hcloud-ccm/service-uid';
const annotation = (name: string): string => `load-balancer.hetzner.cloud/${name}`;
const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';

interface Port {
  readonly port: number;
  readonly nodePort?: number;
}

/** Load balancers at the cloud for services that ask for one. */
export class ServiceBalancers {
  /** Ids of balancers whose delete is under way. */
  readonly #leaving = new Set<number>();

  constructor(private readonly cluster: () => ClusterState) {}

  /** @returns whether there is more to do later. @throws CloudError */
  reconcile(service: Obj, client: CloudClient): boolean {
    const cluster = this.cluster();
    const isDesired = service.spec?.['type'] === 'LoadBalancer' && !service.metadata.deletionTimestamp;
    const isOurs = service.metadata.finalizers?.includes(cleanup) === true;
    if (!isDesired) return isOurs && this.#remove(service, client);
    if (!isOurs) {
      cluster.change(service, (one) => {
        one.metadata.finalizers = [...(one.metadata.finalizers ?? []), cleanup];
      });
      return true;
    }
    const found = this.#find(service, client);
    if (!found) return this.#create(service, client);
    this.#targets(found, client);
    const isProxied = service.metadata.annotations?.[annotation('uses-proxyprotocol')] === 'true';
    const ingress = [{ ip: found.public_net.ipv4.ip, ipMode: isProxied ? 'Proxy' : 'VIP' }];
    if (!same(service.status, { loadBalancer: { ingress } })) cluster.status(service, { loadBalancer: { ingress } });
    return false;
  }

  #find(service: Obj, client: CloudClient): WireBalancer | undefined {
    const selector = encodeURIComponent(`${uidLabel}=${service.metadata.uid!}`);
    return client.call<{ load_balancers: WireBalancer[] }>('GET', `/load_balancers?label_selector=${selector}`)
      .load_balancers[0];
  }

  #create(service: Obj, client: CloudClient): boolean {
    const ports = (service.spec?.['ports'] ?? []) as Port[];
    if (ports.some(({ nodePort }) => nodePort === undefined)) return true;
    const { annotations = {}, uid = '' } = service.metadata;
    const location = annotations[annotation('location')] ?? client.location;
    // Neither location nor network zone: none is made, and the service waits for ever.
    if (location === '') return false;
    const isProxied = annotations[annotation('uses-proxyprotocol')] === 'true';
    const isPrivate = (annotations[annotation('use-private-ip')] ?? String(client.usesPrivateIp)) === 'true';
    client.call('POST', '/load_balancers', {
      name: annotations[annotation('name')] ?? `a${uid.replaceAll('-', '').slice(0, 31)}`,
      load_balancer_type: annotations[annotation('type')] ?? 'lb11',
      location,
      labels: { [uidLabel]: uid },
      ...(isPrivate && client.network !== undefined ? { network: client.network } : {}),
      services: ports.map(({ port, nodePort }) => ({
        protocol: 'tcp',
        listen_port: port,
        destination_port: nodePort ?? port,
        proxyprotocol: isProxied,
      })),
    });
    return true;
  }

  /** Every Ready node that is not left out. */
  #targets(balancer: WireBalancer, client: CloudClient): void {
    const nodes = this.cluster()
      .all('v1', 'Node')
      .filter(
        (node) => conditionOf(node, 'Ready')?.status === 'True' && node.metadata.labels?.[excluded] === undefined,
      );
    const desired = nodes.flatMap((node) => {
      const id = /^hcloud:\/\/(\d+)$/.exec((node.spec?.['providerID'] ?? '') as string)?.[1];
      return id === undefined ? [] : [Number(id)];
    });
    const there = balancer.targets.flatMap(({ server }) => (server ? [server.id] : []));
    const act = (verb: 'add' | 'remove', id: number): void =>
      void client.call('POST', `/load_balancers/${balancer.id}/actions/${verb}_target`, {
        type: 'server',
        server: { id },
        ...(verb === 'add' && client.network !== undefined ? { use_private_ip: client.usesPrivateIp } : {}),
      });
    for (const id of desired) if (!there.includes(id)) act('add', id);
    for (const id of there) if (!desired.includes(id)) act('remove', id);
  }

  /** @returns whether the balancer is still on its way out; its Service waits for that. */
  #remove(service: Obj, client: CloudClient): boolean {
    const found = this.#find(service, client);
    if (found) {
      if (!this.#leaving.has(found.id)) client.call('DELETE', `/load_balancers/${found.id}`);
      this.#leaving.add(found.id);
      return true;
    }
    this.cluster().change(service, (one) => {
      one.metadata.finalizers = (one.metadata.finalizers ?? []).filter((name) => name !== cleanup);
    });
    return false;
  }
}
