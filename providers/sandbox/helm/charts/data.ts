import type { RetoldChart } from '../types.js';
import { isOn, mapAt, numberAt, textAt } from '../values.js';
import {
  account,
  claim,
  configMap,
  containerOf,
  deployment,
  fullName,
  kinds,
  monitor,
  placement,
  selectorLabels,
  service,
  statefulSet,
  webhook,
  when,
} from './parts.js';

export const cloudNativePg: RetoldChart = {
  name: 'cloudnative-pg',
  defaults: { crds: { create: true }, replicaCount: 1 },
  render: (context) => {
    const { values, release, namespace } = context;
    const name = fullName(context, 'cloudnative-pg');
    const labels = selectorLabels('cloudnative-pg', release);
    const target = { service: 'cnpg-webhook-service', namespace, group: 'postgresql.cnpg.io' };
    return [
      ...when(isOn(values, 'crds.create'), () =>
        kinds(
          'postgresql.cnpg.io',
          'v1',
          [
            ['Cluster', 'clusters'],
            ['Backup', 'backups'],
            ['ScheduledBackup', 'scheduledbackups'],
            ['Pooler', 'poolers'],
            ['Database', 'databases'],
            ['ImageCatalog', 'imagecatalogs'],
            ['ClusterImageCatalog', 'clusterimagecatalogs', true],
          ],
          true,
        ),
      ),
      ...account(name, namespace),
      configMap('cnpg-controller-manager-config', {}),
      deployment({
        name,
        labels,
        image: 'ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0',
        replicas: numberAt(values, 'replicaCount', 1),
        pod: placement(values),
        container: containerOf(values),
      }),
      service({
        name: target.service,
        selector: labels,
        ports: [{ name: 'webhook-server', port: 443, targetPort: 9443 }],
      }),
      webhook('ValidatingWebhookConfiguration', 'cnpg-validating-webhook-configuration', target),
      webhook('MutatingWebhookConfiguration', 'cnpg-mutating-webhook-configuration', target),
      ...when(isOn(values, 'monitoring.podMonitorEnabled'), () => [monitor('PodMonitor', name, labels)]),
    ];
  },
};

export const barmanCloud: RetoldChart = {
  name: 'plugin-barman-cloud',
  defaults: { crds: { create: true } },
  render: (context) => {
    const { values, release, namespace } = context;
    const name = fullName(context, 'plugin-barman-cloud');
    const labels = selectorLabels('plugin-barman-cloud', release);
    const side = (which: 'client' | 'server') => ({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: `${name}-${which}` },
      spec: { secretName: `${name}-${which}-tls`, issuerRef: { name: `${name}-selfsigned-issuer`, kind: 'Issuer' } },
    });
    return [
      ...when(isOn(values, 'crds.create'), () =>
        kinds('barmancloud.cnpg.io', 'v1', [['ObjectStore', 'objectstores']], true),
      ),
      ...account(name, namespace),
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Issuer',
        metadata: { name: `${name}-selfsigned-issuer` },
        spec: { selfSigned: {} },
      },
      side('client'),
      side('server'),
      deployment({
        name,
        labels,
        image: 'ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.13.0',
        pod: {
          ...placement(values),
          volumes: (['client', 'server'] as const).map((which) => ({
            name: which,
            secret: { secretName: `${name}-${which}-tls` },
          })),
        },
        container: containerOf(values),
      }),
      service({ name: 'barman-cloud', selector: labels, ports: [{ name: 'grpc', port: 9090 }] }),
    ];
  },
};

