import type { KubeObject } from '../kube/types.js';
import { ownNamespaces } from './kinds.js';
import {
  type Caller,
  type Flow,
  flows,
  type GroupName,
  type PodGroup,
  podGroups,
  type Port,
} from './network-matrix.js';
import { isMap, member } from './template/helpers.js';
import type { SelectedComponent } from './types.js';

type Values = Readonly<Record<string, unknown>>;
type Selector = Readonly<Record<string, unknown>>;
type On = readonly Pick<SelectedComponent, 'definition' | 'namespace' | 'values'>[];

const groupEntries = Object.entries(podGroups) as [GroupName, PodGroup][];
const isGroup = (caller: GroupName | Caller): caller is GroupName => Object.hasOwn(podGroups, caller);

/**
 * The policies of one instance: for each group of its pods what the matrix lets in, and nothing to any other pod of its
 * namespace. Those of a folder of the user's own, and namespaces that every cluster has, are left as they are.
 * @param on the instances that are visible to its owner
 */
export function networkPolicies(
  { definition, namespace, values: given }: On[number],
  values: Values,
  on: On,
): readonly KubeObject[] {
  const { name, builtIn } = definition;
  const own = groupEntries.filter(([, group]) => group.component === name);
  if (!builtIn || ownNamespaces.has(namespace) || own.length === 0) return [];
  // Pods of the user's own in the same namespace are not in the matrix: they stay reachable.
  const isShared = on.some((other) => other.namespace === namespace && !other.definition.builtIn);
  const deny = policy(namespace, `slipway-${name}-default-deny`, { podSelector: {}, policyTypes: ['Ingress'] });
  return [
    ...(isShared ? [] : [deny]),
    ...own
      .filter(([, { labels }]) => !isShared || Object.keys(labels).length > 0)
      .map(([group, { labels, egressIsKnown }]) => {
        // With values of the user's own it may call others (leaf nodes, gateways) than the matrix knows.
        const isClosed = egressIsKnown === true && Object.keys(given).length === 0;
        return policy(namespace, `slipway-${group}`, {
          podSelector: selectorOf(labels),
          policyTypes: ['Ingress', ...(isClosed ? ['Egress'] : [])],
          ingress: flows.filter(({ to }) => to === group).flatMap((flow) => ruleOf(flow, namespace, values, on)),
          ...(isClosed ? { egress: egressOf(group, namespace, on) } : {}),
        });
      }),
  ];
}

const policy = (namespace: string, name: string, spec: Values): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
});

const selectorOf = (labels: PodGroup['labels']): Selector =>
  Object.keys(labels).length === 0 ? {} : { matchLabels: labels };

function ruleOf(flow: Flow, namespace: string, values: Values, on: On): readonly Selector[] {
  const peers = flow.from.map((caller) => peersOf(caller, namespace, on));
  const ports = [...flow.ports, ...portsIn(flow, values)].map(({ port, protocol = 'TCP' }) => ({ port, protocol }));
  const unique = ports.filter(
    (one, index) => ports.findIndex(({ port, protocol }) => port === one.port && protocol === one.protocol) === index,
  );
  if (peers.includes('everyone')) return [{ ports: unique }];
  const from = peers.flat();
  return from.length === 0 ? [] : [{ from, ports: unique }];
}

/** Ports that values add: of those that a chart has already, their number may be another. */
function portsIn({ portsIn: where }: Flow, values: Values): readonly Port[] {
  const map = where?.path.split('.').reduce<unknown>(member, values);
  if (where === undefined || !isMap(map)) return [];
  return Object.entries(map).flatMap(([name, port]) => {
    const number = member(port, 'port');
    if (where.except.includes(name) || typeof number !== 'number') return [];
    return [{ port: number, protocol: member(port, 'protocol') === 'UDP' ? ('UDP' as const) : ('TCP' as const) }];
  });
}

function peersOf(caller: GroupName | Caller, namespace: string, on: On): 'everyone' | readonly Selector[] {
  if (caller === 'everyone') return 'everyone';
  const named = caller === 'metrics' ? 'prometheus' : caller === 'ingress' ? 'traefik' : caller;
  if (isOnHosts(named, on)) return 'everyone';
  if (isGroup(caller)) return groupPeers(caller, namespace, on);
  if (caller === 'metrics') {
    const ours = groupPeers('prometheus', namespace, on);
    return ours.length > 0
      ? ours
      : [{ namespaceSelector: {}, podSelector: selectorOf({ 'app.kubernetes.io/name': 'prometheus' }) }];
  }
  const ingress = on.filter(
    ({ definition }) => definition.name === 'traefik' || definition.provides.includes('ingress'),
  );
  if (ingress.length === 0) return 'everyone';
  return ingress.flatMap((one) =>
    one.definition.builtIn ? groupPeers('traefik', namespace, on) : [inNamespace(one.namespace)],
  );
}

/** Whether values of the user's own put a group into the network of the hosts. */
function isOnHosts(name: GroupName, on: On): boolean {
  const { component, hostNetwork } = podGroups[name];
  const given = on.find((one) => one.definition.name === component)?.values;
  return hostNetwork?.split('.').reduce<unknown>(member, given) === true;
}

const inNamespace = (name: string): { readonly namespaceSelector: Selector } => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});

/** A group as a peer; none where its component is off. */
function groupPeers(name: GroupName, namespace: string, on: On): readonly Selector[] {
  const { component, labels } = podGroups[name];
  const theirs = on.find((one) => one.definition.name === component)?.namespace;
  if (theirs === undefined) return [];
  return [{ ...(theirs === namespace ? {} : inNamespace(theirs)), podSelector: selectorOf(labels) }];
}

/** Whom a group may call by the matrix, and name servers wherever they are. */
function egressOf(group: GroupName, namespace: string, on: On): readonly Selector[] {
  const called = flows.filter(({ from }) => from.includes(group));
  return [
    ...called.map(({ to, ports }) => ({
      to: groupPeers(to, namespace, on),
      ports: ports.map(({ port, protocol = 'TCP' }) => ({ port, protocol })),
    })),
    {
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    },
  ];
}
