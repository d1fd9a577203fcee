import { clusterLabels } from '../../src/domain/labels.js';
import { UnexpectedError } from '../../src/errors/index.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { findOurs, isOurs } from '../../src/provider/kit/ownership.js';
import { labelsOf, tagsOf } from '../../src/provider/kit/tags.js';
import { whileBusy } from '../../src/provider/kit/while-busy.js';
import type * as port from '../../src/provider/port.js';
import { isApi, planApiBalancer } from './api-balancer.js';
import { listRegions } from './catalog.js';
import { account, groupOf, groupSize, type Linode, listOf, names, resourceIds, subnetLabel, waits } from './context.js';
import { ensureFirewall, machineRules, sameRules } from './firewall.js';
import { asNamed, type Inventory, type LinodeResource, readInventory } from './inventory.js';
import * as wire from './wire.js';
import { z } from 'zod';

const sameKey = (a: string, b: string): boolean => a.split(' ')[1] === b.split(' ')[1];

function planSshKey({ cluster, sshPublicKey }: port.ClusterRequest, { sshKeys }: Inventory): LinodeResource {
  const name = names.sshKey(cluster);
  const own = sshKeys.find(({ label }) => label === name);
  const isRight = own !== undefined && sameKey(own.ssh_key, sshPublicKey);
  const find = async (linode: Linode, options: port.CallOptions) =>
    (await listOf(linode, '/profile/sshkeys', wire.sshKeyShape, options)).find(({ label }) => label === name);
  return {
    ...{ id: resourceIds.sshKey, name, needs: [], role: { kind: 'cluster-key' } },
    text: `${own ? 'change' : 'create'} SSH key ${name}`,
    state: own ? (isRight ? 'present' : 'differs') : 'missing',
    ...(isRight ? { ready: { id: String(own.id) } } : {}),
    async ensure(linode, _made, options) {
      const before = await find(linode, options);
      if (before && sameKey(before.ssh_key, sshPublicKey)) return { id: String(before.id) };
      // The text of a key does not change; machines that are there keep theirs.
      if (before) await linode.api.delete(`/profile/sshkeys/${before.id}`, z.unknown(), options);
      const body = { label: name, ssh_key: sshPublicKey };
      const create = () => linode.api.post('/profile/sshkeys', body, wire.sshKeyShape, options);
      return { id: String((await createNamed(waits(linode, options), create, () => find(linode, options))).id) };
    },
  };
}

function planNetwork(
  { cluster, locations, machines, networkRange }: port.ClusterRequest,
  { vpcs }: Inventory,
): LinodeResource {
  const name = names.network(cluster);
  const own = findOurs(account, 'VPC', vpcs, name, cluster.id);
  const region = locations[0] ?? machines[0]?.location ?? '';
  return {
    ...{ id: resourceIds.network, name, needs: [], text: `create VPC ${name} ${networkRange}` },
    state: own ? 'present' : 'missing',
    ...(own ? { ready: { id: String(own.id) } } : {}),
    async ensure(linode, _made, options) {
      const description = tagsOf(clusterLabels(cluster)).join(' ');
      const body = { label: name, region, description, subnets: [{ label: subnetLabel, ipv4: networkRange }] };
      const find = async () =>
        findOurs(
          account,
          'VPC',
          (await listOf(linode, '/vpcs', wire.vpcShape, options)).map(asNamed),
          name,
          cluster.id,
        );
      const create = async () => asNamed(await linode.api.post('/vpcs', body, wire.vpcShape, options));
      return { id: String((await createNamed(waits(linode, options), create, find)).id) };
    },
  };
}

function planFirewall(request: port.ClusterRequest, { firewalls }: Inventory): LinodeResource {
  const { cluster, sshAllow, apiAllow } = request;
  const name = names.firewall(cluster);
  const rules = machineRules(request);
  const own = findOurs(
    account,
    'firewall',
    firewalls.filter(({ label }) => label !== names.api(cluster)),
    name,
    cluster.id,
  );
  const isRight = own !== undefined && sameRules(own.rules.inbound, rules);
  return {
    ...{ id: resourceIds.firewall, name, needs: [] },
    text: `${own ? 'change' : 'create'} firewall ${name}: SSH from ${sshAllow.join(', ')}; Kubernetes API from ${apiAllow.join(', ')}`,
    state: own ? (isRight ? 'present' : 'differs') : 'missing',
    ...(isRight ? { ready: { id: String(own.id) } } : {}),
    ensure: async (linode, _made, options) => ({
      id: String(await ensureFirewall(linode, { cluster, name, rules, tags: tagsOf(clusterLabels(cluster)) }, options)),
    }),
  };
}

