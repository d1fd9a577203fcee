import type { Obj } from '../../kube-api/objects.js';
import type { ChartContext, RetoldChart } from '../types.js';
import { isOn, listAt, mapAt, numberAt, textAt } from '../values.js';
import {
  account,
  containerOf,
  deployment,
  fullName,
  kinds,
  monitor,
  placement,
  selectorLabels,
  service,
  webhook,
  when,
} from './parts.js';

export const certManager: RetoldChart = {
  name: 'cert-manager',
  mirrors: ['https://charts.jetstack.io'],
  defaults: { crds: { enabled: false, keep: true }, prometheus: { enabled: true, servicemonitor: { enabled: false } } },
  render: (context) => {
    const { values, release, namespace } = context;
    const name = fullName(context, 'cert-manager');
    const labels = selectorLabels('cert-manager', release, 'controller');
    const webhookLabels = selectorLabels('webhook', release, 'webhook');
    const part = (suffix: string, image: string, path: string, own: Record<string, string>): Obj =>
      deployment({
        name: `${name}${suffix}`,
        labels: own,
        image: `quay.io/jetstack/${image}:v1.21.2`,
        replicas: numberAt(values, path === '' ? 'replicaCount' : `${path}.replicaCount`, 1),
        pod: placement(path === '' ? values : mapAt(values, path)),
        container: { resources: path === '' ? mapAt(values, 'resources') : mapAt(values, `${path}.resources`) },
      });
    const target = { service: `${name}-webhook`, namespace, group: 'cert-manager.io' };
    return [
      ...when(isOn(values, 'crds.enabled'), () => definitions(isOn(values, 'crds.keep'))),
      ...['', '-webhook', '-cainjector'].flatMap((suffix) => account(`${name}${suffix}`, namespace)),
      part('', 'cert-manager-controller', '', labels),
      part('-webhook', 'cert-manager-webhook', 'webhook', webhookLabels),
      part('-cainjector', 'cert-manager-cainjector', 'cainjector', selectorLabels('cainjector', release, 'cainjector')),
      service({ name, selector: labels, ports: [{ name: 'tcp-prometheus-servicemonitor', port: 9402 }] }),
      service({
        name: `${name}-webhook`,
        selector: webhookLabels,
        ports: [{ name: 'https', port: 443, targetPort: 'https' }],
      }),
      webhook('ValidatingWebhookConfiguration', `${name}-webhook`, target),
      webhook('MutatingWebhookConfiguration', `${name}-webhook`, target),
      ...when(isOn(values, 'prometheus.servicemonitor.enabled'), () => [monitor('ServiceMonitor', name, labels)]),
    ];
  },
};

const definitions = (keep: boolean): readonly Obj[] => [
  ...kinds(
    'cert-manager.io',
    'v1',
    [
      ['Certificate', 'certificates'],
      ['CertificateRequest', 'certificaterequests'],
      ['Issuer', 'issuers'],
      ['ClusterIssuer', 'clusterissuers', true],
    ],
    keep,
  ),
  ...kinds(
    'acme.cert-manager.io',
    'v1',
    [
      ['Order', 'orders'],
      ['Challenge', 'challenges'],
    ],
    keep,
  ),
];

/** A webhook for DNS proofs: a Deployment with an API service and certificates of its own. */
function solver(context: ChartContext, chart: string, group: string): readonly Obj[] {
  const { values, release, namespace } = context;
  const name = fullName(context, chart);
  const labels = { app: chart, release };
  const certificate = (suffix: string, issuer: string, secretName: string): Obj => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: `${name}-${suffix}` },
    spec: { secretName, issuerRef: { name: issuer, kind: 'Issuer' } },
  });
  const issuer = (suffix: string): Obj => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: `${name}-${suffix}` },
    spec: { selfSigned: {} },
  });
  return [
    ...account(name, namespace),
    issuer('selfsign'),
    issuer('ca'),
    certificate('ca', `${name}-selfsign`, `${name}-ca`),
    certificate('webhook-tls', `${name}-ca`, `${name}-webhook-tls`),
    deployment({
      name,
      labels,
      image: `${chart}:latest`,
      replicas: numberAt(values, 'replicaCount', 1),
      pod: { ...placement(values), volumes: [{ name: 'certs', secret: { secretName: `${name}-webhook-tls` } }] },
      container: containerOf(values),
    }),
    service({ name, selector: labels, ports: [{ name: 'https', port: 443, targetPort: 'https' }] }),
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1alpha1.${group}` },
      spec: {
        group,
        version: 'v1alpha1',
        groupPriorityMinimum: 1000,
        versionPriority: 15,
        service: { name, namespace },
      },
    },
  ];
}

export const hetznerSolver: RetoldChart = {
  name: 'cert-manager-webhook-hetzner',
  pin: { source: 'https://charts.hetzner.cloud', version: '0.9.0' },
  render: (context) =>
    solver(context, 'cert-manager-webhook-hetzner', textAt(context.values, 'groupName') || 'acme.hetzner.com'),
};

export const dnsimpleSolver: RetoldChart = {
  name: 'cert-manager-webhook-dnsimple',
  render: (context) =>
    solver(context, 'cert-manager-webhook-dnsimple', textAt(context.values, 'groupName') || 'acme.dnsimple.com'),
};

export const externalDns: RetoldChart = {
  name: 'external-dns',
  crds: () => kinds('externaldns.k8s.io', 'v1alpha1', [['DNSEndpoint', 'dnsendpoints']]),
  render: (context) => {
    const { values, release, namespace } = context;
    const name = fullName(context, 'external-dns');
    const labels = selectorLabels('external-dns', release);
    // The provider's own container has variables too; a missing Secret holds up the pod in either.
    const env = [...listAt(values, 'env'), ...listAt(values, 'provider.webhook.env')];
    return [
      ...account(name, namespace),
      deployment({
        name,
        labels,
        image: 'registry.k8s.io/external-dns/external-dns:v0.21.0',
        pod: placement(values),
        container: { resources: mapAt(values, 'resources'), env },
      }),
      service({ name, selector: labels, ports: [{ name: 'http', port: 7979 }] }),
      ...when(isOn(values, 'serviceMonitor.enabled'), () => [monitor('ServiceMonitor', name, labels)]),
    ];
  },
};
