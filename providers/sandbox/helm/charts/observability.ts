import type { Obj } from '../../kube-api/objects.js';
import { type ChartContext, type RetoldChart, TemplateError } from '../types.js';
import { isOn, listAt, mapAt, numberAt, textAt } from '../values.js';
import {
  account,
  claim,
  configMap,
  containerOf,
  daemonSet,
  deployment,
  fullName,
  kinds,
  monitor,
  placement,
  selectorLabels,
  service,
  statefulSet,
  when,
} from './parts.js';

const prometheusKinds = (): readonly Obj[] => [
  ...kinds('monitoring.coreos.com', 'v1', [
    ['Alertmanager', 'alertmanagers'],
    ['PodMonitor', 'podmonitors'],
    ['Probe', 'probes'],
    ['Prometheus', 'prometheuses'],
    ['PrometheusRule', 'prometheusrules'],
    ['ServiceMonitor', 'servicemonitors'],
    ['ThanosRuler', 'thanosrulers'],
  ]),
  ...kinds('monitoring.coreos.com', 'v1alpha1', [
    ['AlertmanagerConfig', 'alertmanagerconfigs'],
    ['PrometheusAgent', 'prometheusagents'],
    ['ScrapeConfig', 'scrapeconfigs'],
  ]),
];

export const prometheusCrds: RetoldChart = {
  name: 'prometheus-operator-crds',
  mirrors: ['https://prometheus-community.github.io/helm-charts'],
  render: prometheusKinds,
};

export const kubePrometheusStack: RetoldChart = {
  name: 'kube-prometheus-stack',
  mirrors: ['https://prometheus-community.github.io/helm-charts'],
  defaults: {
    crds: { enabled: true },
    prometheus: { enabled: true, prometheusSpec: { replicas: 1 } },
    alertmanager: { enabled: true, alertmanagerSpec: { replicas: 1 } },
    grafana: { enabled: true },
    kubeStateMetrics: { enabled: true },
    nodeExporter: { enabled: true },
  },
  crds: () => [],
  render: (context) => {
    const { values, release, namespace } = context;
    const name =
      textAt(values, 'fullnameOverride') ||
      (release.includes('kube-prometheus-stack') ? release : `${release}-kube-prometheus-stack`);
    const part = (key: string, chart: string): string => {
      const own = mapAt(values, key);
      return textAt(own, 'fullnameOverride') || (release.includes(chart) ? release : `${release}-${chart}`);
    };
    const operator = { app: 'kube-prometheus-stack-operator', release };
    const [grafana, state, exporter] = [
      part('grafana', 'grafana'),
      part('kube-state-metrics', 'kube-state-metrics'),
      part('prometheus-node-exporter', 'prometheus-node-exporter'),
    ];
    return [
      ...when(isOn(values, 'crds.enabled'), prometheusKinds),
      ...account(`${name}-operator`, namespace),
      deployment({
        name: `${name}-operator`,
        labels: operator,
        image: 'quay.io/prometheus-operator/prometheus-operator:v0.93.1',
        pod: placement(mapAt(values, 'prometheusOperator')),
        container: containerOf(mapAt(values, 'prometheusOperator')),
      }),
      service({ name: `${name}-operator`, selector: operator, ports: [{ name: 'https', port: 443 }] }),
      ...when(isOn(values, 'prometheus.enabled'), () => [
        ...account(`${name}-prometheus`, namespace),
        managed('Prometheus', `${name}-prometheus`, mapAt(values, 'prometheus.prometheusSpec'), 'storageSpec'),
        service({
          name: `${name}-prometheus`,
          selector: { 'app.kubernetes.io/name': 'prometheus' },
          ports: [{ name: 'http-web', port: 9090 }],
        }),
        monitor('ServiceMonitor', `${name}-prometheus`, { app: `${name}-prometheus` }),
      ]),
      ...when(isOn(values, 'alertmanager.enabled'), () => [
        managed('Alertmanager', `${name}-alertmanager`, mapAt(values, 'alertmanager.alertmanagerSpec'), 'storage'),
        service({
          name: `${name}-alertmanager`,
          selector: { 'app.kubernetes.io/name': 'alertmanager' },
          ports: [{ name: 'http-web', port: 9093 }],
        }),
      ]),
      ...when(isOn(values, 'grafana.enabled'), () => grafanaObjects(grafana, context)),
      ...when(isOn(values, 'kubeStateMetrics.enabled'), () => [
        ...account(state, namespace),
        deployment({
          name: state,
          labels: selectorLabels('kube-state-metrics', release),
          image: 'registry.k8s.io/kube-state-metrics:v2.20.0',
          pod: placement(mapAt(values, 'kube-state-metrics')),
        }),
        service({
          name: state,
          selector: selectorLabels('kube-state-metrics', release),
          ports: [{ name: 'http', port: 8080 }],
        }),
      ]),
      ...when(isOn(values, 'nodeExporter.enabled'), () => [
        ...account(exporter, namespace),
        daemonSet({
          name: exporter,
          labels: selectorLabels('prometheus-node-exporter', release),
          image: 'quay.io/prometheus/node-exporter:v1.12.1',
          pod: { hostNetwork: true, tolerations: [{ effect: 'NoSchedule', operator: 'Exists' }] },
        }),
        service({
          name: exporter,
          selector: selectorLabels('prometheus-node-exporter', release),
          ports: [{ name: 'http-metrics', port: 9100 }],
        }),
      ]),
    ];
  },
};

