import type { ClusterRef } from '../../src/domain/machine.js';
import { parseRange } from '../../src/domain/spec/ranges.js';
import { RefusedError, UnexpectedError } from '../../src/errors/index.js';
import { nameTakenError } from '../../src/provider/kit/ownership.js';
import type {
  CallOptions,
  ClusterRequest,
  CreatedResource,
  ExistingResource,
  Infrastructure,
  InfrastructureResource,
} from '../../src/provider/port.js';
import type { Images } from './images.js';
import type { Inventory } from './inventory.js';
import { account, imageVolume, networkName, networkUuid, ownerOf, wholeMark } from './names.js';
import { addressText } from './placement.js';
import type { Hypervisor } from './virsh.js';
import { networkXml, readNetwork, volumeXml } from './xml.js';

/** A resource of the plan, with how it is made. */
interface Planned extends InfrastructureResource {
  make(options: CallOptions): Promise<CreatedResource>;
}

/** The network where it is our own, and on each host where machines may be the images they start from. */
export function infrastructure(inventory: Inventory, images: Images): Infrastructure {
  const { spec } = inventory;
  return {
    async plan(request, options) {
      const hosts = hostsFor(request, inventory.hosts);
      const names = [...new Set(request.machines.map(({ image }) => image))];
      const copies = names.flatMap((image) =>
        hosts.map((host) => planImage(images, request.cluster, image, host, options)),
      );
      const { network } = spec;
      const networks = 'mode' in network ? hosts.map((host) => planNetwork(request, network.mode, host, options)) : [];
      return (await Promise.all([...networks, ...copies])).filter((one) => one !== undefined);
    },

    async ensure(resource, _made, options) {
      if ('make' in resource) return (resource as Planned).make(options);
      throw new UnexpectedError(`${resource.id} was not planned by this provider.`, {
        code: 'INFRASTRUCTURE_UNPLANNED',
      });
    },

    neededBy: ({ image }, resources) =>
      resources.filter(({ id }) => id === 'network' || id.startsWith(`image:${image}:`)),

    async list(cluster, options) {
      const found = await Promise.all(inventory.hosts.map((host) => existing(host, cluster, options)));
      return found.flat();
    },

    async remove({ kind, id }, options) {
      const slash = id.indexOf('/');
      const [on, name] = [id.slice(0, slash), id.slice(slash + 1)];
      const host = inventory.hosts.find((one) => one.name === on);
      if (!host) return;
      if (kind !== 'network') {
        await host.change(['vol-delete', name, '--pool', host.spec.pool], options, { fine: ['missing'] });
        return;
      }
      await host.change(['net-destroy', name], options, { fine: ['missing', 'not-running'] });
      await host.change(['net-undefine', name], options, { fine: ['missing'] });
    },
  };
}

/** Hosts at any place where a machine of the request may be. */
export function hostsFor({ machines, locations }: ClusterRequest, hosts: readonly Hypervisor[]): Hypervisor[] {
  const places = new Set([...locations, ...machines.flatMap((one) => [one.location, ...(one.elsewhere ?? [])])]);
  return hosts.filter(({ spec }) => places.has(spec.location));
}

async function planNetwork(
  { cluster, networkRange }: ClusterRequest,
  mode: 'nat' | 'routed',
  host: Hypervisor,
  options: CallOptions,
): Promise<Planned> {
  const name = networkName(cluster);
  const id = `${host.name}/${name}`;
  const make = async (call: CallOptions): Promise<CreatedResource> => {
    if (!(await networkState(host, cluster, networkRange, call))) {
      const network = { name, uuid: networkUuid(cluster.id), mode };
      const { first, prefix } = parseRange(networkRange)!;
      const input = networkXml({ ...network, address: addressText(first + 1n), prefix });
      await host.change(['net-define', '/dev/stdin'], call, { input, fine: ['taken'] });
    }
    await host.change(['net-start', name], call, { fine: ['done'] });
    await host.change(['net-autostart', name], call);
    return { id };
  };
  const state = await networkState(host, cluster, networkRange, options);
  return {
    ...{ id: 'network', name, needs: [], make },
    text: `create ${mode === 'nat' ? 'NAT' : 'routed'} network ${name} ${networkRange} on ${host.name}`,
    ...(state === 'started' ? { state: 'present', ready: { id } } : { state: 'missing' }),
  };
}

