import pLimit, { type LimitFunction } from 'p-limit';

import type { Clock } from '../../src/domain/clock.js';
import type { ClusterRef, Machine } from '../../src/domain/machine.js';
import type { LibvirtImageSpec } from '../../src/domain/spec/libvirt.js';
import { IncompleteError } from '../../src/errors/index.js';
import { createText } from '../../src/provider/kit/first-offer.js';
import { createdBefore } from '../../src/provider/kit/infrastructure.js';
import { clusterOf, isOurs, nameTakenError, placeOf } from '../../src/provider/kit/ownership.js';
import { rentedTexts } from '../../src/provider/kit/rented.js';
import { imageVanished } from '../../src/provider/images.js';
import { accountLimit, soldOut } from '../../src/provider/kit/shortages.js';
import type { CallOptions, InfrastructureIds, MachineRequest, Machines } from '../../src/provider/port.js';
import type { Boot } from './boot.js';
import { catalogOf } from './catalog.js';
import type { Images } from './images.js';
import { vanished } from './errors.js';
import { ownNames } from './infrastructure.js';
import { hasMark, type Inventory, nameOf, type OurDomain } from './inventory.js';
import { account, imageVolume, machineUuid, machineVolumes, networkName } from './names.js';
import { seedBytes, seedImage } from './nocloud.js';
import {
  type Addresses,
  addressesOf,
  diskOf,
  freeAddress,
  groupOf,
  isAtLimit,
  macOf,
  memoryOf,
  place,
} from './placement.js';
import type { KeptImage, PreparedImages } from './prepared-images.js';
import type { Hypervisor } from './virsh.js';
import {
  type DomainPlan,
  domainXml,
  type Mark,
  markXml,
  namespace,
  namespaceKey,
  readDomain,
  readNetwork,
  volumeXml,
} from './xml.js';

export const title = 'libvirt';

type Id = Pick<Machine, 'id' | 'name'>;

/** A machine that is to be, and where. */
interface Placed {
  readonly host: Hypervisor;
  readonly poolPath: string;
  readonly kind: DomainPlan['kind'];
  readonly mark: Omit<Mark, 'hash'>;
  readonly addresses: Addresses;
  readonly image: LibvirtImageSpec | KeptImage;
}

export class LibvirtMachines implements Machines {
  readonly describeDeletion = rentedTexts.describeDeletion;
  /** Two that choose at once would choose the same. */
  readonly #choosing: LimitFunction = pLimit(1);

  constructor(
    private readonly inventory: Inventory,
    private readonly images: Images,
    private readonly prepared: PreparedImages,
    private readonly boot: Boot,
    private readonly clock: Clock,
  ) {}

  async list(cluster: ClusterRef, options: CallOptions): Promise<readonly Machine[]> {
    return (await this.inventory.ours(options)).filter(({ mark }) => isOurs(mark, cluster.id)).map(toMachine);
  }

  async previewCreate(_cluster: ClusterRef, requests: readonly MachineRequest[], options: CallOptions) {
    const { machineTypes } = catalogOf(this.inventory, await this.inventory.seen(options));
    return new Map(requests.map((request) => [request.name, createText(request, machineTypes)]));
  }

  async create(
    request: MachineRequest,
    userData: string,
    made: InfrastructureIds,
    options: CallOptions,
  ): Promise<Machine> {
    const cluster = clusterOf(request.labels);
    const found = await this.#ours(request.name, cluster, options);
    if (found?.status === 'running') return toMachine(found);
    if (found) return this.#started(found.uuid, request.name, options);
    const domain = await this.#freeDomain(request.name, options);
    const uuid = machineUuid(cluster, domain);
    const placed = await this.#choosing(() => this.#choose(request, domain, made, options));
    try {
      await this.#fill(request.name, domain, placed, userData, options);
      await this.#define(domain, placed, options);
    } catch (error) {
      this.inventory.unexpect(uuid);
      throw error;
    }
    return this.#started(uuid, request.name, options);
  }

  async delete({ id }: Id, options: CallOptions): Promise<void> {
    const found = await this.inventory.find(id, options);
    if (!found?.mark) return;
    const { host, mark, name } = found;
    await host.change(['destroy', id], options, { fine: ['missing', 'not-running'] });
    const { volumes } = await ownNames(host, options);
    const own = machineVolumes(clusterOf(mark.labels), name);
    for (const volume of volumes.filter((one) => one.startsWith(own)))
      await host.change(['vol-delete', volume, '--pool', host.spec.pool], options, { fine: ['missing'] });
    // Last, as it is what tells of all the rest.
    await host.change(['undefine', id, '--managed-save', '--snapshots-metadata'], options, { fine: ['missing'] });
    this.inventory.unexpect(id);
    this.inventory.forget();
  }

  /** Pulls the plug and starts again, so that it also works on a machine that no longer answers. */
  async reboot({ id, name }: Id, options: CallOptions): Promise<void> {
    const found = await this.#existing(id, name, options);
    const isOn = found.status !== 'off';
    await found.host.change([isOn ? 'reset' : 'start', id], options, { fine: ['done'] });
  }

