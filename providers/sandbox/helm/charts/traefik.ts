import type { RetoldChart } from '../types.js';
import { isOn, mapAt, numberAt, textAt } from '../values.js';
import { account, daemonSet, deployment, kinds, monitor, placement, selectorLabels, service, when } from './parts.js';

export const traefik: RetoldChart = {
  name: 'traefik',
  mirrors: ['oci://ghcr.io/traefik/helm/traefik'],
  defaults: {
    deployment: { enabled: true, kind: 'Deployment', replicas: 1 },
    ingressClass: { enabled: true, isDefaultClass: true },
    service: { enabled: true, spec: {} },
    podDisruptionBudget: { enabled: false },
  },
  crds: () => traefikKinds,
  render: (context) => {
    const { values, release, namespace } = context;
    const name = textAt(values, 'fullnameOverride') || (release.includes('traefik') ? release : `${release}-traefik`);
    const labels = selectorLabels('traefik', `${release}-${namespace}`);
    const form = {
      name,
      labels,
      image: 'docker.io/traefik:v3.7.11',
      replicas: numberAt(values, 'deployment.replicas', 1),
      pod: placement(values),
      container: { resources: mapAt(values, 'resources') },
    };
    const budget = mapAt(values, 'podDisruptionBudget');
    const { enabled: isBudgeted, ...budgetSpec } = budget as { enabled?: boolean };
    const classLabels = { name: textAt(values, 'ingressClass.name') || name };
    return [
      ...account(name, namespace),
      textAt(values, 'deployment.kind') === 'DaemonSet' ? daemonSet(form) : deployment(form),
      ...when(isOn(values, 'service.enabled'), () => [
        service({
          name,
          selector: labels,
          annotations: mapAt(values, 'service.annotations'),
          spec: { type: 'LoadBalancer', ...mapAt(values, 'service.spec') },
          ports: [
            { name: 'web', port: 80, targetPort: 'web' },
            { name: 'websecure', port: 443, targetPort: 'websecure' },
          ],
        }),
      ]),
      ...when(isOn(values, 'metrics.prometheus.service.enabled'), () => [
        service({ name: `${name}-metrics`, selector: labels, ports: [{ name: 'metrics', port: 9100 }] }),
      ]),
      ...when(isOn(values, 'ingressClass.enabled'), () => [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'IngressClass',
          metadata: {
            name: classLabels.name,
            annotations: {
              'ingressclass.kubernetes.io/is-default-class': String(isOn(values, 'ingressClass.isDefaultClass')),
            },
          },
          spec: { controller: 'traefik.io/ingress-controller' },
        },
      ]),
      ...when(isBudgeted === true, () => [
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name },
          spec: { ...budgetSpec, selector: { matchLabels: labels } },
        },
      ]),
      ...when(isOn(values, 'metrics.prometheus.serviceMonitor.enabled'), () => [
        monitor('ServiceMonitor', name, labels),
      ]),
      ...Object.entries(mapAt(values, 'tlsOptions')).map(([option, spec]) => own('TLSOption', option, spec)),
      ...Object.entries(mapAt(values, 'tlsStore')).map(([store, spec]) => own('TLSStore', store, spec)),
    ];
  },
};

const own = (kind: string, name: string, spec: unknown) => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind,
  metadata: { name },
  spec: spec as Record<string, unknown>,
});

const traefikKinds = kinds('traefik.io', 'v1alpha1', [
  ['IngressRoute', 'ingressroutes'],
  ['IngressRouteTCP', 'ingressroutetcps'],
  ['IngressRouteUDP', 'ingressrouteudps'],
  ['Middleware', 'middlewares'],
  ['MiddlewareTCP', 'middlewaretcps'],
  ['ServersTransport', 'serverstransports'],
  ['ServersTransportTCP', 'serverstransporttcps'],
  ['TLSOption', 'tlsoptions'],
  ['TLSStore', 'tlsstores'],
  ['TraefikService', 'traefikservices'],
]);
