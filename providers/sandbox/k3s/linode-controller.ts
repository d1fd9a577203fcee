import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { conditionOf } from '../kube-api/controllers/conditions.js';
import { type Obj, same } from '../kube-api/objects.js';
import { type CloudApi, type CloudCall, CloudError } from './cloud-client.js';
import { CloudController, type ControlledCloud } from './cloud-controller.js';

const cleanup = 'service.kubernetes.io/load-balancer-cleanup';

interface Instance {
  readonly id: number;
  readonly label: string;
  readonly type: string;
  readonly region: string;
  readonly ipv4: readonly string[];
}

interface Balancer {
  readonly id: number;
  readonly label: string;
  readonly ipv4: string;
  readonly tags: readonly string[];
}

interface Client extends CloudApi {
  readonly region: string;
  readonly tags: readonly string[];
}

/** Linode's cloud controller, with the token of its Secret. */
export class LinodeController extends CloudController<Client> {
  constructor(cluster: () => ClusterState, call: CloudCall) {
    super(cluster, new LinodeWords(cluster, call));
  }
}

class LinodeWords implements ControlledCloud<Client> {
  readonly started = 'I1121 00:00:00.000000       1 cloud.go:120] "Linode CCM started"';

  constructor(
    private readonly cluster: () => ClusterState,
    private readonly call: CloudCall,
  ) {}

  matches({ metadata }: Obj): boolean {
    return metadata.labels?.['app'] === 'ccm-linode';
  }

  failed(message: string): string {
    return `F1121 00:00:00.000000       1 main.go:130] Cloud provider could not be initialized: ${message}`;
  }

  open(pod: Obj): Client {
    const cluster = this.cluster();
    const volumes = (pod.spec?.['volumes'] ?? []) as { secret?: { secretName: string } }[];
    const name = volumes.find(({ secret }) => secret)?.secret?.secretName ?? 'ccm-linode';
    const secret = cluster.store.look(cluster.kind('v1', 'Secret'), pod.metadata.namespace ?? '', name);
    const data = (secret?.['data'] ?? {}) as Record<string, string>;
    const value = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
    const token = value('apiToken');
    const client: Client = {
      region: value('region'),
      tags: tagsIn(pod),
      call: (method, path, body) => answered(this.call(token, method, `/v4${path}`, body)),
    };
    client.call('GET', '/profile');
    return client;
  }

  find(client: Client, name: string) {
    const found = this.#instances(client).find(({ label }) => label === name);
    if (!found) return undefined;
    const { data } = client.call<{ data: { linode_id: number; address: string }[] }>('GET', '/vpcs/ips?page_size=500');
    const inside = data.find(({ linode_id }) => linode_id === found.id)?.address;
    return {
      providerId: `linode://${found.id}`,
      labels: {
        'node.kubernetes.io/instance-type': found.type,
        'topology.kubernetes.io/region': found.region,
        'topology.linode.com/region': found.region,
      },
      addresses: [
        ...found.ipv4.slice(0, 1).map((address) => ({ type: 'ExternalIP', address })),
        ...(inside === undefined ? [] : [{ type: 'InternalIP', address: inside }]),
      ],
    };
  }

  isGone(client: Client, providerId: string): boolean {
    const id = Number(/^linode:\/\/(\d+)$/.exec(providerId)?.[1]);
    return this.#instances(client).every((one) => one.id !== id);
  }

  balance(client: Client, service: Obj): boolean {
    const cluster = this.cluster();
    const isOurs = service.metadata.finalizers?.includes(cleanup) === true;
    const isDesired = service.spec?.['type'] === 'LoadBalancer' && !service.metadata.deletionTimestamp;
    const label = `ccm-${(service.metadata.uid ?? '').replaceAll('-', '').slice(0, 26)}`;
    const { data } = client.call<{ data: Balancer[] }>('GET', '/nodebalancers?page_size=500');
    const found = data.find((one) => one.label === label);
    if (!isDesired) {
      if (found) client.call('DELETE', `/nodebalancers/${found.id}`);
      if (isOurs)
        cluster.change(service, (one) => {
          one.metadata.finalizers = (one.metadata.finalizers ?? []).filter((name) => name !== cleanup);
        });
      return false;
    }
    if (!isOurs)
      cluster.change(service, (one) => {
        one.metadata.finalizers = [...(one.metadata.finalizers ?? []), cleanup];
      });
    const balancer = found ?? this.#create(client, service, label);
    const ingress = [
      {
        hostname: `nb-${balancer.ipv4.replaceAll('.', '-')}.nodebalancer.linode.com`,
        ip: balancer.ipv4,
        ipMode: 'VIP',
      },
    ];
    if (!same(service.status, { loadBalancer: { ingress } })) cluster.status(service, { loadBalancer: { ingress } });
    return false;
  }

  #create(client: Client, service: Obj, label: string): Balancer {
    const ports = (service.spec?.['ports'] ?? []) as { port: number; nodePort?: number }[];
    const nodes = this.cluster()
      .all('v1', 'Node')
      .filter((node) => conditionOf(node, 'Ready')?.status === 'True')
      .flatMap(({ status }) => (status?.['addresses'] ?? []) as { type: string; address: string }[])
      .filter(({ type, address }) => type === 'InternalIP' && address.startsWith('192.168.'));
    return client.call<Balancer>('POST', '/nodebalancers', {
      label,
      region: client.region,
      tags: client.tags,
      configs: ports.map(({ port, nodePort }) => ({
        port,
        protocol: 'tcp',
        nodes: nodes.map(({ address }, i) => ({ label: `node-${i}`, address: `${address}:${nodePort ?? port}` })),
      })),
    });
  }

  #instances(client: Client): readonly Instance[] {
    return client.call<{ data: Instance[] }>('GET', '/linode/instances?page_size=500').data;
  }
}

/** The chart joins its list with blanks, and the controller parts the flag at commas. */
function tagsIn(pod: Obj): readonly string[] {
  const [container] = (pod.spec?.['containers'] ?? []) as { args?: readonly string[] }[];
  const flag = container?.args?.find((one) => one.startsWith('--nodebalancer-tags='));
  return (flag ?? '')
    .replace('--nodebalancer-tags=', '')
    .split(',')
    .filter((tag) => tag !== '');
}

/** @throws CloudError */
function answered<T>({ status, body }: { readonly status: number; readonly body?: object }): T {
  if (status < 400) return (body ?? {}) as T;
  const { errors = [] } = (body ?? {}) as { errors?: readonly { reason: string }[] };
  throw new CloudError(`[${status}] ${errors.map(({ reason }) => reason).join('; ')}`);
}
