import { access } from 'node:fs/promises';

import { imagePrefix } from '../../src/domain/prepared-image.js';
import { overlap, parseRange } from '../../src/domain/spec/ranges.js';
import { messageOf, SlipwayError } from '../../src/errors/index.js';
import { imageProblems, locationProblems, typeProblems } from '../../src/provider/kit/catalog-problems.js';
import { accessProblems } from '../../src/provider/kit/access-problems.js';
import { machineNameProblems } from '../../src/provider/kit/machine-names.js';
import { isOurs, nameTaken } from '../../src/provider/kit/ownership.js';
import type { CallOptions, ClusterRequest, Problem } from '../../src/provider/port.js';
import { catalogOf } from './catalog.js';
import type { Images } from './images.js';
import type { PreparedImages } from './prepared-images.js';
import { hostsFor, networkState } from './infrastructure.js';
import { type Inventory, nameOf, type View } from './inventory.js';
import { title } from './machines.js';
import { account, machineUuid, networkName } from './names.js';
import { addressesOf, diskOf, groupOf, memoryOf, place } from './placement.js';
import { VirshError } from './errors.js';
import { readNetwork } from './xml.js';

export const nameLimit = 63;

/** All that is wrong with the hosts and the file for what is asked, at once. Changes nothing. */
export async function preflight(
  inventory: Inventory,
  images: Images,
  prepared: PreparedImages,
  request: ClusterRequest,
  now: number,
  options: CallOptions,
): Promise<Problem[]> {
  inventory.forget();
  const looks = await Promise.allSettled(inventory.hosts.map((host) => inventory.lookAt(host, options)));
  options.signal.throwIfAborted();
  const fixed = [
    ...machineNameProblems(request, { title, nameLimit }),
    ...accessProblems(request),
    ...apiProblems(inventory, request),
  ];
  const silent = looks.flatMap((look, index) =>
    look.status === 'rejected' ? [hostProblem(inventory.hosts[index]!.spec.pool, index, look.reason)] : [],
  );
  // What cannot be looked at may have the room or the names that are asked for.
  if (silent.length > 0) return [...silent, ...fixed];
  const views = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
  const market = { title, catalog: catalogOf(inventory, views), now };
  const domains = views.flatMap((view) => view.domains);
  const existing = new Set(domains.map(nameOf));
  const listed = images.specs.map(({ name }) => ({ id: name, name, architecture: 'amd64' as const, available: true }));
  const asksForKept = request.machines.some(({ image }) => image.startsWith(imagePrefix));
  const kept = asksForKept ? await prepared.list(options) : [];
  const builds = [...listed, ...kept.map(({ ready, ...one }) => ({ ...one, available: ready }))];
  const offered = [
    ...locationProblems(request, market),
    ...typeProblems(request, market, existing),
    ...imageProblems(request, market, builds, existing),
  ];
  const desired = new Set(request.machines.map(({ name }) => name));
  const taken = domains.filter(
    (one) => desired.has(nameOf(one)) && !(one.mark && isOurs(one.mark, request.cluster.id)),
  );
  const used = hostsFor(request, inventory.hosts);
  return [
    ...fixed,
    ...offered,
    ...taken.map(
      (one) =>
        ({
          ...{ code: 'NAME_TAKEN', kind: 'refused' as const },
          ...nameTaken(account, 'domain', { name: one.name, id: one.uuid }),
        }) satisfies Problem,
    ),
    ...(offered.length === 0 ? capacityProblems(inventory, views, request, existing) : []),
    ...views.filter(({ host }) => used.includes(host)).flatMap((view) => hostProblems(inventory, view)),
    ...(await networkProblems(inventory, request, views, options)),
    ...(await fileProblems(images, request)),
  ];
}

function hostProblem(pool: string, index: number, error: unknown): Problem {
  const path = `provider.libvirt.hosts[${index}]`;
  if (error instanceof VirshError && (error.kind === 'missing' || /pool/.test(error.said))) {
    const hint = `Make and start it there: virsh pool-define-as ${pool} dir --target /var/lib/libvirt/images; virsh pool-start ${pool}; virsh pool-autostart ${pool}`;
    return { code: 'LIBVIRT_POOL', kind: 'refused', message: error.message, hint, path: `${path}.pool` };
  }
  const known = error instanceof SlipwayError ? error : undefined;
  return {
    code: known?.code ?? 'LIBVIRT_UNREACHABLE',
    kind: 'refused',
    message: known?.message ?? messageOf(error),
    hint: known?.hint ?? 'Run the same command again.',
    details: error instanceof VirshError ? [error.said] : known?.details,
    path,
  };
}

/** The address that moves between servers must be none that a machine may be given. */
function apiProblems({ spec }: Inventory, { apiAddress, networkRange }: ClusterRequest): Problem[] {
  const address = apiAddress === undefined ? undefined : parseRange(`${apiAddress}/32`)?.first;
  const own = 'bridge' in spec.network ? spec.network.gateway : networkRange;
  const { first, last } = addressesOf(spec, own);
  if (address === undefined || address < first || address > last) return [];
  const hint =
    'bridge' in spec.network
      ? 'Choose one outside of provider.libvirt.network.addresses.'
      : 'Choose one in the upper half of network.range: machines have theirs in the lower.';
  const path = 'kubernetes.api.address';
  const message = `${apiAddress} is an address that a machine may be given.`;
  return [{ code: 'LIBVIRT_ADDRESSES', kind: 'refused', message, hint, path }];
}

