import { describe, expect, it } from 'vitest';

import { at, hetzner, linode, maps, rendered, type Values } from './network-cluster.js';

describe('the Hetzner cloud controller', () => {
  it('goes in first, while nodes still wait for it', async () => {
    const cluster = await rendered({});
    expect(cluster.order[0]).toBe('hcloud-cloud-controller-manager');
    const { chart } = cluster.component('hcloud-cloud-controller-manager');
    expect(at(chart, 'spec.bootstrap')).toBe(true);
    const others = cluster.components.filter(({ id }) => id !== 'hcloud-cloud-controller-manager');
    expect(others.filter((one) => at(one.chart, 'spec.bootstrap') !== undefined)).toEqual([]);
  });

  it('knows the pods’ range of this cluster, not the one its chart assumes', async () => {
    const cluster = await rendered({}, { file: { network: { pods: '10.96.0.0/16' } } });
    const { networking } = cluster.values('hcloud-cloud-controller-manager');
    expect(networking).toMatchObject({ enabled: true, clusterCIDR: '10.96.0.0/16' });
  });

  it('leaves routes to flannel and balancers in the cluster’s first location', async () => {
    const { env } = (await rendered({})).values('hcloud-cloud-controller-manager') as { env: Values };
    expect(env).toMatchObject({
      HCLOUD_LOAD_BALANCERS_LOCATION: { value: 'fsn1' },
      HCLOUD_LOAD_BALANCERS_USE_PRIVATE_IP: { value: 'true' },
      HCLOUD_NETWORK_ROUTES_ENABLED: { value: 'false' },
    });
  });

  it('can be updated on a single server, where two of them do not fit', async () => {
    for (const [count, replicas] of [
      [1, 1],
      [3, 2],
      [5, 2],
    ] as const) {
      const values = (await rendered({}, { file: { controlPlane: { count } } })).values(
        'hcloud-cloud-controller-manager',
      );
      expect(values['replicaCount']).toBe(replicas);
      expect(at(values, 'strategy.rollingUpdate')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    }
  });

  it('asks for no kind that comes after it', async () => {
    const values = (await rendered({ 'prometheus-crds': true })).values('hcloud-cloud-controller-manager');
    expect(at(values, 'monitoring.podMonitor.enabled')).toBe(false);
  });

  it('has its token and the network in a Secret, the network’s name not being one', async () => {
    const { selection } = await rendered({});
    const [own] = selection.on.filter(({ id }) => id === 'hcloud-cloud-controller-manager');
    expect(own?.definition.secrets).toMatchObject([
      {
        name: 'hcloud',
        namespace: 'kube-system',
        keys: { token: 'HCLOUD_TOKEN' },
        plain: { network: 'provider.network' },
      },
    ]);
  });
});

describe('Hetzner volumes', () => {
  it('carry the cluster’s labels, by which they are found again', async () => {
    const values = (await rendered({})).values('hcloud-csi');
    expect(at(values, 'controller.volumeExtraLabels')).toEqual({
      'slipway.dev/cluster': 'acme',
      'slipway.dev/cluster-id': 'k3x9',
    });
  });

  it('stay when their claim goes, unless a class is named that says otherwise', async () => {
    const { storageClasses } = (await rendered({})).values('hcloud-csi') as { storageClasses: Values[] };
    const usual = storageClasses.filter((one) => one['defaultStorageClass'] === true);
    expect(usual).toEqual([{ name: hetzner.storageClass, defaultStorageClass: true, reclaimPolicy: 'Retain' }]);
    expect(storageClasses.map((one) => one['reclaimPolicy'])).toEqual(['Retain', 'Delete']);
  });

  it('reach the machine’s metadata, which pods may not', async () => {
    expect(at((await rendered({})).values('hcloud-csi'), 'node.hostNetwork')).toBe(true);
  });

  it('tell metrics where somebody reads them', async () => {
    expect(at((await rendered({ preset: 'none', 'hcloud-csi': true })).values('hcloud-csi'), 'metrics.enabled')).toBe(
      false,
    );
    const watched = await rendered({ preset: 'none', 'hcloud-csi': true, 'prometheus-crds': true });
    expect(at(watched.values('hcloud-csi'), 'metrics.serviceMonitor.enabled')).toBe(true);
    expect(watched.order.indexOf('prometheus-crds')).toBeLessThan(watched.order.indexOf('hcloud-csi'));
  });

  it('are served from the pool they are sent to, and else from wherever there is room', async () => {
    const anywhere = (await rendered({})).values('hcloud-csi');
    expect(at(anywhere, 'controller.nodeSelector')).toBeUndefined();
    expect(at(anywhere, 'controller.tolerations')).toContainEqual(
      expect.objectContaining({ key: 'node-role.kubernetes.io/control-plane' }),
    );
    const placed = (await rendered({ 'hcloud-csi': { pool: 'web' } })).values('hcloud-csi');
    expect(at(placed, 'controller.nodeSelector')).toEqual({ 'slipway.dev/pool': 'web' });
  });
});

describe('the Linode cloud controller', () => {
  const values = async () => (await rendered({}, { provider: linode })).values('ccm-linode');

  it('runs on servers, whatever value their taint has', async () => {
    const { tolerations } = (await values()) as { tolerations: Values[] };
    expect(tolerations).toContainEqual({ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' });
    expect(tolerations.every(({ operator, value }) => operator === 'Exists' && value === undefined)).toBe(true);
  });

  it('tags what it makes with both tags in one entry, as its chart joins entries with blanks', async () => {
    expect((await values())['nodeBalancerTags']).toEqual(['slipway:cluster=acme,slipway:cluster-id=k3x9']);
  });

  it('reads token and region from a Secret made beforehand', async () => {
    expect(await values()).toMatchObject({
      apiToken: '',
      secretRef: { name: 'ccm-linode', apiTokenRef: 'apiToken', regionRef: 'region', mountSecret: true },
    });
  });

  it('is told of the private network where the provider has one', async () => {
    expect((await values())['vpcNames']).toBeUndefined();
    const provider = { ...linode, values: { ...linode.values, vpc: 'acme', subnet: 'nodes' } };
    const inside = (await rendered({}, { provider })).values('ccm-linode');
    expect(inside).toMatchObject({ vpcNames: 'acme', subnetNames: 'nodes' });
  });
});

describe('Linode volumes', () => {
  it('carry the cluster’s tags and stay when their claim goes', async () => {
    const values = (await rendered({}, { provider: linode })).values('linode-csi');
    expect(values['volumeTags']).toEqual(['slipway:cluster=acme', 'slipway:cluster-id=k3x9']);
    expect(values['defaultStorageClass']).toBe(linode.storageClass);
  });

  it('ask of the nodes what the driver needs, which its chart leaves out: once for the controller, once on each node', async () => {
    const file = { controlPlane: { count: 1 }, pools: [{ name: 'web', count: 2 }] };
    const of = await rendered({}, { provider: linode, file });
    const requests = { cpu: '10m', memory: '40Mi' };
    expect(at(of.values('linode-csi'), 'csiLinodePlugin.resources.requests')).toEqual(requests);
    expect(of.component('linode-csi').requests).toMatchObject({ cpuMilli: 4 * 10, memoryMiB: 4 * 40 });
  });
});

describe('what a provider needs', () => {
  it('is there for that provider and no other', async () => {
    const ours = ['hcloud-cloud-controller-manager', 'hcloud-csi', 'ccm-linode', 'linode-csi'];
    const on = async (provider: typeof hetzner) =>
      (await rendered({}, { provider })).order.filter((name) => ours.includes(name));
    expect(await on(hetzner)).toEqual(['hcloud-cloud-controller-manager', 'hcloud-csi']);
    expect(await on(linode)).toEqual(['ccm-linode', 'linode-csi']);
    expect(await on({ ...linode, required: [], baseline: [] })).toEqual([]);
  });

  it('comes without anything else where the file asks for nothing', async () => {
    const { order } = await rendered({ preset: 'none' });
    expect(order).toEqual(['hcloud-cloud-controller-manager']);
  });

  it('tolerates no cordoned node with what can run anywhere', async () => {
    const values = (await rendered({})).values('hcloud-csi');
    const tolerations = maps(at(values, 'controller.tolerations'));
    expect(tolerations.filter(({ key }) => key === undefined || key === 'node.kubernetes.io/unschedulable')).toEqual(
      [],
    );
  });
});