function planGroups(
  { cluster, machines }: port.ClusterRequest,
  { groups }: Inventory,
  regions: readonly wire.WireRegion[],
): LinodeResource[] {
  const planned = machines.map((machine): LinodeResource => {
    const size = groupSize(regions.find(({ id }) => id === machine.location));
    const number = groupOf(machine, size);
    const name = `${names.groups(cluster)}${machine.pool}-${number}`;
    const own = groups.find(({ label }) => label === name);
    return {
      ...{ id: resourceIds.group(machine.pool, number), name, needs: [], size },
      text: `create placement group ${name}: up to ${size} machines on different hosts`,
      state: own ? 'present' : 'missing',
      ...(own ? { ready: { id: String(own.id) } } : {}),
      ensure: async (linode, _made, options) => ({
        id: String((await ensureGroup(linode, name, machine.location, options)).id),
      }),
    };
  });
  return [...new Map(planned.map((one) => [one.id, one])).values()];
}

export async function ensureGroup(
  linode: Linode,
  label: string,
  region: string,
  options: port.CallOptions,
): Promise<wire.WireGroup> {
  const find = async () => (await listOf(linode, '/placement/groups', wire.groupShape, options, { label }))[0];
  const body = { label, region, placement_group_type: 'anti_affinity:local', placement_group_policy: 'strict' };
  const create = () => linode.api.post('/placement/groups', body, wire.groupShape, options);
  return (await find()) ?? createNamed(waits(linode, options), create, find);
}

/** Where each kind lives, in an order in which they can be removed. */
const paths: Readonly<Record<string, string>> = {
  NodeBalancer: '/nodebalancers',
  firewall: '/networking/firewalls',
  'placement group': '/placement/groups',
  VPC: '/vpcs',
  'SSH key': '/profile/sshkeys',
};

export function infrastructure(linode: Linode): port.Infrastructure {
  return {
    async plan(request, options) {
      const [found, regions] = await Promise.all([readInventory(linode, options), listRegions(linode, options)]);
      const network = planNetwork(request, found);
      const balancer = await planApiBalancer(linode, request, found, network, options);
      const rest = [planFirewall(request, found), ...planGroups(request, found, regions)];
      return [planSshKey(request, found), network, ...rest, ...(balancer ? [balancer] : [])];
    },
    async ensure(resource, made, options) {
      if ('ensure' in resource) return (resource as LinodeResource).ensure(linode, made, options);
      throw new UnexpectedError(`The resource ${resource.id} was not planned by the Linode provider.`, {
        code: 'INFRASTRUCTURE_UNPLANNED',
        hint: 'This is a fault of Slipway; please report it.',
      });
    },
    neededBy: (machine, resources) =>
      resources.filter((one) => {
        const { size } = one as LinodeResource;
        if (size !== undefined) return one.id === resourceIds.group(machine.pool, groupOf(machine, size));
        return [resourceIds.sshKey, resourceIds.network, resourceIds.firewall].includes(one.id);
      }),
    async list(cluster, options) {
      const found = await readInventory(linode, options);
      const items = (kind: string, things: readonly { id: number; label: string }[]) =>
        things.map(({ id, label: name }) => ({ kind, id: String(id), name }));
      const ours = <T extends { readonly tags: readonly string[] }>(one: T): boolean =>
        isOurs({ labels: labelsOf(one.tags) }, cluster.id);
      return [
        ...items(
          'NodeBalancer',
          found.balancers.filter((one) => ours(one) && isApi(one)),
        ),
        ...items('firewall', found.firewalls.filter(ours)),
        ...items(
          'placement group',
          found.groups.filter(({ label }) => label.startsWith(names.groups(cluster))),
        ),
        ...items('VPC', found.vpcs.filter(ours)),
        ...items(
          'SSH key',
          found.sshKeys.filter(({ label }) => label === names.sshKey(cluster)),
        ),
      ];
    },
    async remove({ kind, id }, options) {
      await whileBusy(waits(linode, options), ['in_use', 'busy'], () =>
        linode.api.delete(`${paths[kind]}/${id}`, z.unknown(), options),
      );
    },
  };
}
