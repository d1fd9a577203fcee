import { isPodReady } from '../eviction.js';
import { type Obj, same } from '../objects.js';
import { matchesSelector } from '../selectors.js';
import type { ClusterState } from './cluster.js';
import { conditionOf } from './conditions.js';

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[];
}

/** Endpoints of a service: the ready pods that it selects. */
export function endpoints(cluster: ClusterState, service: Obj): void {
  const { selector, ports = [] } = (service.spec ?? {}) as ServiceSpec;
  if (!selector || Object.keys(selector).length === 0) return;
  const { name, namespace = '' } = service.metadata;
  const ready = cluster
    .all('v1', 'Pod', namespace)
    .filter((pod) => isPodReady(pod) && matchesSelector({ matchLabels: selector }, pod.metadata.labels ?? {}));
  const subsets =
    ready.length === 0
      ? []
      : [
          {
            addresses: ready.map((pod) => ({
              ip: pod.status?.['podIP'],
              nodeName: pod.spec?.['nodeName'],
              targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
            })),
            ports: ports.map(({ name: port, port: number, targetPort }) => ({
              ...(port === undefined ? {} : { name: port }),
              port: typeof targetPort === 'number' ? targetPort : number,
              protocol: 'TCP',
            })),
          },
        ];
  const kind = cluster.kind('v1', 'Endpoints');
  const known = cluster.store.look(kind, namespace, name);
  if (!known) {
    cluster.store.create(kind, { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace }, subsets });
  } else if (!same(known['subsets'], subsets)) {
    cluster.change(known, (one) => void (one['subsets'] = subsets));
  }
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

/** Whether somebody answers behind a service. */
export function hasEndpoints(cluster: ClusterState, namespace: string, name: string): boolean {
  const found = cluster.store.look(cluster.kind('v1', 'Endpoints'), namespace, name);
  return ((found?.['subsets'] ?? []) as unknown[]).length > 0;
}
