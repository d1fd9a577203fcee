import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { findOurs, isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { hasCode, isAmbiguous } from '../../../src/http/api/errors.js';
import { clusterLabels, labelKeys } from '../../../src/domain/labels.js';
import { RefusedError } from '../../../src/errors/index.js';
import type { CallOptions } from '../../../src/provider/port.js';
import { type Hetzner, waits } from '../context.js';
import { names, resourceIds, selectorOf, account } from '../names.js';
import { actionShape, loadBalancerShape, networkShape, type WireLoadBalancer, type WireNetwork } from '../wire.js';
import { removeItem } from './remove.js';
import { type Ensure, type HetznerResource, type PlanInput } from './resource.js';

type Desired = { readonly kind: 'network'; readonly range: string; readonly zone: string };

const answer = z.object({ network: networkShape });
const actionAnswer = z.object({ action: actionShape });

/** What stands between a network and what is asked for. `apart`: it can't become that. */
export function networkDifference(
  network: Pick<WireNetwork, 'ip_range' | 'subnets'>,
  desired: Desired,
): ('range' | 'subnet' | 'apart')[] {
  const differences: ('range' | 'subnet' | 'apart')[] = [];
  if (network.ip_range !== desired.range)
    differences.push(contains(desired.range, network.ip_range) ? 'range' : 'apart');
  if (!network.subnets.some((one) => one.type === 'cloud' && one.network_zone === desired.zone))
    differences.push('subnet');
  return differences;
}

/** Whether the IPv4 range `outer` holds the whole of `inner`. */
export function contains(outer: string, inner: string): boolean {
  const [base, bits] = ipaddr.IPv4.parseCIDR(outer);
  const [address, length] = ipaddr.IPv4.parseCIDR(inner);
  return length >= bits && address.match(base, bits);
}

/** Subnets that are in the way of one over the whole range in this zone. */
export const elsewhere = ({ subnets }: Pick<WireNetwork, 'subnets'>, zone: string) =>
  subnets.filter((one) => one.type === 'cloud' && one.network_zone !== zone);

/**
 * What is on a network in another zone than is asked for, and keeps it there; the API's own balancer is made anew.
 * @param balancers all that are known, ours and others
 */
export function heldElsewhere(
  network: Pick<WireNetwork, 'subnets' | 'servers' | 'load_balancers'>,
  zone: string,
  balancers: readonly WireLoadBalancer[],
  cluster: { readonly id: string; readonly name: string },
): string[] {
  if (elsewhere(network, zone).length === 0) return [];
  const own = balancers.find((one) => isOurs(one, cluster.id) && one.name === names.apiBalancer(cluster.name));
  const others = network.load_balancers.filter((id) => id !== own?.id);
  return [
    ...network.servers.map((id) => `server ${id}`),
    ...others.map((id) => `load balancer ${balancers.find((one) => one.id === id)?.name ?? id}`),
  ];
}

/** Text for a network whose zone cannot change because of what is on it. */
export const zoneChanged = (
  network: Pick<WireNetwork, 'name' | 'subnets'>,
  zone: string,
  held: readonly string[],
  cluster: string,
): { message: string; hint: string } => ({
  message: `The private network ${network.name} is in ${elsewhere(network, zone)[0]?.network_zone ?? 'another zone'} and has ${held.join(', ')} on it; locations in ${zone} cannot use it.`,
  hint: `Keep to locations of the zone where the network is, or remove what is there first: slipway cluster delete ${cluster}. What is not the cluster’s own, detach in the Hetzner console.`,
});

/** Text for a network that would have to become smaller or move, which Hetzner can't do. */
export const rangeChanged = (
  network: Pick<WireNetwork, 'name' | 'ip_range'>,
  desired: string,
): { message: string; hint: string } => ({
  message: `The private network ${network.name} is ${network.ip_range} and cannot become ${desired}: a network can only grow.`,
  hint: `Set network.range to ${network.ip_range} or to a range that contains it; for another one, make a new cluster.`,
});

export function planNetwork({ request, found, zone }: PlanInput): HetznerResource<Desired> {
  const { cluster, networkRange: range } = request;
  const name = names.network(cluster.name);
  const desired: Desired = { kind: 'network', range, zone };
  const own = findOurs(account, 'network', found.networks, name, cluster.id);
  const differs = own !== undefined && networkDifference(own, desired).length > 0;
  const [moves] = own ? elsewhere(own, zone) : [];
  const there = found.loadBalancers.find(
    (one) => isOurs(one, cluster.id) && one.name === names.apiBalancer(cluster.name),
  );
  return {
    id: resourceIds.network,
    name,
    text: moves
      ? `move private network ${name} to ${zone}: its empty subnet in ${moves.network_zone} goes${there ? `, and load balancer ${there.name}` : ''}`
      : differs
        ? `change private network ${name}: ${range}, subnet in ${zone}`
        : `create private network ${name} ${range} in ${zone}`,
    state: own ? (differs ? 'differs' : 'present') : 'missing',
    needs: [],
    ...(own && !differs ? { ready: { id: String(own.id) } } : {}),
    desired,
    clusterId: cluster.id,
    labels: clusterLabels(cluster),
  };
}

export const ensureNetwork: Ensure<Desired> = async (hetzner, resource, _made, options) => {
  const { api } = hetzner;
  const own = resource.state === 'missing' ? undefined : await findOwn(hetzner, resource, options);
  const network = own ?? (await createNetwork(hetzner, resource, options));
  if (!isOurs(network, resource.clusterId)) throw nameTakenError(account, 'network', network);
  for (const difference of networkDifference(network, resource.desired)) {
    if (difference === 'apart') {
      const { message, hint } = rangeChanged(network, resource.desired.range);
      throw new RefusedError(message, { code: 'NETWORK_RANGE_CHANGED', hint });
    }
    if (difference === 'range') {
      const path = `/networks/${network.id}/actions/change_ip_range`;
      const { action } = await api.postAgain(path, { ip_range: resource.desired.range }, actionAnswer, options);
      await hetzner.actions.wait([action], options);
    } else {
      await leaveOtherZone(hetzner, network.id, resource, options);
      await addSubnet(hetzner, network.id, resource.desired, options);
    }
  }
  return { id: String(network.id) };
};

/**
 * An earlier try in another zone left a subnet over the whole range, which the new one would overlap. Where nothing uses
 * it, it goes, and the API's balancer with it.
 * @throws RefusedError code NETWORK_ZONE_CHANGED when something does
 */
async function leaveOtherZone(
  hetzner: Hetzner,
  id: number,
  resource: HetznerResource<Desired>,
  options: CallOptions,
): Promise<void> {
  const { api, actions } = hetzner;
  const { zone } = resource.desired;
  const { network } = await api.get(`/networks/${id}`, answer, options);
  if (elsewhere(network, zone).length === 0) return;
  const cluster = { id: resource.clusterId, name: resource.labels[labelKeys.cluster] ?? '' };
  const balancers = await api.list('/load_balancers', 'load_balancers', loadBalancerShape, options);
  const held = heldElsewhere(network, zone, balancers, cluster);
  if (held.length > 0) {
    const { message, hint } = zoneChanged(network, zone, held, cluster.name);
    throw new RefusedError(message, { code: 'NETWORK_ZONE_CHANGED', hint });
  }
  for (const { id: balancer, name } of balancers.filter((one) => network.load_balancers.includes(one.id)))
    await removeItem(hetzner, { kind: 'load balancer', id: String(balancer), name }, options);
  for (const { ip_range } of elsewhere(network, zone)) {
    const { action } = await api.postAgain(
      `/networks/${id}/actions/delete_subnet`,
      { ip_range },
      actionAnswer,
      options,
    );
    await actions.wait([action], options);
  }
}

/** One subnet over the whole range: machines find their addresses there by themselves. */
const subnet = ({ range, zone }: Desired): object => ({ type: 'cloud', ip_range: range, network_zone: zone });

async function createNetwork(
  hetzner: Hetzner,
  resource: HetznerResource<Desired>,
  options: CallOptions,
): Promise<WireNetwork> {
  const { name, labels, desired } = resource;
  const body = { name, ip_range: desired.range, labels, subnets: [subnet(desired)] };
  return createNamed(
    waits(hetzner, options),
    async () => (await hetzner.api.post('/networks', body, answer, options)).network,
    async () => (await hetzner.api.list('/networks', 'networks', networkShape, options, { name }))[0],
  );
}

async function findOwn(
  { api }: Hetzner,
  resource: HetznerResource<Desired>,
  options: CallOptions,
): Promise<WireNetwork | undefined> {
  const label_selector = selectorOf({ id: resource.clusterId });
  return findOurs(
    account,
    'network',
    await api.list('/networks', 'networks', networkShape, options, { label_selector }),
    resource.name,
    resource.clusterId,
  );
}

async function addSubnet(hetzner: Hetzner, id: number, desired: Desired, options: CallOptions): Promise<void> {
  try {
    const { action } = await hetzner.api.post(
      `/networks/${id}/actions/add_subnet`,
      subnet(desired),
      actionAnswer,
      options,
    );
    await hetzner.actions.wait([action], options);
  } catch (error) {
    if (!isAmbiguous(error) && !hasCode(error, 'networks_overlap')) throw error;
    const { network } = await hetzner.api.get(`/networks/${id}`, answer, options);
    if (networkDifference(network, desired).includes('subnet')) throw error;
  }
}
