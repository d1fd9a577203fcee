import { z } from 'zod';

import { clusterLabels, labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import { Secret } from '../../src/domain/secret.js';
import { hasCode } from '../../src/http/api/errors.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { findOurs } from '../../src/provider/kit/ownership.js';
import { labelsOf, tagOf, tagsOf } from '../../src/provider/kit/tags.js';
import type {
  ManagedCluster,
  ManagedKubernetes,
  ManagedPool,
  ManagedPoolRequest,
  ManagedPoolShape,
  ManagedShape,
} from '../../src/provider/managed.js';
import type { CallOptions, FoundCluster } from '../../src/provider/port.js';
import { account, type Linode, listOf, named, waits } from './context.js';
import { aclShape, clusterShape, kubeconfigShape, poolShape, versionShape, type WirePool } from './lke-wire.js';
import { instanceShape, pricedShape, type WireInstance } from './wire.js';

/** What this provider's clusters are made of. */
const distribution = 'lke';
const path = '/lke/clusters';
/** Longest name of a cluster. */
export const lkeNameLimit = 32;

const listClusters = async (linode: Linode, options: CallOptions) =>
  (await listOf(linode, path, clusterShape, options)).map(named);

/** LKE clusters that carry our tags, with as many machines as LKE has for them. */
export async function managedClusters(linode: Linode, options: CallOptions): Promise<FoundCluster[]> {
  const [clusters, instances] = await Promise.all([
    listClusters(linode, options),
    listOf(linode, '/linode/instances', instanceShape, options),
  ]);
  return clusters.flatMap(({ id, labels }): FoundCluster[] => {
    const { [labelKeys.cluster]: name = '', [labelKeys.clusterId]: own } = labels;
    const machines = instances.filter((one) => one.lke_cluster_id === id).length;
    return own === undefined ? [] : [{ name, id: own, machines, distribution }];
  });
}

/** Ids of the LKE clusters that are this cluster: one, or none. */
export const managedIds = async (linode: Linode, cluster: ClusterRef, options: CallOptions): Promise<number[]> =>
  (await listClusters(linode, options))
    .filter(({ labels }) => labels[labelKeys.clusterId] === cluster.id)
    .map(({ id }) => id);

/** No addresses mean that nothing is let in, so that who may come in is always said. */
const aclOf = (ranges: readonly string[]) => ({
  enabled: true,
  addresses: {
    ipv4: ranges.filter((range) => !range.includes(':')),
    ipv6: ranges.filter((range) => range.includes(':')),
  },
});

const shapeOf = ({ count, autoscale, labels, taints }: ManagedPoolShape) => ({
  count,
  autoscaler: autoscale ? { enabled: true, ...autoscale } : { enabled: false },
  labels,
  taints: taints.map(({ key, value = '', effect }) => ({ key, value, effect })),
});

const poolBody = (pool: ManagedPoolRequest) => ({
  type: pool.type,
  tags: [tagOf(labelKeys.pool, pool.name)],
  ...shapeOf(pool),
});

function poolOf(cluster: number, instances: readonly WireInstance[], pool: WirePool): ManagedPool {
  const { enabled, min, max } = pool.autoscaler;
  return {
    id: String(pool.id),
    name: labelsOf(pool.tags ?? [])[labelKeys.pool] ?? pool.labels?.[labelKeys.pool],
    type: pool.type,
    count: pool.count,
    autoscale: enabled ? { min, max } : undefined,
    labels: pool.labels ?? {},
    taints: (pool.taints ?? []).map(({ key, value, effect }) => ({ key, value: value ?? undefined, effect })),
    nodes: pool.nodes.map(({ id, instance_id }) => {
      const machine = instances.find((one) => one.id === instance_id);
      return {
        id,
        name: `lke${cluster}-${id}`,
        providerId: instance_id === null ? undefined : `linode://${instance_id}`,
        machine: machine && {
          id: String(machine.id),
          isRunning: machine.status === 'running',
          publicAddress: machine.ipv4.find((one) => !one.startsWith('192.168.')),
          privateAddress: machine.ipv4.find((one) => one.startsWith('192.168.')),
          createdAt: `${machine.created}Z`,
        },
      };
    }),
  };
}

/** LKE as Slipway uses it: pools and nodes by their ids, and never a pool of nodes at once. */
export function managedKubernetes(linode: Linode): ManagedKubernetes['managed'] {
  const { api } = linode;
  const find = async (cluster: ClusterRef, options: CallOptions): Promise<ManagedCluster | undefined> => {
    const found = findOurs(account, 'LKE cluster', await listClusters(linode, options), cluster.name, cluster.id);
    if (!found) return undefined;
    const own = `${path}/${found.id}`;
    const [pools, instances, acl] = await Promise.all([
      listOf(linode, `${own}/pools`, poolShape, options),
      listOf(linode, '/linode/instances', instanceShape, options),
      api.find(`${own}/control_plane_acl`, aclShape, options),
    ]);
    const { enabled = false, addresses } = acl?.acl ?? {};
    return {
      id: String(found.id),
      location: found.region,
      version: found.k8s_version,
      highAvailability: found.control_plane.high_availability,
      apiAllow: enabled ? [...(addresses?.ipv4 ?? []), ...(addresses?.ipv6 ?? [])] : ['0.0.0.0/0', '::/0'],
      pools: pools.map((pool) => poolOf(found.id, instances, pool)),
    };
  };
  return {
    find,
    versions: async (options) => (await listOf(linode, '/lke/versions', versionShape, options)).map(({ id }) => id),
    async controlPlanePrice(highAvailability, location, options) {
      const types = await listOf(linode, '/lke/types', pricedShape, options);
      const type = types.find(({ id }) => id === (highAvailability ? 'lke-ha' : 'lke-sa'));
      return (type?.region_prices.find(({ id }) => id === location) ?? type?.price)?.monthly ?? 0;
    },
    async create(cluster, request, options) {
      const tags = tagsOf({ ...clusterLabels(cluster), [labelKeys.distribution]: distribution });
      const body = {
        label: cluster.name,
        region: request.location,
        k8s_version: request.version,
        tags,
        control_plane: { high_availability: request.highAvailability, acl: aclOf(request.apiAllow) },
        node_pools: request.pools.map(poolBody),
      };
      const there = await find(cluster, options);
      if (there) return there;
      await createNamed(
        waits(linode, options),
        async () => void (await api.post(path, body, clusterShape, options)),
        async () => ((await find(cluster, options)) ? true : undefined),
      );
      return (await find(cluster, options))!;
    },
    async change(id, changes: Partial<ManagedShape>, options) {
      const { version, highAvailability, apiAllow } = changes;
      const body = {
        ...(version === undefined ? {} : { k8s_version: version }),
        ...(highAvailability === undefined ? {} : { control_plane: { high_availability: highAvailability } }),
      };
      if (Object.keys(body).length > 0) await api.put(`${path}/${id}`, body, clusterShape, options);
      if (apiAllow) await api.put(`${path}/${id}/control_plane_acl`, { acl: aclOf(apiAllow) }, z.unknown(), options);
    },
    async kubeconfig(id, options) {
      try {
        const { kubeconfig } = await api.get(`${path}/${id}/kubeconfig`, kubeconfigShape, options);
        return new Secret(Buffer.from(kubeconfig, 'base64').toString('utf8'));
      } catch (error) {
        if (hasCode(error, 'not_yet')) return undefined;
        throw error;
      }
    },
    // Pools have no name that is unique: whoever makes one has looked, and one that was made twice is found later.
    createPool: async (id, pool, options) =>
      void (await api.post(`${path}/${id}/pools`, poolBody(pool), poolShape, options)),
    changePool: async (id, pool, shape, options) =>
      void (await api.put(`${path}/${id}/pools/${pool}`, shapeOf(shape), poolShape, options)),
    deletePool: async (id, pool, options) =>
      void (await api.delete(`${path}/${id}/pools/${pool}`, z.unknown(), options)),
    recycleNode: async (id, node, options) =>
      void (await api.post(`${path}/${id}/nodes/${node}/recycle`, undefined, z.unknown(), options)),
    removeNode: async (id, node, options) =>
      void (await api.delete(`${path}/${id}/nodes/${node}`, z.unknown(), options)),
    delete: async (id, options) => void (await api.delete(`${path}/${id}`, z.unknown(), options)),
  };
}
