/**
 * Who may talk to whom in the namespaces of Slipway's own components, on which port, and why. NetworkPolicies and
 * docs/reference/network.md are made from it; what is not in it is refused.
 */

/** Pods that are alike to the network. */
export interface PodGroup {
  readonly component: string;
  /** Labels that the chart gives them; none: every pod of the component's namespace. */
  readonly labels: Readonly<Record<string, string>>;
  /** Path in the chart's values by which they share the host's network: no selector finds them then. */
  readonly hostNetwork?: string;
  /** Where it is known whom they call: they reach those of the matrix and name servers, and nobody else. */
  readonly egressIsKnown?: true;
}

/**
 * Where calls come from, beside groups: `everyone`, `metrics` (whoever measures: our Prometheus, or pods that are called
 * prometheus where it is somebody else's), `ingress` (whoever takes requests from outside; everyone where we know no one).
 */
export type Caller = 'everyone' | 'metrics' | 'ingress';

export interface Port {
  /** A number, or the name that the chart gives it. */
  readonly port: number | string;
  readonly protocol?: 'TCP' | 'UDP';
}

export interface Flow {
  readonly to: GroupName;
  readonly ports: readonly Port[];
  /** Ports that the chart's values add: a path to a map of `{port, protocol}`, but for these names. */
  readonly portsIn?: { readonly path: string; readonly except: readonly string[] };
  readonly from: readonly (GroupName | Caller)[];
  readonly why: string;
}

const named = (component: string, name: string): PodGroup => ({
  component,
  labels: { 'app.kubernetes.io/name': name },
});
const solver = (component: string): PodGroup => ({
  component,
  labels: { 'acme.cert-manager.io/http01-solver': 'true' },
});

const groups = {
  traefik: { ...named('traefik', 'traefik'), hostNetwork: 'hostNetwork' },
  'traefik-solver': solver('traefik'),
  // The webhooks of DNS providers are labelled in several ways: their ports are told by name.
  'cert-manager': { component: 'cert-manager', labels: {} },
  'external-dns': named('external-dns', 'external-dns'),
  'postgres-operator': named('cloudnative-pg', 'cloudnative-pg'),
  'barman-cloud': named('barman-cloud', 'plugin-barman-cloud'),
  nats: {
    component: 'nats',
    labels: { 'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/component': 'nats' },
    egressIsKnown: true,
  },
  loki: named('loki', 'loki'),
  alloy: named('alloy', 'alloy'),
  prometheus: { ...named('monitoring', 'prometheus'), hostNetwork: 'prometheus.prometheusSpec.hostNetwork' },
  alertmanager: named('monitoring', 'alertmanager'),
  grafana: named('monitoring', 'grafana'),
  'monitoring-solver': solver('monitoring'),
  'prometheus-operator': { component: 'monitoring', labels: { app: 'kube-prometheus-stack-operator' } },
  'kube-state-metrics': named('monitoring', 'kube-state-metrics'),
} as const satisfies Readonly<Record<string, PodGroup>>;

export type GroupName = keyof typeof groups;
export const podGroups: Readonly<Record<GroupName, PodGroup>> = groups;

const fromHosts =
  'The API server calls it, from a host’s address inside the pods’ range: no selector tells that from a pod. It speaks TLS only.';
const isMeasured = 'Prometheus reads its metrics.';

