import {
  type Catalogue,
  flows,
  type Flow,
  openEgress,
  podGroups,
  podSecurityNeeds,
  untouched,
} from '../src/components/index.js';

/** docs/reference/network.md: who may talk to whom among components, and what their pods may ask of nodes. */
export function networkPage({ components }: Catalogue): string {
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
