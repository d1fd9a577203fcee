import type { RetoldChart, Values } from '../types.js';
import { at, isOn, listAt, mapAt, numberAt, textAt } from '../values.js';
import { account, daemonSet, deployment, monitor, placement, selectorLabels, statefulSet, when } from './parts.js';

/** Tolerations that the chart of Hetzner's controller always sets. */
const uninitialized = [
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' },
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule', operator: 'Exists' },
  { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
];

/** A map of variables, as this chart takes them, as a list. */
const environment = (env: Values): unknown[] =>
  Object.entries(env).map(([name, value]) => ({ name, ...(value as Record<string, unknown>) }));

export const hcloudController: RetoldChart = {
  name: 'hcloud-cloud-controller-manager',
  defaults: {
    kind: 'Deployment',
    replicaCount: 1,
    env: { HCLOUD_TOKEN: { valueFrom: { secretKeyRef: { name: 'hcloud', key: 'token' } } } },
    networking: { enabled: false, network: { valueFrom: { secretKeyRef: { name: 'hcloud', key: 'network' } } } },
    monitoring: { enabled: true, podMonitor: { enabled: false } },
  },
  render: ({ values, release, namespace }) => {
    const name = textAt(values, 'nameOverride') || 'hcloud-cloud-controller-manager';
    const labels = selectorLabels(name, release);
    const isNetworked = isOn(values, 'networking.enabled');
    const network = isNetworked ? [{ name: 'HCLOUD_NETWORK', ...mapAt(values, 'networking.network') }] : [];
    const form = {
      name,
      labels,
      image: 'docker.io/hetznercloud/hcloud-cloud-controller-manager:v1.35.0',
      replicas: numberAt(values, 'replicaCount', 1),
      container: { env: [...environment(mapAt(values, 'env')), ...network], resources: mapAt(values, 'resources') },
      pod: {
        ...placement(values),
        hostNetwork: isNetworked,
        tolerations: [...uninitialized, ...listAt(values, 'additionalTolerations')],
      },
    };
    return [
      ...account(name, namespace).filter(({ kind }) => kind !== 'ClusterRole'),
      textAt(values, 'kind') === 'DaemonSet' ? daemonSet(form) : deployment(form),
      ...when(isOn(values, 'monitoring.podMonitor.enabled'), () => [monitor('PodMonitor', name, labels)]),
    ];
  },
};

export const hcloudCsi: RetoldChart = {
  name: 'hcloud-csi',
  defaults: {
    controller: { replicaCount: 1, hcloudToken: { existingSecret: { name: 'hcloud', key: 'token' } } },
    storageClasses: [{ name: 'hcloud-volumes', defaultStorageClass: true, reclaimPolicy: 'Delete' }],
  },
  render: ({ values, release, namespace }) => {
    const name =
      textAt(values, 'fullnameOverride') || (release.includes('hcloud-csi') ? release : `${release}-hcloud-csi`);
    const image = 'docker.io/hetznercloud/hcloud-csi-driver:v2.22.1';
    const controller = selectorLabels('hcloud-csi', release, 'controller');
    const node = selectorLabels('hcloud-csi', release, 'node');
    const token = mapAt(values, 'controller.hcloudToken.existingSecret');
    return [
      ...account(`${name}-controller`, namespace),
      ...when(isOn(values, 'metrics.serviceMonitor.enabled'), () => [
        monitor('ServiceMonitor', `${name}-controller`, controller),
      ]),
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name: 'csi.hetzner.cloud' },
        spec: { attachRequired: true },
      },
      ...listAt(values, 'storageClasses').map((one) => {
        const form = one as { name: string; defaultStorageClass?: boolean; reclaimPolicy?: string };
        return {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata: {
            name: form.name,
            annotations: { 'storageclass.kubernetes.io/is-default-class': String(form.defaultStorageClass ?? false) },
          },
          provisioner: 'csi.hetzner.cloud',
          volumeBindingMode: 'WaitForFirstConsumer',
          allowVolumeExpansion: true,
          reclaimPolicy: form.reclaimPolicy ?? 'Delete',
        };
      }),
      deployment({
        name: `${name}-controller`,
        labels: controller,
        image,
        replicas: numberAt(values, 'controller.replicaCount', 1),
        pod: placement(mapAt(values, 'controller')),
        container: { env: [{ name: 'HCLOUD_TOKEN', valueFrom: { secretKeyRef: token } }] },
      }),
      daemonSet({
        name: `${name}-node`,
        labels: node,
        image,
        pod: {
          serviceAccountName: 'default',
          ...placement(mapAt(values, 'node')),
          tolerations: [
            { effect: 'NoExecute', operator: 'Exists' },
            { effect: 'NoSchedule', operator: 'Exists' },
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
          ],
        },
      }),
    ];
  },
};

export const linodeController: RetoldChart = {
  name: 'ccm-linode',
  render: ({ values, namespace }) => [
    ...account('ccm-linode', namespace),
    daemonSet({
      name: 'ccm-linode',
      labels: { app: 'ccm-linode' },
      image: 'linode/linode-cloud-controller-manager:v0.9.8',
      container: {
        args: [`--nodebalancer-tags=${listAt(values, 'nodeBalancerTags').map(String).join(' ')}`],
      },
      pod: {
        ...placement(values),
        nodeSelector: at(values, 'nodeSelector') ?? { 'node-role.kubernetes.io/control-plane': 'true' },
        hostNetwork: true,
        volumes: [{ name: 'token', secret: { secretName: textAt(values, 'secretRef.name') || 'ccm-linode' } }],
      },
    }),
  ],
};

export const linodeCsi: RetoldChart = {
  name: 'linode-blockstorage-csi-driver',
  defaults: { defaultStorageClass: 'linode-block-storage-retain' },
  render: ({ values, namespace }) => {
    const image = 'linode/linode-blockstorage-csi-driver:v1.1.4';
    const token = { name: 'token', secret: { secretName: textAt(values, 'secretRef.name') || 'linode' } };
    const chosen = textAt(values, 'defaultStorageClass');
    return [
      ...account('csi-controller-sa', namespace),
      ...account('csi-node-sa', namespace),
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name: 'linodebs.csi.linode.com' },
        spec: { attachRequired: true },
      },
      ...(
        [
          ['linode-block-storage', 'Delete'],
          ['linode-block-storage-retain', 'Retain'],
        ] as const
      ).map(([name, reclaimPolicy]) => ({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(name === chosen) } },
        provisioner: 'linodebs.csi.linode.com',
        volumeBindingMode: 'Immediate',
        allowVolumeExpansion: true,
        reclaimPolicy,
      })),
      statefulSet({
        name: 'csi-linode-controller',
        labels: { app: 'csi-linode-controller' },
        image,
        pod: {
          serviceAccountName: 'csi-controller-sa',
          volumes: [token],
          ...placement(mapAt(values, 'csiLinodeController')),
        },
      }),
      daemonSet({
        name: 'csi-linode-node',
        labels: { app: 'csi-linode-node' },
        image,
        pod: { serviceAccountName: 'csi-node-sa', tolerations: [{ operator: 'Exists' }] },
      }),
    ];
  },
};