  /** Cuts the power; it stays off when the host starts again, too. */
  async powerOff({ id }: Id, options: CallOptions): Promise<void> {
    const found = await this.inventory.find(id, options);
    if (!found) return;
    await found.host.change(['autostart', id, '--disable'], options, { fine: ['missing'] });
    await found.host.change(['destroy', id], options, { fine: ['missing', 'not-running'] });
  }

  /**
   * Another name and other labels, in one call. The domain keeps the name that it was made by, since libvirt gives one that runs
   * no other; so the machine's own is among the labels then.
   * @throws RefusedError code NAME_TAKEN; IncompleteError code MACHINE_VANISHED
   */
  async relabel(
    { id }: Id,
    { name, labels }: Pick<MachineRequest, 'name' | 'labels'>,
    options: CallOptions,
  ): Promise<Machine> {
    const found = await this.inventory.find(id, options);
    if (!found || !hasMark(found)) throw vanished(name);
    this.inventory.forget();
    const taker = await this.inventory.named(name, options);
    if (taker && taker.uuid !== found.uuid) throw nameTakenError(account, 'domain', { name, id: taker.uuid });
    const mark = { ...found.mark, name: name === found.name ? undefined : name, labels: { ...labels } };
    const where = found.status === 'off' ? ['--config'] : ['--config', '--live'];
    const set = ['--uri', namespace, '--key', namespaceKey, '--set', markXml(mark)];
    await found.host.change(['metadata', id, ...set, ...where], options);
    this.inventory.forget();
    return toMachine({ ...found, mark });
  }

