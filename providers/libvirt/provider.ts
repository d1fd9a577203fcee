import type { LibvirtSpec } from '../../src/domain/spec/libvirt.js';
import type { Boundary } from '../../src/domain/boundary.js';
import { nodesAlone } from '../../src/provider/kit/kubernetes.js';
import { clustersByLabel } from '../../src/provider/kit/ownership.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import type { ImageKeeping } from '../../src/provider/images.js';
import type { MachineProvider, PowerSwitch, Relabelling } from '../../src/provider/port.js';
import { clusterLabels } from '../../src/domain/labels.js';
import { Boot, type BootDeps } from './boot.js';
import { catalogOf } from './catalog.js';
import { Images } from './images.js';
import { infrastructure, ownNames } from './infrastructure.js';
import { Inventory } from './inventory.js';
import { LibvirtMachines, title } from './machines.js';
import { ownerOf } from './names.js';
import { PreparedImages } from './prepared-images.js';
import { nameLimit, preflight } from './preflight.js';
import { Hypervisor, type Virsh } from './virsh.js';

export interface LibvirtOptions extends BootDeps {
  readonly spec: LibvirtSpec;
  readonly boundary: Boundary;
  /** How `virsh` is run on a host of the file. */
  virsh(host: LibvirtSpec['hosts'][number]): Virsh;
  /** Names of hosts that their owner says are lost for good. */
  readonly lost: ReadonlySet<string>;
}

/** Virtual machines on hosts with libvirt. Asks nothing before it is used. */
export function createLibvirtProvider(
  options: LibvirtOptions,
): MachineProvider & PowerSwitch & Relabelling & ImageKeeping {
  const { spec, clock, boundary } = options;
  const there = spec.hosts.filter(({ name }) => !options.lost.has(name));
  const hosts = there.map((host) => new Hypervisor(host, options.virsh(host), boundary));
  const inventory = new Inventory({ ...spec, hosts: there }, hosts);
  const images = new Images(spec.images, options.stateFolder);
  const prepared = new PreparedImages(inventory, options.stateFolder, clock);
  const machines = new LibvirtMachines(inventory, images, prepared, new Boot(spec.accel, options), clock);
  const [type, image] = [spec.types[0]!.name, spec.images[0]!.name];
  return {
    name: 'libvirt',
    title,
    nameLimit,
    traits: { ...rentedTraits, managesFirewall: false },
    defaults: { controlPlaneType: type, workerType: type, location: spec.hosts[0]!.location, image },
    kubernetesIntegration: nodesAlone,
    infrastructure: infrastructure(inventory, images),
    machines,
    powerOff: (machine, call) => machines.powerOff(machine, call),
    relabel: (machine, as, call) => machines.relabel(machine, as, call),
    images: prepared.keeping,
    catalog: async (call) => catalogOf(inventory, await inventory.seen(call)),
    preflight: (request, call) => preflight(inventory, images, prepared, request, clock.now(), call),
    credentialProblem: async () => undefined,
    clusters: async (call) => {
      const marked = (await inventory.ours(call)).map(({ mark }) => mark);
      const names = await Promise.all(hosts.map((host) => ownNames(host, call)));
      const left = names.flatMap(({ volumes, networks }) => [...volumes, ...networks]);
      return clustersByLabel(
        marked,
        left.map((name) => ({ labels: clusterLabels(ownerOf(name)!) })),
      );
    },
    unreachable: async () => [],
    ownedResources: async () => [],
    removeOwnedResource: async () => {},
    labelOwnedResource: async () => {},
    ownAddress: async () => undefined,
  };
}
