import { z } from 'zod';

import { hasCode } from '../../src/http/api/errors.js';
import { isOurs } from '../../src/provider/kit/ownership.js';
import { whileBusy } from '../../src/provider/kit/while-busy.js';
import { clusterLabels, labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import type { CallOptions, ClusterOwnedResource } from '../../src/provider/port.js';
import { pricing } from './catalog.js';
import { type Hetzner, waits } from './context.js';
import { serviceLabel } from './names.js';
import { removeResource } from './remove.js';
import {
  actionShape,
  loadBalancerShape,
  networkShape,
  serverShape,
  volumeShape,
  type WireLoadBalancer,
  type WireNetwork,
  type WireServer,
  type WireVolume,
} from './wire.js';

const managedBy = 'managed-by';
const csiName = 'csi-driver';
const claimLabel = 'pvc-name';

/** What the judgement needs to see of the project. */
export interface Surroundings {
  readonly clusterId: string;
  /** All servers of the project. */
  readonly servers: readonly WireServer[];
  readonly networks: readonly WireNetwork[];
}

/** How a balancer is known to be made by this cluster; undefined when it is not, or is Slipway's own. */
export function balancerBecause(balancer: WireLoadBalancer, around: Surroundings): string | undefined {
  const { clusterId, servers, networks } = around;
  const service = balancer.labels[serviceLabel];
  // Slipway's own is part of the infrastructure. A Service may be told to carry our label too; the controller's tells.
  if (isOurs(balancer, clusterId)) return service === undefined ? undefined : `label ${labelKeys.clusterId}`;
  const ids = new Set(
    balancer.targets.flatMap((target) => [target.server?.id, ...(target.targets ?? []).map((one) => one.server?.id)]),
  );
  const hit = servers.find((server) => isOurs(server, clusterId) && ids.has(server.id));
  const network = networks.find(
    (one) => isOurs(one, clusterId) && balancer.private_net.some((net) => net.network === one.id),
  );
  if (!hit && !network && (service === undefined || !onlyOursSince(balancer, around))) return undefined;
  return [
    ...(hit ? [`target ${hit.name}`] : []),
    ...(network ? [`on network ${network.name}`] : []),
    ...(service === undefined ? [] : [`label ${serviceLabel}=${service}`]),
  ].join(', ');
}

/**
 * How a volume is known to be this cluster's. One that is attached or labelled is certain; a detached one of the CSI
 * driver counts only when nobody else can have made it. Data of somebody else must never be in a list of things to
 * delete.
 */
export function volumeBecause(volume: WireVolume, around: Surroundings): string | undefined {
  const { clusterId, servers } = around;
  const holder = servers.find((server) => server.id === volume.server);
  // Before any label: a volume that was kept may serve another cluster by now.
  if (holder) return isOurs(holder, clusterId) ? `attached to ${holder.name}` : undefined;
  if (isOurs(volume, clusterId)) return `label ${labelKeys.clusterId}`;
  if (volume.labels[managedBy] !== csiName || !onlyOursSince(volume, around)) return undefined;
  const claim = volume.labels[claimLabel];
  return claim === undefined ? `label ${managedBy}=${csiName}` : `label ${claimLabel}=${claim}`;
}

/**
 * Whether a thing without a label or holder can only be ours: it names no other cluster, no server or network of
 * another is in the project, and it is younger than our own network.
 */
function onlyOursSince(
  thing: { readonly created: string; readonly labels: Readonly<Record<string, string>> },
  { clusterId, servers, networks }: Surroundings,
): boolean {
  const own = networks.find((network) => isOurs(network, clusterId));
  return (
    own !== undefined &&
    Date.parse(thing.created) >= Date.parse(own.created) &&
    thing.labels[labelKeys.clusterId] === undefined &&
    servers.every((server) => isOurs(server, clusterId)) &&
    networks.every((network) => isOurs(network, clusterId))
  );
}

export async function listOwnedResources(
  hetzner: Hetzner,
  cluster: ClusterRef,
  options: CallOptions,
): Promise<ClusterOwnedResource[]> {
  const { api } = hetzner;
  const [servers, networks, balancers, volumes] = await Promise.all([
    api.list('/servers', 'servers', serverShape, options),
    api.list('/networks', 'networks', networkShape, options),
    api.list('/load_balancers', 'load_balancers', loadBalancerShape, options),
    api.list('/volumes', 'volumes', volumeShape, options),
  ]);
  const around: Surroundings = { clusterId: cluster.id, servers, networks };
  const madeBalancers = balancers.flatMap((balancer): ClusterOwnedResource[] => {
    const because = balancerBecause(balancer, around);
    if (because === undefined) return [];
    const location = balancer.location.name;
    const price = balancer.load_balancer_type.prices.find((one) => one.location === location);
    const monthly = Number(price?.price_monthly.net ?? 0);
    return [{ kind: 'load-balancer', id: String(balancer.id), name: balancer.name, because, location, monthly }];
  });
  const kept = volumes.flatMap((volume) => {
    const because = volumeBecause(volume, around);
    return because === undefined ? [] : [{ volume, because }];
  });
  const perGB = kept.length > 0 ? (await pricing(hetzner, options)).volumeMonthly : 0;
  const madeVolumes = kept.map(({ volume, because }): ClusterOwnedResource => {
    const monthly = Math.round(volume.size * perGB * 100) / 100;
    const { id, name, size: sizeGB, location } = volume;
    return { kind: 'volume', id: String(id), name, because, sizeGB, location: location.name, monthly };
  });
  return [...madeBalancers, ...madeVolumes];
}

/** Labels are replaced as a whole, so they are read just before. */
export async function labelOwnedResource(
  hetzner: Hetzner,
  cluster: ClusterRef,
  item: ClusterOwnedResource,
  options: CallOptions,
): Promise<void> {
  const key = item.kind === 'volume' ? 'volume' : 'load_balancer';
  const one = `/${key}s/${item.id}`;
  const found = (await hetzner.api.find(one, z.object({ [key]: labelledShape }), options))?.[key];
  if (found === undefined || isOurs(found, cluster.id)) return;
  const labels = { ...found.labels, ...clusterLabels(cluster) };
  await whileBusy(waits(hetzner, options), ['locked'], () => hetzner.api.put(one, { labels }, z.unknown(), options));
}

const labelledShape = z.object({ labels: z.record(z.string(), z.string()) });
const actionAnswer = z.object({ action: actionShape });
const volumeAnswer = z.object({ volume: volumeShape });

export async function removeOwnedResource(
  hetzner: Hetzner,
  item: ClusterOwnedResource,
  options: CallOptions,
): Promise<void> {
  if (item.kind === 'volume') await detach(hetzner, item.id, options);
  const path = item.kind === 'volume' ? '/volumes' : '/load_balancers';
  await removeResource(hetzner, `${path}/${item.id}`, ['resource_in_use'], options);
}

async function detach(hetzner: Hetzner, id: string, options: CallOptions): Promise<void> {
  const found = await hetzner.api.find(`/volumes/${id}`, volumeAnswer, options);
  if (typeof found?.volume.server !== 'number') return;
  try {
    const { action } = await whileBusy(waits(hetzner, options), ['locked'], () =>
      hetzner.api.postAgain(`/volumes/${id}/actions/detach`, undefined, actionAnswer, options),
    );
    await hetzner.actions.wait([action], options);
  } catch (error) {
    // Gone, or detached by its server's end, in the meantime.
    if (!hasCode(error, 'not_found', 'volume_not_attached', 'invalid_input')) throw error;
  }
}
