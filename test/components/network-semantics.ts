import type { KubeObject } from '../../src/kube/types.js';

type Labels = Readonly<Record<string, string>>;

/** A pod as NetworkPolicies see it. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Labels;
  /** Name of a port: its number. */
  readonly ports?: Readonly<Record<string, number>>;
}

interface Selector {
  readonly matchLabels?: Labels;
}
interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port?: number | string; readonly protocol?: string }[];
}
interface Spec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const known = new Set(['matchLabels']);

function selects(selector: Selector, labels: Labels): boolean {
  if (Object.keys(selector).some((key) => !known.has(key))) throw new Error('a selector that this does not know');
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

const namespaceLabels = (name: string): Labels => ({ 'kubernetes.io/metadata.name': name });

/** Without a namespaceSelector a peer is of the policy's own namespace; a host is no pod, so no selector finds it. */
function isPeer({ namespaceSelector, podSelector }: Peer, pod: Pod | 'host', own: string): boolean {
  if (pod === 'host') return false;
  const isThere = namespaceSelector
    ? selects(namespaceSelector, namespaceLabels(pod.namespace))
    : pod.namespace === own;
  return isThere && selects(podSelector ?? {}, pod.labels);
}

interface Call {
  readonly from: Pod | 'host';
  readonly to: Pod | 'host';
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

/**
 * Whether a call comes through, as Kubernetes defines it: pods that no policy of a direction selects are open in it, all
 * others take what any of those policies allows. Calls from the host that a pod runs on are not for this: none holds them.
 */
export function passes(policies: readonly KubeObject[], call: Call): boolean {
  return isOpen(policies, 'Ingress', call.to, call.from, call) && isOpen(policies, 'Egress', call.from, call.to, call);
}

function isOpen(
  policies: readonly KubeObject[],
  direction: 'Ingress' | 'Egress',
  subject: Pod | 'host',
  peer: Pod | 'host',
  { to, port, protocol = 'TCP' }: Call,
): boolean {
  if (subject === 'host') return true;
  const specs = policies
    .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === subject.namespace)
    .map((policy) => policy['spec'] as Spec)
    .filter(({ policyTypes, podSelector }) => policyTypes.includes(direction) && selects(podSelector, subject.labels));
  if (specs.length === 0) return true;
  const rules = specs.flatMap(({ ingress, egress }) => (direction === 'Ingress' ? ingress : egress) ?? []);
  return rules.some((rule) => {
    const peers = direction === 'Ingress' ? rule.from : rule.to;
    // An empty list of peers or ports is none at all: everybody, every port.
    const isMeant = !peers?.length || peers.some((one) => isPeer(one, peer, subject.namespace));
    const isPort = (one: number | string | undefined): boolean =>
      one === undefined || (typeof one === 'string' ? to !== 'host' && to.ports?.[one] === port : one === port);
    return (
      isMeant &&
      (!rule.ports?.length || rule.ports.some((one) => (one.protocol ?? 'TCP') === protocol && isPort(one.port)))
    );
  });
}
