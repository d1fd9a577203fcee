import { z } from 'zod';

import { clusterLabels, labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import { hasCode } from '../../src/http/api/errors.js';
import { isOurs } from '../../src/provider/kit/ownership.js';
import { labelsOf, tagOf, tagsOf } from '../../src/provider/kit/tags.js';
import { whileBusy } from '../../src/provider/kit/while-busy.js';
import type { CallOptions, ClusterOwnedResource } from '../../src/provider/port.js';
import { isApi } from './api-balancer.js';
import { type Linode, listOf, waits } from './context.js';
import { managedIds } from './lke.js';
import * as wire from './wire.js';

const paths = { 'load-balancer': '/nodebalancers', volume: '/volumes' };
const taggedShape = z.object({ tags: z.array(z.string()) });

/** By the tags that the cluster's own controllers put on what they make, and by where a volume is attached. */
export async function listOwnedResources(
  linode: Linode,
  cluster: ClusterRef,
  options: CallOptions,
): Promise<ClusterOwnedResource[]> {
  const [instances, lke, balancers, volumes, balancerPrice, volumePrice] = await Promise.all([
    listOf(linode, '/linode/instances', wire.instanceShape, options),
    managedIds(linode, cluster, options),
    listOf(linode, '/nodebalancers', wire.balancerShape, options),
    listOf(linode, '/volumes', wire.volumeShape, options),
    listOf(linode, '/nodebalancers/types', wire.pricedShape, options),
    listOf(linode, '/volumes/types', wire.pricedShape, options),
  ]);
  const ofLke = (id: number | null | undefined): boolean => id != null && lke.includes(id);
  const ours = ({ tags }: z.output<typeof taggedShape>): boolean => isOurs({ labels: labelsOf(tags) }, cluster.id);
  const because = `tag ${tagOf(labelKeys.clusterId, cluster.id)}`;
  const made = balancers
    .filter((one) => (ours(one) && !isApi(one)) || ofLke(one.lke_cluster?.id))
    .map(({ id, label, region, lke_cluster }): ClusterOwnedResource => ({
      ...{ kind: 'load-balancer', id: String(id), name: label, location: region },
      because: ofLke(lke_cluster?.id) ? `made by LKE cluster ${lke_cluster?.id}` : because,
      monthly: balancerPrice[0]?.price.monthly ?? 0,
    }));
  const kept = volumes.flatMap(({ id, label, region, size, tags, linode_id }): ClusterOwnedResource[] => {
    const holder = instances.find((one) => one.id === linode_id);
    // Before any tag: a volume that was kept may serve another cluster by now.
    if (holder ? !ours(holder) && !ofLke(holder.lke_cluster_id) : !ours({ tags })) return [];
    const monthly = Math.round(size * (volumePrice[0]?.price.monthly ?? 0) * 100) / 100;
    const why = holder ? `attached to ${holder.label}` : because;
    return [{ kind: 'volume', id: String(id), name: label, because: why, sizeGB: size, location: region, monthly }];
  });
  return [...made, ...kept];
}

/** Tags are replaced as a whole, so they are read just before. */
export async function labelOwnedResource(
  linode: Linode,
  cluster: ClusterRef,
  item: ClusterOwnedResource,
  options: CallOptions,
): Promise<void> {
  const path = `${paths[item.kind]}/${item.id}`;
  const found = await linode.api.find(path, taggedShape, options);
  if (found === undefined || isOurs({ labels: labelsOf(found.tags) }, cluster.id)) return;
  await linode.api.put(path, { tags: [...found.tags, ...tagsOf(clusterLabels(cluster))] }, z.unknown(), options);
}

export async function removeOwnedResource(
  linode: Linode,
  { kind, id }: ClusterOwnedResource,
  options: CallOptions,
): Promise<void> {
  if (kind === 'volume') {
    const volume = await linode.api.find(`/volumes/${id}`, wire.volumeShape, options);
    if (typeof volume?.linode_id === 'number') await detach(linode, id, options);
  }
  await whileBusy(waits(linode, options), ['in_use', 'busy'], () =>
    linode.api.delete(`${paths[kind]}/${id}`, z.unknown(), options),
  );
}

/** Gone, or detached by its machine's end, in the meantime is as it should be. */
async function detach(linode: Linode, id: string, options: CallOptions): Promise<void> {
  try {
    await whileBusy(waits(linode, options), ['busy'], () =>
      linode.api.postAgain(`/volumes/${id}/detach`, undefined, z.unknown(), options),
    );
  } catch (error) {
    if (!hasCode(error, 'not_found', 'invalid')) throw error;
  }
}