  /** @throws RefusedError code NAME_TAKEN */
  async #ours(name: string, cluster: ClusterRef, options: CallOptions): Promise<OurDomain | undefined> {
    const found = await this.inventory.named(name, options);
    if (!found || (hasMark(found) && isOurs(found.mark, cluster.id))) return found;
    throw nameTakenError(account, 'domain', { name, id: found.uuid });
  }

  /** What the domain of a new machine is called: as the machine, where none has that from before it got another name. */
  async #freeDomain(name: string, options: CallOptions): Promise<string> {
    for (let turn = 1; ; turn += 1) {
      const domain = turn === 1 ? name : `${name}-${turn}`;
      if ((await this.inventory.find(domain, options)) === undefined) return domain;
    }
  }

  async #existing(id: string, name: string, options: CallOptions): Promise<OurDomain> {
    const found = await this.inventory.find(id, options);
    if (found && hasMark(found)) return found;
    throw new IncompleteError(`The virtual machine ${name} is not there any more.`, {
      code: 'NO_MACHINE',
      hint: 'See what there is: slipway cluster status',
    });
  }

  async #choose(
    request: MachineRequest,
    domain: string,
    made: InfrastructureIds,
    options: CallOptions,
  ): Promise<Placed> {
    const { name, image: imageName, labels, pool } = request;
    const cluster = clusterOf(labels);
    const { types, network } = this.inventory.spec;
    const views = await this.inventory.seen(options);
    const rooms = views.map((view) => this.inventory.roomOf(view));
    const chosen = place(request, cluster.id, rooms, types);
    const image = await this.#imageOf(request, options);
    if (!chosen) throw await this.#noRoom(request, isAtLimit(request, rooms, types), options);
    const view = views.find(({ host }) => host.name === chosen.host)!;
    const { host } = view;
    if (!('volume' in image)) createdBefore(made, `image:${imageName}:${host.name}`);
    const gateway = 'bridge' in network ? network.gateway : await this.#gateway(host, cluster, options);
    const addresses = addressesOf(this.inventory.spec, gateway);
    const taken = rooms.flatMap(({ tenants }) => tenants.flatMap(({ address }) => address ?? []));
    const address = freeAddress(addresses, name, new Set(taken));
    if (address === undefined) {
      throw new IncompleteError(`The network has no address left for ${name}.`, {
        code: 'LIBVIRT_ADDRESSES',
        hint: 'Widen provider.libvirt.network.addresses in the cluster file, then run the same command again.',
      });
    }
    const group = groupOf(cluster.id, pool);
    const size = { memoryMiB: memoryOf(chosen.type), diskBytes: diskOf(chosen.type) };
    this.inventory.expect(host, { uuid: machineUuid(cluster, domain), ...size, group, address });
    const createdAt = new Date(this.clock.now()).toISOString();
    const stands = { type: chosen.type.name, location: host.spec.location, image: imageName };
    const own = {
      name: domain === name ? undefined : name,
      imageId: 'volume' in image ? image.id : undefined,
    };
    const mark = { address, ...stands, createdAt, ...own, labels: { ...labels } };
    return { host, poolPath: view.pool.path, kind: this.boot.kindOn(view), mark, addresses, image };
  }

  /** @throws IncompleteError code IMAGE_VANISHED */
  async #imageOf({ image, types }: MachineRequest, options: CallOptions): Promise<Placed['image']> {
    const found = this.images.named(image) ?? (await this.prepared.newest(image, options));
    if (!found) throw imageVanished(image, types[0]!);
    return found;
  }

  async #gateway(host: Hypervisor, cluster: ClusterRef, options: CallOptions): Promise<string> {
    const network = readNetwork(await host.read(['net-dumpxml', networkName(cluster)], options));
    return network.addresses[0]!;
  }

  async #noRoom(request: MachineRequest, atLimit: boolean, options: CallOptions): Promise<Error> {
    if (!atLimit) return soldOut(request, request.types);
    const existing = await this.list(clusterOf(request.labels), options);
    const words = { title: 'A host’s limit', limitsPage: 'provider.libvirt.hosts of the cluster file (machines)' };
    return accountLimit(words, request, existing);
  }

  /** Makes what the machine starts from. All of it has the same names and content whoever makes it, and how often. */
  async #fill(
    name: string,
    domain: string,
    { host, mark, addresses, image }: Placed,
    userData: string,
    options: CallOptions,
  ): Promise<void> {
    const { pool } = host.spec;
    const cluster = clusterOf(mark.labels);
    const own = machineVolumes(cluster, domain);
    const base =
      'volume' in image
        ? await this.prepared.copy(image, host, cluster, options)
        : imageVolume(cluster, await this.images.keyOf(image));
    const format = 'volume' in image ? 'qcow2' : image.format;
    const path = (await host.read(['vol-path', base, '--pool', pool], options)).trim();
    const type = this.inventory.spec.types.find((one) => one.name === mark.type)!;
    await host.create(volumeXml(`${own}disk`, diskOf(type), { path, format }), options);
    await host.create(volumeXml(`${own}seed`, seedBytes), options);
    const { prefix, gateway, nameservers } = addresses;
    const network = { mac: macOf(mark.address), address: `${mark.address}/${prefix}`, gateway, nameservers };
    const input = seedImage({ userData, hostname: name, instanceId: machineUuid(cluster, domain), network });
    await host.change(['vol-upload', `${own}seed`, '/dev/stdin', '--pool', pool], options, { input });
  }

  async #define(
    name: string,
    { host, poolPath, kind, mark }: Pick<Placed, 'host' | 'poolPath' | 'kind' | 'mark'>,
    options: CallOptions,
  ): Promise<void> {
    const input = domainXml(this.#plan(name, host, poolPath, kind, mark));
    await host.change(['define', '/dev/stdin'], options, { input });
  }

  #plan(
    name: string,
    host: Hypervisor,
    poolPath: string,
    kind: DomainPlan['kind'],
    mark: Omit<Mark, 'hash'>,
  ): DomainPlan {
    const { spec } = this.inventory;
    const cluster = clusterOf(mark.labels);
    const own = machineVolumes(cluster, name);
    const bridge = host.spec.bridge ?? ('bridge' in spec.network ? spec.network.bridge : undefined);
    return {
      ...{ name, kind, mark, uuid: machineUuid(cluster, name), pool: host.spec.pool },
      ...{ disk: `${own}disk`, seed: `${own}seed`, console: `${poolPath}/${own}console.log` },
      size: spec.types.find((one) => one.name === mark.type) ?? { cpu: 1, memory: 1 },
      mac: macOf(mark.address),
      source: bridge === undefined || 'mode' in spec.network ? { network: networkName(cluster) } : { bridge },
    };
  }

  /** Starts a machine that is defined, as the file has it by now, and waits until it has booted. */
  async #started(uuid: string, name: string, options: CallOptions): Promise<Machine> {
    const domain = await this.inventory.find(uuid, options);
    if (!domain || !hasMark(domain)) throw vanished(name);
    if (domain.status !== 'running') await this.#start(domain, domain.kind === 'kvm' ? 'kvm' : 'qemu', options);
    if (!(await this.boot.wait(domain, options))) {
      await domain.host.change(['destroy', domain.uuid], options, { fine: ['not-running'] });
      await this.#start(domain, 'qemu', options);
      await this.boot.wait({ ...domain, kind: 'qemu' }, options);
    }
    return toMachine({ ...domain, status: 'running' });
  }

  async #start({ host, name, uuid, mark }: OurDomain, kind: DomainPlan['kind'], options: CallOptions): Promise<void> {
    const { pool } = (await this.inventory.seen(options)).find((view) => view.host === host)!;
    const isKnown = this.inventory.spec.types.some((type) => type.name === mark.type);
    const xml = domainXml(this.#plan(name, host, pool.path, kind, mark));
    // Never compared by its text, to which libvirt adds.
    if (isKnown && readDomain(xml).mark?.hash !== mark.hash)
      await host.change(['define', '/dev/stdin'], options, { input: xml });
    await host.change(['autostart', uuid], options);
    await host.change(['start', uuid], options, { fine: ['done'] });
  }
}

export const toMachine = ({ uuid, name, status, mark, host }: OurDomain): Machine => ({
  ...placeOf(mark.labels),
  id: uuid,
  name: nameOf({ name, mark }),
  type: mark.type,
  location: host.spec.location,
  imageNames: [mark.image, ...(mark.imageId === undefined ? [] : [mark.imageId])],
  status,
  publicAddress: mark.address,
  privateAddress: mark.address,
  labels: mark.labels,
  createdAt: mark.createdAt,
});
