import { z } from 'zod';

import { clusterLabels, labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { createdBefore } from '../../src/provider/kit/infrastructure.js';
import { findOurs, isOurs, nameTakenError } from '../../src/provider/kit/ownership.js';
import { labelsOf, tagOf, tagsOf } from '../../src/provider/kit/tags.js';
import type { CallOptions, ClusterRequest } from '../../src/provider/port.js';
import {
  account,
  apiMark,
  apiPort,
  clusterFilter,
  type Linode,
  listOf,
  named,
  names,
  resourceIds,
  waits,
} from './context.js';
import { ensureFirewall, sameRules } from './firewall.js';
import type { Inventory, LinodeResource } from './inventory.js';
import * as wire from './wire.js';

const tagsFor = (cluster: ClusterRef): string[] => [
  ...tagsOf(clusterLabels(cluster)),
  tagOf(apiMark.key, apiMark.value),
];

/** Whether it is Slipway's own, and not one that a Service of the cluster asked for. */
export const isApi = ({ tags }: { readonly tags: readonly string[] }): boolean =>
  labelsOf(tags)[apiMark.key] === apiMark.value;

/** A firewall takes this many addresses in a rule. */
const addressesPerRule = 255;

interface Members {
  /** `10.0.0.2:6443` of each control plane. */
  readonly targets: readonly string[];
  /** Only the cluster's own machines come in: the balancer is public, and people go to the servers themselves. */
  readonly rules: readonly object[];
}

async function membersOf(
  linode: Linode,
  cluster: Pick<ClusterRef, 'id'>,
  vpc: number,
  options: CallOptions,
): Promise<Members> {
  const [instances, addresses] = await Promise.all([
    listOf(linode, '/linode/instances', wire.instanceShape, options, clusterFilter(cluster)),
    listOf(linode, `/vpcs/${vpc}/ips`, wire.vpcAddressShape, options),
  ]);
  const inside = new Map(addresses.map(({ linode_id, address }) => [linode_id, address]));
  const there = instances.filter(({ status, lke_cluster_id }) => status !== 'deleting' && lke_cluster_id == null);
  const servers = there.filter(({ tags }) => labelsOf(tags)[labelKeys.role] === 'control-plane');
  const own = there
    .flatMap(({ ipv4 }) => ipv4.slice(0, 1))
    .map((ip) => `${ip}/32`)
    .sort();
  const chunks = Array.from({ length: Math.ceil(own.length / addressesPerRule) }, (_, i) =>
    own.slice(i * addressesPerRule, (i + 1) * addressesPerRule),
  );
  return {
    targets: servers.flatMap(({ id }) => inside.get(id) ?? []).map((ip) => `${ip}:${apiPort}`),
    rules: chunks.map((ipv4, i) => ({
      ...{ action: 'ACCEPT', label: `machines-${i + 1}`, protocol: 'TCP', ports: String(apiPort), addresses: { ipv4 } },
    })),
  };
}

async function nodesOf(linode: Linode, balancer: number, options: CallOptions) {
  const configs = await listOf(linode, `/nodebalancers/${balancer}/configs`, wire.balancerConfigShape, options);
  const config = configs.find(({ port }) => port === apiPort);
  const path = config && `/nodebalancers/${balancer}/configs/${config.id}/nodes`;
  return { path, nodes: path === undefined ? [] : await listOf(linode, path, wire.balancerNodeShape, options) };
}

/** A balancer for more than one control plane. One that exists stays: nodes name its address. */
export async function planApiBalancer(
  linode: Linode,
  { cluster, machines, locations }: ClusterRequest,
  found: Inventory,
  network: LinodeResource,
  options: CallOptions,
): Promise<LinodeResource | undefined> {
  const name = names.api(cluster);
  const own = findOurs(account, 'NodeBalancer', found.balancers.filter(isFreeFor(cluster)), name, cluster.id);
  const servers = machines.filter(({ role }) => role === 'control-plane');
  if (servers.length < 2 && !own) return undefined;
  const region = own?.region ?? servers[0]?.location ?? locations[0] ?? '';
  const isRight =
    own !== undefined &&
    network.ready !== undefined &&
    (await isAsDesired(linode, cluster, found, own.id, Number(network.ready.id), options));
  return {
    ...{ id: resourceIds.api, name, needs: [network], role: { kind: 'api-balancer', location: region } },
    text: `${own ? 'change' : 'create'} NodeBalancer ${name}: port ${apiPort} to the control planes, from the cluster's machines only`,
    state: own ? (isRight ? 'present' : 'differs') : 'missing',
    ...(isRight ? { ready: { id: String(own.id), address: own.ipv4 } } : {}),
    async ensure(by, made, call) {
      const balancer = await ensureBalancer(
        by,
        cluster,
        region,
        Number(createdBefore(made, resourceIds.network).id),
        call,
      );
      await convergeApi(by, cluster, call);
      return { id: String(balancer.id), address: balancer.ipv4 };
    },
  };
}

/** Those of Services have the cluster's tags too. */
const isFreeFor =
  (cluster: ClusterRef) =>
  (one: Inventory['balancers'][number]): boolean =>
    !isOurs(one, cluster.id) || isApi(one);

async function isAsDesired(
  linode: Linode,
  cluster: ClusterRef,
  { firewalls }: Inventory,
  balancer: number,
  vpc: number,
  options: CallOptions,
): Promise<boolean> {
  const [{ targets, rules }, { nodes }] = await Promise.all([
    membersOf(linode, cluster, vpc, options),
    nodesOf(linode, balancer, options),
  ]);
  const wall = firewalls.find((one) => isOurs(one, cluster.id) && isApi(one));
  const there = nodes.map(({ address }) => address).sort();
  return wall !== undefined && sameRules(wall.rules.inbound, rules) && there.join() === [...targets].sort().join();
}

async function ensureBalancer(
  linode: Linode,
  cluster: ClusterRef,
  region: string,
  vpc: number,
  options: CallOptions,
): Promise<wire.WireBalancer> {
  const label = names.api(cluster);
  const tags = tagsFor(cluster);
  const find = async () =>
    (await listOf(linode, '/nodebalancers', wire.balancerShape, options, { label })).map(named)[0];
  const before = await find();
  if (before && !isOurs(before, cluster.id)) throw nameTakenError(account, 'NodeBalancer', before);
  if (before) return before;
  const firewall = await ensureFirewall(linode, { cluster, name: label, rules: undefined, tags }, options);
  const subnet = (await linode.api.get(`/vpcs/${vpc}`, wire.vpcShape, options)).subnets[0]!.id;
  // Looked at often, so that a lost control plane stops getting connections within ten seconds.
  const check = { check: 'connection', check_interval: 3, check_timeout: 2, check_attempts: 2 };
  const config = { port: apiPort, protocol: 'tcp', algorithm: 'leastconn', ...check, nodes: [] };
  const body = { label, region, tags, firewall_id: firewall, vpcs: [{ subnet_id: subnet }], configs: [config] };
  const create = async () => named(await linode.api.post('/nodebalancers', body, wire.balancerShape, options));
  const balancer = await createNamed(waits(linode, options), create, find);
  if (!isOurs(balancer, cluster.id)) throw nameTakenError(account, 'NodeBalancer', balancer);
  return balancer;
}

/** Has the API's balancer, where there is one, send to the control planes that exist, and let in the machines that exist. */
export const convergeApi = (linode: Linode, cluster: ClusterRef, options: CallOptions): Promise<void> =>
  linode.converging.run(async () => {
    const balancers = await listOf(linode, '/nodebalancers', wire.balancerShape, options, clusterFilter(cluster));
    const balancer = balancers.find(isApi);
    const vpc = balancer && (await ownVpc(linode, cluster, options));
    if (!balancer || !vpc) return;
    const { targets, rules } = await membersOf(linode, cluster, vpc.id, options);
    await ensureFirewall(linode, { cluster, name: names.api(cluster), rules, tags: tagsFor(cluster) }, options);
    const { path, nodes } = await nodesOf(linode, balancer.id, options);
    if (path === undefined) return;
    const subnet = vpc.subnets[0]!.id;
    for (const address of targets.filter((one) => nodes.every((node) => node.address !== one))) {
      const body = {
        label: `m${address.replace(/:.*/, '').replaceAll('.', '-')}`,
        address,
        subnet_id: subnet,
        mode: 'accept',
      };
      const find = async () =>
        (await nodesOf(linode, balancer.id, options)).nodes.find((one) => one.address === address);
      await createNamed(
        waits(linode, options),
        () => linode.api.post(path, body, wire.balancerNodeShape, options),
        find,
      );
    }
    for (const { id } of nodes.filter(({ address }) => !targets.includes(address)))
      await linode.api.delete(`${path}/${id}`, z.unknown(), options);
  });

export async function ownVpc(
  linode: Linode,
  { id }: Pick<ClusterRef, 'id'>,
  options: CallOptions,
): Promise<wire.WireVpc | undefined> {
  const vpcs = await listOf(linode, '/vpcs', wire.vpcShape, options);
  const mark = tagOf(labelKeys.clusterId, id);
  return vpcs.find((one) => (one.description ?? '').split(' ').includes(mark));
}
