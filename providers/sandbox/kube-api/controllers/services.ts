import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, hashOf } from './conditions.js';

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly externalTrafficPolicy?: string;
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: number | string;
    readonly nodePort?: number;
  }[];
}

const portsFrom = 30_000;
const portsCount = 2768;

/** A service that is about to be stored gets its address at once, other objects are left alone. */
export function addressed(cluster: ClusterState, object: Obj): void {
  if (object.apiVersion === 'v1' && object.kind === 'Service')
    object.spec = allocated(cluster, object) ?? object.spec ?? {};
}

/** The same for a service that came another way. */
export function allocate(cluster: ClusterState, service: Obj): void {
  const spec = allocated(cluster, service);
  if (spec) cluster.change(service, (one) => void (one.spec = spec));
}

/** An address inside the cluster, and ports on the nodes where the service asks for them; undefined: it has them. */
function allocated(cluster: ClusterState, service: Obj): Record<string, unknown> | undefined {
  const { type = 'ClusterIP', clusterIP, ports = [] } = (service.spec ?? {}) as ServiceSpec;
  const wantsPorts = type === 'LoadBalancer' || type === 'NodePort';
  const lacksPorts = wantsPorts && ports.some(({ nodePort }) => nodePort === undefined);
  if (type === 'ExternalName' || (clusterIP !== undefined && !lacksPorts)) return undefined;
  const taken = new Set(
    cluster
      .all('v1', 'Service')
      .flatMap(({ spec }) => ((spec as ServiceSpec).ports ?? []).map(({ nodePort }) => nodePort)),
  );
  const { name, namespace } = service.metadata;
  const hash = Number.parseInt(hashOf([namespace, name]), 36);
  let next = hash % portsCount;
  const free = (): number => {
    while (taken.has(portsFrom + next)) next = (next + 1) % portsCount;
    taken.add(portsFrom + next);
    return portsFrom + next;
  };
  const address = clusterIP ?? `10.43.${Math.floor(hash / 250) % 250}.${(hash % 250) + 2}`;
  return {
    ...service.spec,
    clusterIP: address,
    clusterIPs: [address],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ...(wantsPorts ? { ports: ports.map((port) => ({ ...port, nodePort: port.nodePort ?? free() })) } : {}),
  };
}

/** Whether a service answers on a port of a node. */
export function hasNodePort(cluster: ClusterState, node: string, port: number): boolean {
  return cluster.all('v1', 'Service').some(({ metadata, spec }) => {
    const { ports = [], externalTrafficPolicy } = (spec ?? {}) as ServiceSpec;
    if (!ports.some(({ nodePort }) => nodePort === port)) return false;
    const found = cluster.store.look(cluster.kind('v1', 'Endpoints'), metadata.namespace ?? '', metadata.name);
    const addresses = ((found?.['subsets'] ?? []) as { addresses?: { nodeName?: string }[] }[]).flatMap(
      (one) => one.addresses ?? [],
    );
    return addresses.some(({ nodeName }) => externalTrafficPolicy !== 'Local' || nodeName === node);
  });
}

/** k3s's own balancer: every Ready node answers for a service of type LoadBalancer. */
export function nodeBalancer(cluster: ClusterState, service: Obj): void {
  if ((service.spec as ServiceSpec | undefined)?.type !== 'LoadBalancer') return;
  const ingress = cluster
    .all('v1', 'Node')
    .filter((node) => conditionOf(node, 'Ready')?.status === 'True')
    .flatMap((node) => (node.status?.['addresses'] ?? []) as { type: string; address: string }[])
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => ({ ip: address, ipMode: 'VIP' }));
  if (ingress.length > 0) cluster.status(service, { loadBalancer: { ingress } });
}
