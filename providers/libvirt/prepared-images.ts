import { join } from 'node:path';
import { mkdir, rm, stat } from 'node:fs/promises';

import { z } from 'zod';

import type { Clock } from '../../src/domain/clock.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import { clusterOf } from '../../src/provider/kit/ownership.js';
import type { ImageKeeping, ImageRequest, PreparedImage } from '../../src/provider/images.js';
import type { CallOptions } from '../../src/provider/port.js';
import { vanished } from './errors.js';
import { hasMark, type Inventory } from './inventory.js';
import { imageVolume, keptMark, keptVolume, machineVolumes, wholeMark } from './names.js';
import type { Hypervisor } from './virsh.js';
import { readVolume, volumeXml } from './xml.js';

/** What is written beside the disk once all of it is there. Volumes have no labels. */
const noteShape = z.object({ name: z.string(), base: z.string(), createdAt: z.string() });
type Note = z.output<typeof noteShape>;
const noteBytes = 1024;

/** A prepared image, on the host where it was made. */
export interface KeptImage extends PreparedImage {
  readonly host: Hypervisor;
  /** The name of its disk in the host’s pool. */
  readonly volume: string;
  readonly bytes: number;
}

/** Disks of machines that are kept for others: volumes of their own, so that neither depends on the other’s. */
export class PreparedImages {
  readonly #copies = new Map<string, Promise<string>>();

  constructor(
    private readonly inventory: Inventory,
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  get keeping(): ImageKeeping['images'] {
    return {
      list: (options) => this.list(options),
      create: (request, options) => this.#create(request, options),
      delete: ({ id }, options) => this.#delete(id, options),
    };
  }

  async list(options: CallOptions): Promise<readonly KeptImage[]> {
    const found = await Promise.all(
      this.inventory.hosts.map(async (host) => {
        const marks = await host.names(['vol-list', host.spec.pool], options);
        const volumes = marks.flatMap((line) => keptMark.volumeOf(line.split(/\s+/)[0] ?? '') ?? []);
        return Promise.all(volumes.map((volume) => keptAt(host, volume, options)));
      }),
    );
    return found.flat().filter((one) => one !== undefined);
  }

  async newest(name: string, options: CallOptions): Promise<KeptImage | undefined> {
    const named = (await this.list(options)).filter((one) => one.name === name);
    return named.sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  }

  /**
   * Has a copy of it for the machines of a cluster on a host, which stays when the image goes.
   * @returns the name of that volume
   */
  copy(image: KeptImage, host: Hypervisor, cluster: ClusterRef, options: CallOptions): Promise<string> {
    const volume = imageVolume(cluster, image.volume);
    const key = `${host.name}/${volume}`;
    // Several machines ask for the same one at once.
    const copying = this.#copies.get(key) ?? this.#copy(image, host, volume, options);
    this.#copies.set(key, copying);
    copying.catch(() => this.#copies.delete(key));
    return copying;
  }

  async #copy(image: KeptImage, host: Hypervisor, volume: string, options: CallOptions): Promise<string> {
    const { pool } = host.spec;
    if (await host.has(wholeMark(volume), options)) return volume;
    // What was cut short may be of another size.
    await host.change(['vol-delete', volume, '--pool', pool], options, { fine: ['missing'] });
    options.progress?.(`copying ${image.name} to ${host.name}, ${Math.ceil(image.bytes / 2 ** 20)} MiB`);
    if (host === image.host) await host.change(['vol-clone', image.volume, volume, '--pool', pool], options);
    else await this.#carry(image, host, volume, options);
    await host.create(volumeXml(wholeMark(volume), 512), options);
    return volume;
  }

  /** By way of this computer, as hosts do not know of each other. */
  async #carry(image: KeptImage, host: Hypervisor, volume: string, options: CallOptions): Promise<void> {
    const folder = join(this.folder, 'images');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${image.host.name}-${image.volume}.${process.pid}`);
    try {
      await image.host.download(image.volume, file, options);
      const { size } = await stat(file);
      await host.create(volumeXml(volume, size), options);
      await host.change(['vol-upload', volume, '/dev/stdin', '--pool', host.spec.pool], options, { input: { file } });
    } finally {
      await rm(file, { force: true });
    }
  }

  async #create({ name, base, machine }: ImageRequest, options: CallOptions): Promise<PreparedImage> {
    const found = await this.inventory.find(machine.id, options);
    if (!found || !hasMark(found)) throw vanished(machine.name);
    const { host, mark } = found;
    const { pool } = host.spec;
    const volume = keptVolume(name, machine.id);
    const before = await keptAt(host, volume, options);
    if (before) return before;
    const disk = `${machineVolumes(clusterOf(mark.labels), found.name)}disk`;
    const { capacityBytes } = readVolume(await host.read(['vol-dumpxml', disk, '--pool', pool], options));
    await host.change(['vol-delete', volume, '--pool', pool], options, { fine: ['missing'] });
    options.progress?.('copying its disk');
    // Without a file behind it, so that it outlives what the machine was made from.
    const from = ['vol-create-from', pool, '/dev/stdin', disk, '--inputpool', pool];
    await host.change(from, options, { input: volumeXml(volume, capacityBytes, 'alone') });
    const note: Note = { name, base, createdAt: new Date(this.clock.now()).toISOString() };
    const text = JSON.stringify(note).padEnd(noteBytes);
    await host.create(volumeXml(keptMark.of(volume), noteBytes), options);
    await host.change(['vol-upload', keptMark.of(volume), '/dev/stdin', '--pool', pool], options, { input: text });
    return (await keptAt(host, volume, options))!;
  }

  async #delete(id: string, options: CallOptions): Promise<void> {
    const slash = id.indexOf('/');
    const host = this.inventory.hosts.find(({ name }) => name === id.slice(0, slash));
    const volume = id.slice(slash + 1);
    // What tells of it goes last.
    for (const one of [volume, keptMark.of(volume)])
      await host?.change(['vol-delete', one, '--pool', host.spec.pool], options, { fine: ['missing'] });
  }
}

/** Undefined where the disk is not there, or not all of it. */
async function keptAt(host: Hypervisor, volume: string, options: CallOptions): Promise<KeptImage | undefined> {
  const { pool } = host.spec;
  const [text, xml] = await Promise.all([
    host.find(['vol-download', keptMark.of(volume), '/dev/stdout', '--pool', pool], options),
    host.find(['vol-dumpxml', volume, '--pool', pool], options),
  ]);
  const note = text === undefined ? undefined : noteIn(text);
  if (!note || xml === undefined) return undefined;
  const { capacityBytes, allocatedBytes } = readVolume(xml);
  return {
    ...{ ...note, host, volume, id: `${host.name}/${volume}`, architecture: 'amd64', ready: true },
    ...{ bytes: allocatedBytes, diskGB: Math.ceil(capacityBytes / 1e9), sizeGB: allocatedBytes / 1e9 },
  };
}

/** Undefined where it was not written to its end. */
function noteIn(text: string): Note | undefined {
  try {
    return noteShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