/** @throws RefusedError codes NAME_TAKEN, NETWORK_RANGE_CHANGED */
export async function networkState(
  host: Hypervisor,
  cluster: ClusterRef,
  range: string,
  options: CallOptions,
): Promise<'started' | 'stopped' | undefined> {
  const name = networkName(cluster);
  const xml = await host.find(['net-dumpxml', name], options);
  if (xml === undefined) return undefined;
  const { uuid, addresses } = readNetwork(xml);
  if (uuid !== networkUuid(cluster.id)) throw nameTakenError(account, 'network', { name, id: uuid });
  const has = addresses.map((address) => parseRange(address));
  const desired = parseRange(range);
  if (!has.some((one) => one?.first === desired?.first && one?.prefix === desired?.prefix)) {
    throw new RefusedError(`The network ${name} on ${host.name} is ${addresses.join(', ')}, and not ${range}.`, {
      code: 'NETWORK_RANGE_CHANGED',
      hint: 'Set network.range in the cluster file to what it has. A network cannot be changed while machines are on it.',
    });
  }
  return (await host.names(['net-list', '--name'], options)).includes(name) ? 'started' : 'stopped';
}

/** Undefined for an image that the file does not list, of which preflight tells. */
async function planImage(
  images: Images,
  cluster: ClusterRef,
  name: string,
  host: Hypervisor,
  options: CallOptions,
): Promise<Planned | undefined> {
  const image = images.named(name);
  if (!image) return undefined;
  const volume = imageVolume(cluster, await images.keyOf(image));
  const { pool } = host.spec;
  const id = `${host.name}/${volume}`;
  const make = async (call: CallOptions): Promise<CreatedResource> => {
    if (await host.has(wholeMark(volume), call)) return { id };
    const { path, bytes } = await images.file(image, call);
    // What an upload that was cut short left behind may be of another size.
    await host.change(['vol-delete', volume, '--pool', pool], call, { fine: ['missing'] });
    await host.create(volumeXml(volume, bytes), call);
    call.progress?.(`copying ${name} to ${host.name}, ${Math.ceil(bytes / 2 ** 20)} MiB`);
    await host.change(['vol-upload', volume, '/dev/stdin', '--pool', pool], call, { input: { file: path } });
    await host.create(volumeXml(wholeMark(volume), 512), call);
    return { id };
  };
  return {
    ...{ id: `image:${name}:${host.name}`, name: volume, needs: [], make },
    text: `copy image ${name} to ${host.name} (pool ${pool})`,
    ...((await host.has(wholeMark(volume), options)) ? { state: 'present', ready: { id } } : { state: 'missing' }),
  };
}

/** Networks and volumes of a cluster on one host, without what belongs to machines that exist. */
async function existing(host: Hypervisor, { id }: ClusterRef, options: CallOptions): Promise<ExistingResource[]> {
  const machines = new Set(await host.names(['list', '--all', '--name'], options));
  const { volumes, networks } = await ownNames(host, options);
  const isLeft = (name: string): boolean => {
    const owner = ownerOf(name);
    return owner?.id === id && !(owner.machine !== undefined && machines.has(owner.machine));
  };
  const item = (kind: string) => (name: string) => ({ kind, id: `${host.name}/${name}`, name });
  return [...volumes.filter(isLeft).map(item('volume')), ...networks.filter(isLeft).map(item('network'))];
}

/** Networks and volumes that bear our names. A network must have our id as well. */
export async function ownNames(
  host: Hypervisor,
  options: CallOptions,
): Promise<{ readonly volumes: readonly string[]; readonly networks: readonly string[] }> {
  const { pool } = host.spec;
  // What machines write beside their disks becomes known by this.
  await host.read(['pool-refresh', pool], options);
  const lines = await host.names(['vol-list', pool], options);
  const volumes = lines.map((line) => line.split(/\s+/)[0] ?? '').filter((name) => ownerOf(name));
  const named = (await host.names(['net-list', '--all', '--name'], options)).filter((name) => ownerOf(name));
  const checked = await Promise.all(
    named.map(async (name) => {
      const xml = await host.find(['net-dumpxml', name], options);
      return xml !== undefined && readNetwork(xml).uuid === networkUuid(ownerOf(name)!.id) ? [name] : [];
    }),
  );
  return { volumes, networks: checked.flat() };
}