/** An object that the operator makes a StatefulSet of. */
const managed = (kind: string, name: string, spec: Record<string, unknown>, storage: string): Obj => {
  const { [storage]: kept, ...rest } = spec;
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind,
    metadata: { name },
    spec: { ...rest, ...(kept === undefined ? {} : { storage: kept }) },
  };
};

function grafanaObjects(name: string, { values, release, namespace }: ChartContext): readonly Obj[] {
  const labels = selectorLabels('grafana', release);
  const given = mapAt(values, 'grafana');
  const admin = textAt(given, 'admin.existingSecret');
  const env =
    admin === ''
      ? []
      : [
          {
            name: 'GF_SECURITY_ADMIN_USER',
            valueFrom: { secretKeyRef: { name: admin, key: textAt(given, 'admin.userKey', 'admin-user') } },
          },
          {
            name: 'GF_SECURITY_ADMIN_PASSWORD',
            valueFrom: { secretKeyRef: { name: admin, key: textAt(given, 'admin.passwordKey', 'admin-password') } },
          },
        ];
  return [
    ...account(name, namespace),
    configMap(name, { 'grafana.ini': '' }),
    deployment({
      name,
      labels,
      image: 'docker.io/grafana/grafana:13.2.0',
      replicas: numberAt(given, 'replicas', 1),
      pod: placement(given),
      container: { env },
    }),
    service({ name, selector: labels, ports: [{ name: 'http-web', port: 80, targetPort: 3000 }] }),
  ];
}

export const loki: RetoldChart = {
  name: 'loki',
  mirrors: ['https://grafana-community.github.io/helm-charts'],
  defaults: { singleBinary: { replicas: 0, persistence: { enabled: true, size: '10Gi' } } },
  render: (context) => {
    const { values, release, namespace } = context;
    if (listAt(values, 'loki.schemaConfig.configs').length === 0)
      throw new TemplateError(
        'execution error at (loki/templates/validate.yaml:40:4): You must provide a schema_config for Loki, one is not provided as this will be individual for every Loki cluster.',
      );
    const name = fullName(context, 'loki');
    const labels = selectorLabels('loki', release, 'single-binary');
    const single = mapAt(values, 'singleBinary');
    const isStored = isOn(single, 'persistence.enabled');
    return [
      ...account(name, namespace),
      configMap(name, { 'config.yaml': JSON.stringify(mapAt(values, 'loki')) }),
      statefulSet(
        {
          name,
          labels,
          image: 'docker.io/grafana/loki:3.7.6',
          replicas: numberAt(single, 'replicas', 0),
          pod: placement(single),
          container: {
            envFrom: listAt(single, 'extraEnvFrom'),
            env: listAt(single, 'extraEnv'),
            resources: mapAt(single, 'resources'),
          },
        },
        isStored
          ? [claim('storage', textAt(single, 'persistence.size', '10Gi'), textAt(single, 'persistence.storageClass'))]
          : [],
        true,
      ),
      service({ name, selector: labels, ports: [{ name: 'http-metrics', port: 3100 }] }),
      service({
        name: `${name}-headless`,
        selector: labels,
        spec: { clusterIP: 'None' },
        ports: [{ name: 'http-metrics', port: 3100 }],
      }),
      ...when(isOn(values, 'monitoring.serviceMonitor.enabled'), () => [monitor('ServiceMonitor', name, labels)]),
    ];
  },
};

export const alloy: RetoldChart = {
  name: 'alloy',
  defaults: { crds: { create: true }, controller: { type: 'daemonset' }, alloy: { configMap: { create: true } } },
  crds: () => [],
  render: (context) => {
    const { values, release, namespace } = context;
    const name = fullName(context, 'alloy');
    const labels = selectorLabels('alloy', release);
    const form = {
      name,
      labels,
      image: 'docker.io/grafana/alloy:v1.18.1',
      pod: { ...placement(mapAt(values, 'controller')), volumes: [{ name: 'config', configMap: { name } }] },
      container: { env: listAt(values, 'alloy.extraEnv'), resources: mapAt(values, 'alloy.resources') },
    };
    return [
      ...account(name, namespace),
      configMap(name, { 'config.alloy': textAt(values, 'alloy.configMap.content') }),
      textAt(values, 'controller.type') === 'deployment' ? deployment(form) : daemonSet(form),
      service({ name, selector: labels, ports: [{ name: 'http-metrics', port: 12345 }] }),
      ...when(isOn(values, 'serviceMonitor.enabled'), () => [monitor('ServiceMonitor', name, labels)]),
    ];
  },
};