/** Whether all that is missing finds room, one after the other as it would be made. */
function capacityProblems(
  inventory: Inventory,
  views: readonly View[],
  request: ClusterRequest,
  existing: ReadonlySet<string>,
): Problem[] {
  const { id } = request.cluster;
  let rooms = views.map((view) => inventory.roomOf(view));
  const without = request.machines.filter((machine) => {
    if (existing.has(machine.name)) return false;
    const placed = place(machine, id, rooms, inventory.spec.types);
    if (!placed) return true;
    const size = { memoryMiB: memoryOf(placed.type), diskBytes: diskOf(placed.type) };
    const uuid = machineUuid(request.cluster, machine.name);
    const tenant = { uuid, ...size, group: groupOf(id, machine.pool), address: undefined };
    rooms = rooms.map((room) => (room.host === placed.host ? { ...room, tenants: [...room.tenants, tenant] } : room));
    return false;
  });
  if (without.length === 0) return [];
  return [
    {
      code: 'LIBVIRT_CAPACITY',
      kind: 'refused',
      message: `The hosts have room for ${request.machines.length - without.length} of ${request.machines.length} machines.`,
      hint: 'Ask for fewer or smaller ones, add a host, or make room: memory is not promised twice, and each new disk has to fit whole.',
      details: [
        ...without.slice(0, 5).map(({ name, types }) => `no room for ${name} (${types.join(', ')})`),
        ...rooms.map(({ host, memoryMiB, freeBytes, tenants }) => {
          const left = tenants.reduce((rest, one) => rest - one.memoryMiB, memoryMiB);
          const disk = tenants.reduce((rest, one) => rest - one.diskBytes, freeBytes);
          return `${host}: ${(left / 1024).toFixed(1)} GiB of memory and ${Math.floor(disk / 1e9)} GB of disk are left then`;
        }),
      ],
    },
  ];
}

function hostProblems({ spec, hosts }: Inventory, { host, capabilities }: View): Problem[] {
  const path = `provider.libvirt.hosts[${hosts.indexOf(host)}]`;
  const away = host.spec.uri.startsWith('qemu+ssh:') && !/@?(localhost|127\.[0-9.]+)[:/]/.test(host.spec.uri.slice(11));
  const problems: (Problem | false)[] = [
    capabilities.arch !== 'x86_64' && {
      ...{ code: 'LIBVIRT_ARCHITECTURE', kind: 'refused', path },
      message: `${host.name} is ${capabilities.arch}, and machines are made for x86_64 only.`,
      hint: 'Take it out of the file.',
    },
    spec.accel === 'kvm' &&
      !capabilities.kvm && {
        ...{ code: 'LIBVIRT_NO_KVM', kind: 'refused', path },
        message: `${host.name} offers no KVM.`,
        hint: 'Switch virtualization on in its firmware, or allow emulation in software, which is many times slower: provider.libvirt.accel: auto',
      },
    'mode' in spec.network &&
      spec.network.mode === 'nat' &&
      away && {
        ...{ code: 'LIBVIRT_NETWORK_BEHIND', kind: 'refused', path },
        message: `Machines of a NAT network of ${host.name} can be reached from there alone, and this is another computer.`,
        hint: 'Use a bridge of the host, or mode: routed with a route to network.range by way of it; or run Slipway on the host.',
      },
  ];
  return problems.filter((one): one is Problem => one !== false);
}

/** A network of our own needs a range that no other of the host has. */
async function networkProblems(
  { spec, hosts }: Inventory,
  { cluster, networkRange }: ClusterRequest,
  views: readonly View[],
  options: CallOptions,
): Promise<Problem[]> {
  if (!('mode' in spec.network)) return [];
  const range = parseRange(networkRange)!;
  const found = await Promise.all(
    views.map(async ({ host }): Promise<Problem[]> => {
      const path = `provider.libvirt.hosts[${hosts.indexOf(host)}]`;
      try {
        await networkState(host, cluster, networkRange, options);
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.exitCode !== 3) throw error;
        return [{ code: error.code, kind: 'refused', message: error.message, hint: error.hint ?? '', path }];
      }
      const names = await host.names(['net-list', '--all', '--name'], options);
      const others = await Promise.all(
        names.filter((name) => name !== networkName(cluster)).map((name) => host.find(['net-dumpxml', name], options)),
      );
      return others
        .flatMap((xml) => (xml === undefined ? [] : [readNetwork(xml)]))
        .flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address, other: parseRange(address) })))
        .filter(({ other }) => other !== undefined && overlap(other, range))
        .map(({ name, address }) => ({
          ...{ code: 'LIBVIRT_RANGE_TAKEN', kind: 'refused' as const, path: 'network.range' },
          message: `The network ${name} on ${host.name} has addresses of ${networkRange}: ${address}.`,
          hint: 'Choose another network.range in the cluster file.',
        }));
    }),
  );
  return found.flat();
}

/** Image files that are not there. */
async function fileProblems(images: Images, { machines }: ClusterRequest): Promise<Problem[]> {
  const used = images.specs.filter(({ name }) => machines.some(({ image }) => image === name));
  const found = await Promise.all(
    used.map(async (image): Promise<Problem[]> => {
      if (!('file' in image)) return [];
      const fault = await access(image.file).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
      if (fault === undefined) return [];
      const message = `The image ${image.name} cannot be read: ${fault}.`;
      const hint = 'Correct provider.libvirt.images in the cluster file.';
      return [{ code: 'IMAGE_UNREADABLE', kind: 'refused', message, hint, path: 'provider.libvirt.images' }];
    }),
  );
  return found.flat();
}