export const flows: readonly Flow[] = [
  {
    to: 'traefik',
    ports: [{ port: 8000 }, { port: 8443 }, { port: 8443, protocol: 'UDP' }],
    portsIn: { path: 'ports', except: ['traefik', 'metrics'] },
    from: ['everyone'],
    why: 'Requests from outside, from load balancers, and from pods that call a public name.',
  },
  { to: 'traefik', ports: [{ port: 9100 }], from: ['metrics'], why: isMeasured },
  {
    to: 'traefik-solver',
    ports: [{ port: 8089 }],
    from: ['ingress'],
    why: 'A certificate authority asks for proof of a name, by way of the ingress.',
  },
  { to: 'cert-manager', ports: [{ port: 'https' }], from: ['everyone'], why: fromHosts },
  {
    to: 'cert-manager',
    ports: [{ port: 'http-metrics' }, { port: 'metrics' }],
    from: ['metrics'],
    why: isMeasured,
  },
  { to: 'external-dns', ports: [{ port: 7979 }, { port: 8080 }], from: ['metrics'], why: isMeasured },
  { to: 'postgres-operator', ports: [{ port: 9443 }], from: ['everyone'], why: fromHosts },
  { to: 'postgres-operator', ports: [{ port: 8080 }], from: ['metrics'], why: isMeasured },
  {
    to: 'barman-cloud',
    ports: [{ port: 9090 }],
    from: ['postgres-operator'],
    why: 'The operator has backups made by the plugin. Instances of Postgres carry the plugin in their own pods.',
  },
  { to: 'nats', ports: [{ port: 4222 }], from: ['everyone'], why: 'Clients log in here, from any namespace.' },
  {
    to: 'nats',
    ports: [{ port: 6222 }],
    from: ['nats'],
    why: 'Servers trust whoever reaches the port they talk to each other on.',
  },
  { to: 'nats', ports: [{ port: 7777 }], from: ['metrics'], why: isMeasured },
  { to: 'loki', ports: [{ port: 3100 }], from: ['grafana'], why: 'Grafana searches logs.' },
  { to: 'loki', ports: [{ port: 3100 }], from: ['alloy'], why: 'Alloy hands in the logs of every node.' },
  { to: 'loki', ports: [{ port: 3100 }], from: ['metrics'], why: isMeasured },
  {
    to: 'loki',
    ports: [{ port: 3100 }, { port: 7946 }, { port: 7946, protocol: 'UDP' }, { port: 9095 }],
    from: ['loki'],
    why: 'Parts of Loki find and ask each other.',
  },
  { to: 'alloy', ports: [{ port: 12345 }], from: ['metrics'], why: isMeasured },
  { to: 'prometheus', ports: [{ port: 9090 }], from: ['grafana'], why: 'Grafana shows metrics.' },
  { to: 'prometheus', ports: [{ port: 9090 }, { port: 8080 }], from: ['metrics'], why: isMeasured },
  {
    to: 'alertmanager',
    ports: [{ port: 9093 }],
    from: ['prometheus', 'grafana'],
    why: 'Prometheus hands in alerts, Grafana shows and silences them.',
  },
  { to: 'alertmanager', ports: [{ port: 9093 }, { port: 8080 }], from: ['metrics'], why: isMeasured },
  {
    to: 'alertmanager',
    ports: [{ port: 9094 }, { port: 9094, protocol: 'UDP' }],
    from: ['alertmanager'],
    why: 'Several of them tell each other what was sent.',
  },
  {
    to: 'grafana',
    ports: [{ port: 3000 }],
    from: ['ingress'],
    why: 'People come by the name in grafana.host; kubectl port-forward is held up by no policy.',
  },
  { to: 'grafana', ports: [{ port: 3000 }], from: ['metrics'], why: isMeasured },
  {
    to: 'monitoring-solver',
    ports: [{ port: 8089 }],
    from: ['ingress'],
    why: 'A certificate authority asks for proof of a name, by way of the ingress.',
  },
  { to: 'prometheus-operator', ports: [{ port: 10250 }], from: ['everyone'], why: fromHosts },
  { to: 'kube-state-metrics', ports: [{ port: 8080 }, { port: 8081 }], from: ['metrics'], why: isMeasured },
];

/** Why pods of a namespace may call anyone, by the namespace as it is by default. */
export const openEgress: Readonly<Record<string, string>> = {
  traefik: 'Routes lead to any port of any namespace.',
  'cert-manager': 'It asks certificate authorities, DNS providers, and the names themselves, at any address.',
  'external-dns': 'The DNS provider’s API and the cluster’s have addresses that change.',
  'cnpg-system': 'The operator asks instances in every namespace (8000, 5432) and the cluster’s API on the hosts.',
  monitoring:
    'Prometheus measures every namespace and the hosts; logs, metrics and alerts may go to places outside whose addresses change.',
};

/** Namespaces of components that get no policy, and why. */
export const untouched: Readonly<Record<string, string>> = {
  'kube-system':
    'k3s runs DNS, metrics and the jobs of helm there; the provider’s controllers live in the hosts’ network, where no policy holds.',
};
