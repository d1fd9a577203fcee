import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Listed, LinodeRig, type WireInstance } from './rig.js';

let rig: LinodeRig;
beforeEach(async () => {
  rig = await new LinodeRig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

interface Cluster {
  readonly id: number;
  readonly status: string;
  readonly k8s_version: string;
  readonly control_plane: { readonly high_availability: boolean };
}
interface Pool {
  readonly id: number;
  readonly count: number;
  readonly autoscaler: object;
  readonly nodes: readonly { readonly id: string; readonly instance_id: number | null; readonly status: string }[];
}

const order = (more: object = {}) => ({
  label: 'demo',
  region: 'se-sto',
  k8s_version: '1.35',
  node_pools: [{ type: 'g6-standard-2', count: 2, tags: ['slipway:pool=web'], labels: { tier: 'web' } }],
  ...more,
});
const create = async (more: object = {}): Promise<Cluster> => {
  const { status, body } = await rig.post<Cluster>('/lke/clusters', order(more));
  expect(status).toBe(200);
  return body;
};
const pools = async ({ id }: Cluster) => (await rig.get<Listed<Pool>>(`/lke/clusters/${id}/pools`)).body.data;
/** Minutes, in which whatever runs ends. */
const wait = (minutes: number): void => {
  for (let second = 0; second < minutes * 60; second += 5) rig.clock.advance(5_000);
};

describe('an LKE cluster of the sandbox', () => {
  it('says that it is ready at once, gives its kubeconfig out minutes later, and has nodes after that', async () => {
    const cluster = await create({ control_plane: { high_availability: true } });
    expect(cluster).toMatchObject({ status: 'ready', k8s_version: '1.35', control_plane: { high_availability: true } });
    const path = `/lke/clusters/${cluster.id}`;
    expect((await pools(cluster))[0]!.nodes).toMatchObject([
      { instance_id: null, status: 'not_ready' },
      { instance_id: null, status: 'not_ready' },
    ]);
    const early = await rig.get(`${path}/kubeconfig`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await rig.refusal('GET', `${path}/api-endpoints`)).toBe(
      '503 Cluster API Endpoints are not yet available. Please try again later.',
    );
    wait(1);
    // Booted, which says nothing of Kubernetes.
    expect((await pools(cluster))[0]!.nodes.map(({ status }) => status)).toEqual(['ready', 'ready']);
    expect(rig.kubernetes.nodes.size).toBe(0);
    wait(2);
    const { body } = await rig.get<{ kubeconfig: string }>(`${path}/kubeconfig`);
    expect(Buffer.from(body.kubeconfig, 'base64').toString()).toBe(`kubeconfig ${cluster.id} 0`);
    expect([...rig.kubernetes.nodes.values()].map(({ version, labels }) => [version, labels])).toEqual([
      ['v1.35.8', { tier: 'web' }],
      ['v1.35.8', { tier: 'web' }],
    ]);
    expect((await rig.get<Listed<object>>(`${path}/api-endpoints`)).body.data).toHaveLength(1);
    const { data } = (await rig.get<Listed<WireInstance & { lke_cluster_id: number }>>('/linode/instances')).body;
    expect(data.map(({ lke_cluster_id }) => lke_cluster_id)).toEqual([cluster.id, cluster.id]);
    expect(rig.host.specs.size).toBe(0);
  });

  it('is refused with what it does not know, a name that is taken, and a pool of nobody', async () => {
    await create();
    const refusal = (more: object): Promise<string> => rig.refusal('POST', '/lke/clusters', order(more));
    expect(await refusal({})).toBe('400 label: Label must be unique among your clusters');
    // It is listed, and gone for years.
    expect(await refusal({ label: 'old', k8s_version: '1.23' })).toBe('400 k8s_version: k8s_version is not valid');
    expect(await refusal({ label: 'far', region: 'mars' })).toBe('400 region: region is not valid');
    expect(await refusal({ label: 'none', node_pools: [{ type: 'g6-standard-2', count: 0 }] })).toBe(
      '400 node_pools.0.count: Must be between 1 and 100',
    );
  });

  it('goes to the next minor and no further, its nodes staying until they are recycled', async () => {
    const cluster = await create();
    wait(3);
    const path = `/lke/clusters/${cluster.id}`;
    expect(await rig.refusal('PUT', path, { k8s_version: '1.37' })).toBe(
      '400 k8s_version: Cannot upgrade from 1.35 to 1.37',
    );
    await rig.put(path, { k8s_version: '1.36' });
    expect(await rig.refusal('PUT', path, { k8s_version: '1.35' })).toContain('Cannot upgrade');
    expect(rig.kubernetes.versions.get(cluster.id)).toBe('v1.36.5');
    expect([...rig.kubernetes.nodes.values()].map(({ version }) => version)).toEqual(['v1.35.8', 'v1.35.8']);
    const [first, second] = (await pools(cluster))[0]!.nodes;
    await rig.post(`${path}/nodes/${first!.id}/recycle`);
    const now = (await pools(cluster))[0]!.nodes;
    expect(now).toMatchObject([{ id: second!.id }, { instance_id: null }]);
    wait(1);
    expect([...rig.kubernetes.nodes.values()].map(({ version }) => version).sort()).toEqual(['v1.35.8', 'v1.36.5']);
  });

  it('recycles a pool one node after the other', async () => {
    const cluster = await create();
    wait(3);
    const before = [...rig.kubernetes.nodes.keys()];
    const [pool] = await pools(cluster);
    await rig.post(`/lke/clusters/${cluster.id}/pools/${pool!.id}/recycle`);
    let fewest = 2;
    for (let second = 0; second < 240; second += 1) {
      rig.clock.advance(1_000);
      fewest = Math.min(fewest, rig.kubernetes.nodes.size);
    }
    expect(fewest).toBe(1);
    expect(rig.kubernetes.nodes.size).toBe(2);
    expect([...rig.kubernetes.nodes.keys()].filter((name) => before.includes(name))).toEqual([]);
  });

  it('makes a machine anew, after minutes, that was deleted behind its back', async () => {
    const cluster = await create();
    wait(3);
    const [{ nodes }] = (await pools(cluster)) as [Pool];
    await rig.delete(`/linode/instances/${nodes[0]!.instance_id}`);
    wait(1);
    expect((await pools(cluster))[0]!.nodes[0]).toEqual({ id: nodes[0]!.id, instance_id: null, status: 'not_ready' });
    expect(rig.kubernetes.nodes.size).toBe(1);
    wait(4);
    expect((await pools(cluster))[0]!.nodes[0]).toMatchObject({ id: nodes[0]!.id, status: 'ready' });
    expect(rig.kubernetes.nodes.size).toBe(2);
  });

  it('has an access list that is off unless it says otherwise, and shuts out whom it does not name', async () => {
    const cluster = await create();
    const path = `/lke/clusters/${cluster.id}/control_plane_acl`;
    expect(rig.cloud.admits(cluster.id, '203.0.113.9')).toBe(true);
    const { body } = await rig.put(path, { acl: { enabled: true, addresses: { ipv4: ['198.51.100.7'] } } });
    expect(body).toMatchObject({ acl: { enabled: true, addresses: { ipv4: ['198.51.100.7/32'], ipv6: [] } } });
    expect(rig.cloud.admits(cluster.id, '203.0.113.9')).toBe(false);
    expect(rig.cloud.admits(cluster.id, '198.51.100.7')).toBe(true);
    await rig.delete(path);
    expect(rig.cloud.admits(cluster.id, '203.0.113.9')).toBe(true);
  });

  it('is deleted with its machines and NodeBalancers, and leaves its volumes', async () => {
    const cluster = await create();
    wait(3);
    const [{ nodes }] = (await pools(cluster)) as [Pool];
    await rig.post('/volumes', { label: 'pvc1', linode_id: nodes[0]!.instance_id });
    wait(1);
    await rig.delete(`/lke/clusters/${cluster.id}`);
    wait(1);
    expect((await rig.get<Listed<object>>('/linode/instances')).body.results).toBe(0);
    expect((await rig.get<Listed<object>>('/volumes')).body.data).toMatchObject([{ label: 'pvc1', linode_id: null }]);
    expect(rig.kubernetes.versions.size).toBe(0);
  });
});

describe('a pool of an LKE cluster of the sandbox', () => {
  it('overwrites its labels and taints, and those of nodes that run', async () => {
    const cluster = await create();
    wait(3);
    const [pool] = await pools(cluster);
    const taints = [{ key: 'only', value: 'web', effect: 'NoSchedule' }];
    await rig.put(`/lke/clusters/${cluster.id}/pools/${pool!.id}`, { labels: { kind: 'other' }, taints });
    expect([...rig.kubernetes.nodes.values()].map((node) => [node.labels, node.taints])).toEqual([
      [{ kind: 'other' }, taints],
      [{ kind: 'other' }, taints],
    ]);
  });

  it('has as many nodes as it counts, within a range that names both ends', async () => {
    const cluster = await create();
    wait(3);
    const [pool] = await pools(cluster);
    const path = `/lke/clusters/${cluster.id}/pools/${pool!.id}`;
    expect(pool!.autoscaler).toEqual({ enabled: false, min: 2, max: 2 });
    expect(await rig.refusal('PUT', path, { autoscaler: { enabled: true, min: 3 } })).toContain('given together');
    const { body } = await rig.put<Pool>(path, { autoscaler: { enabled: true, min: 3, max: 5 } });
    expect(body).toMatchObject({ count: 3, autoscaler: { enabled: true, min: 3, max: 5 } });
    wait(1);
    expect(rig.kubernetes.nodes.size).toBe(3);
    await rig.delete(`/lke/clusters/${cluster.id}/nodes/${(await pools(cluster))[0]!.nodes[0]!.id}`);
    expect((await pools(cluster))[0]!).toMatchObject({ count: 2 });
    expect(await rig.refusal('DELETE', path)).toBe('400 A cluster must have at least one node pool.');
  });

  it('is as it was after the sandbox was started again', async () => {
    const cluster = await create();
    rig = await rig.reborn();
    wait(3);
    expect((await pools(cluster))[0]!.nodes.map(({ status }) => status)).toEqual(['ready', 'ready']);
    expect(rig.kubernetes.nodes.size).toBe(2);
  });
});
