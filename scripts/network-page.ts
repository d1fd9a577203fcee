import {
  type Catalogue,
  flows,
  type Flow,
  openEgress,
  podGroups,
  podSecurityNeeds,
  untouched,
} from '../src/components/index.js';
import type { KubeObject } from '../src/kube/types.js';

/** docs/reference/network.md: who may talk to whom among components, and what their pods may ask of nodes. */
export function networkPage({ components }: Catalogue, tenant: readonly KubeObject[]): string {
  const namespaceOf = (component: string): string => components.get(component)?.namespace ?? '';
  const ours = [...components.values()].filter(({ builtIn, namespace }) => builtIn && !(namespace in untouched));
  const namespaces = [...new Set(ours.map(({ namespace }) => namespace))].sort();
  return [
    '# Network policies and Pod Security',
    '',
    'Made from the matrix in `src/components/network-matrix.ts` by `npm run docs`. In each namespace of Slipway’s own components no pod',
    'takes a call but for the following; the policies are called `slipway-…`. Calls that a host makes to pods of its own, such as the',
    'kubelet’s probes and `kubectl port-forward`, are held up by no policy.',
    '',
    '| pods | namespace | ports | may be called by | why |',
    '|---|---|---|---|---|',
    ...flows.map((flow) =>
      row(flow.to, namespaceOf(podGroups[flow.to].component), portsText(flow), flow.from.join(', '), flow.why),
    ),
    '',
    '- `everyone`: any pod, any host, and whatever reaches pods from outside.',
    '- `metrics`: the Prometheus of the component `monitoring`; where that is off, pods labelled `app.kubernetes.io/name: prometheus` in any',
    '  namespace.',
    '- `ingress`: Traefik, or the namespace of a component of your own that provides `ingress`; everyone where there is neither.',
    '',
    'A flow between components is there only while both are on. Your own namespaces get no policy, nor do components of your own; in a',
    'namespace that such a component shares with Slipway’s, its pods stay reachable. Policies add up: to let somebody else in, apply a',
    'NetworkPolicy of your own, under a name of your own, to the namespace.',
    '',
    '## Calls that pods make',
    '',
    '| namespace | may call |',
    '|---|---|',
    ...namespaces.map((name) =>
      row(
        `\`${name}\``,
        openEgress[name] === undefined
          ? 'Those of the table above, and name servers; anyone once the cluster file gives `values`.'
          : `Anyone. ${openEgress[name]}`,
      ),
    ),
    ...Object.entries(untouched).map(([name, why]) => row(`\`${name}\``, `Anyone; it has no policy. ${why}`)),
    '',
    '## Tenants',
    '',
    'In both namespaces of a tenant, here `globex`, everything is refused in both directions but for the following, which is read from the',
    'policies themselves (`templates/tenant/boundary`). Nothing runs in `globex-platform` yet, so that nothing is let in there.',
    '',
    '| from | to | ports | why |',
    '|---|---|---|---|',
    ...new Set(tenant.flatMap(tenantRows)),
    '',
    '## Pod Security',
    '',
    'The label `pod-security.kubernetes.io/enforce` of these namespaces is `restricted`, but for what the following components need. A level',
    'that somebody else has set on a namespace stays. Where the cluster file gives a component `values`, or a component of your own lives in',
    'the namespace, it is `privileged`, since their pods may need anything. Your own namespaces get no level.',
    '',
    '| component | namespace | level | why |',
    '|---|---|---|---|',
    ...Object.entries(podSecurityNeeds).map(([name, { level, why }]) =>
      row(name, `\`${namespaceOf(name)}\``, `\`${level}\``, why),
    ),
    '',
  ].join('\n');
}

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const portsText = ({ ports, portsIn }: Flow): string =>
  [
    ...ports.map(({ port, protocol = 'TCP' }) => `${port}${protocol === 'TCP' ? '' : `/${protocol}`}`),
    ...(portsIn ? [`those in \`${portsIn.path}\` of its values`] : []),
  ].join(', ');

interface Peer {
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}

/** A row for each direction of one policy of a tenant; none for what only refuses. */
function tenantRows({ kind, metadata, spec }: KubeObject): string[] {
  if (kind !== 'NetworkPolicy') return [];
  const { ingress = [], egress = [] } = spec as {
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
  const own = `\`${metadata.namespace ?? ''}\``;
  const why = metadata.annotations?.['slipway.dev/why'] ?? '';
  const peersText = (peers: readonly Peer[] = []): string => peers.map((peer) => peerText(peer, own)).join(', ');
  const ports = (rule: Rule): string =>
    rule.ports?.map(({ port, protocol }) => `${port}${protocol === 'TCP' ? '' : `/${protocol}`}`).join(', ') ?? 'all';
  return [
    ...ingress.map((rule) => row(peersText(rule.from), own, ports(rule), why)),
    ...egress.map((rule) => row(own, peersText(rule.to), ports(rule), why)),
  ];
}

function peerText({ namespaceSelector, podSelector, ipBlock }: Peer, own: string): string {
  if (ipBlock) return [ipBlock.cidr, ...(ipBlock.except ? [`without ${ipBlock.except.join(', ')}`] : [])].join(' ');
  const name = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
  const pods = Object.values(podSelector?.matchLabels ?? {}).join(', ');
  return [name === undefined ? own : `\`${name}\``, ...(pods === '' ? [] : [pods])].join(': ');
}