export const nats: RetoldChart = {
  name: 'nats',
  defaults: {
    config: {
      cluster: { enabled: false, replicas: 3 },
      jetstream: { enabled: false, fileStore: { enabled: true, pvc: { enabled: true, size: '10Gi' } } },
    },
    natsBox: { enabled: true },
    podDisruptionBudget: { enabled: true },
  },
  render: (context) => {
    const { values, release } = context;
    const name = fullName(context, 'nats');
    const labels = selectorLabels('nats', release, 'nats');
    const env = Object.entries(mapAt(values, 'container.env')).map(([key, value]) =>
      typeof value === 'object' ? { name: key, ...value } : { name: key, value: JSON.stringify(value) },
    );
    const isStored = isOn(values, 'config.jetstream.enabled') && isOn(values, 'config.jetstream.fileStore.pvc.enabled');
    const size = textAt(values, 'config.jetstream.fileStore.pvc.size', '10Gi');
    const storageClass = textAt(values, 'config.jetstream.fileStore.pvc.storageClassName');
    return [
      configMap(`${name}-config`, { 'nats.conf': JSON.stringify(mapAt(values, 'config.merge')) }),
      statefulSet(
        {
          name,
          labels,
          image: 'nats:2.14.2-alpine',
          replicas: isOn(values, 'config.cluster.enabled') ? numberAt(values, 'config.cluster.replicas', 3) : 1,
          pod: { serviceAccountName: 'default', ...placement(mapAt(values, 'podTemplate.merge.spec')) },
          container: { env, resources: mapAt(values, 'container.resources') },
          annotations: mapAt(values, 'podTemplate.merge.metadata.annotations') as Record<string, string>,
        },
        isStored ? [claim(`${name}-js`, size, storageClass)] : [],
        true,
      ),
      service({ name, selector: labels, ports: [{ name: 'nats', port: 4222 }] }),
      service({
        name: `${name}-headless`,
        selector: labels,
        spec: { clusterIP: 'None' },
        ports: [{ name: 'nats', port: 4222 }],
      }),
      ...when(isOn(values, 'podDisruptionBudget.enabled'), () => [
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name },
          spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        },
      ]),
      ...when(isOn(values, 'natsBox.enabled'), () => [
        deployment({
          name: `${name}-box`,
          labels: selectorLabels('nats', release, 'nats-box'),
          image: 'natsio/nats-box:latest',
          pod: { serviceAccountName: 'default' },
        }),
      ]),
      ...when(isOn(values, 'promExporter.podMonitor.enabled'), () => [monitor('PodMonitor', name, labels)]),
    ];
  },
};

export const flux: RetoldChart = {
  name: 'flux2',
  pin: { source: 'oci://ghcr.io/fluxcd-community/charts/flux2', version: '2.18.3' },
  mirrors: ['https://fluxcd-community.github.io/helm-charts'],
  render: ({ values, namespace }) => {
    const parts = ['source', 'kustomize', 'helm', 'notification', 'imageReflection', 'imageAutomation'];
    const desired = parts.filter((part) => mapAt(values, `${part}Controller`)['create'] !== false);
    const names = desired.map((part) => `${part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}-controller`);
    return [
      ...kinds('source.toolkit.fluxcd.io', 'v1', [
        ['GitRepository', 'gitrepositories'],
        ['HelmRepository', 'helmrepositories'],
        ['OCIRepository', 'ocirepositories'],
      ]),
      ...kinds('kustomize.toolkit.fluxcd.io', 'v1', [['Kustomization', 'kustomizations']]),
      ...kinds('helm.toolkit.fluxcd.io', 'v2', [['HelmRelease', 'helmreleases']]),
      ...kinds('image.toolkit.fluxcd.io', 'v1', [
        ['ImageRepository', 'imagerepositories'],
        ['ImagePolicy', 'imagepolicies'],
        ['ImageUpdateAutomation', 'imageupdateautomations'],
      ]),
      ...names.flatMap((name) => account(name, namespace)),
      ...names.map((name) => deployment({ name, labels: { app: name }, image: `ghcr.io/fluxcd/${name}:v2.8.5` })),
      ...when(isOn(values, 'prometheus.podMonitor.create'), () => [
        monitor('PodMonitor', 'flux-system', { app: 'flux' }),
      ]),
    ];
  },
};
