import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { LibvirtImageSpec } from '../../src/domain/spec/libvirt.js';
import { messageOf, RefusedError } from '../../src/errors/index.js';
import type { CallOptions } from '../../src/provider/port.js';

/** The images of the file, on this computer. */
export class Images {
  readonly #files = new Map<string, Promise<{ readonly path: string; readonly bytes: number }>>();

  constructor(
    readonly specs: readonly LibvirtImageSpec[],
    private readonly folder: string,
  ) {}

  named(name: string): LibvirtImageSpec | undefined {
    return this.specs.find((image) => image.name === name);
  }

  /** Short, and another one for another content. */
  async keyOf(image: LibvirtImageSpec): Promise<string> {
    if (image.sha256 !== undefined) return image.sha256.slice(0, 16);
    const path = 'file' in image ? image.file : image.url;
    const { size, mtimeMs } = await stat(path).catch((cause: unknown) => Promise.reject(unreadable(image, cause)));
    return createHash('sha256')
      .update(JSON.stringify([path, size, mtimeMs]))
      .digest('hex')
      .slice(0, 16);
  }

  /**
   * Its file, downloaded and checked.
   * @throws RefusedError codes IMAGE_UNREADABLE, IMAGE_CHECKSUM
   */
  file(image: LibvirtImageSpec, options: CallOptions): Promise<{ readonly path: string; readonly bytes: number }> {
    // Several hosts ask for the same one at once.
    const found = this.#files.get(image.name) ?? this.#file(image, options);
    this.#files.set(image.name, found);
    found.catch(() => this.#files.delete(image.name));
    return found;
  }

  async #file(image: LibvirtImageSpec, options: CallOptions): Promise<{ path: string; bytes: number }> {
    try {
      const path = 'file' in image ? image.file : await this.#download(image, options);
      const { size: bytes } = await stat(path);
      if ('file' in image) await check(image, path, options.signal);
      return { path, bytes };
    } catch (error) {
      options.signal.throwIfAborted();
      throw error instanceof RefusedError ? error : unreadable(image, error);
    }
  }

  async #download(
    image: Extract<LibvirtImageSpec, { url: string }>,
    { signal, progress }: CallOptions,
  ): Promise<string> {
    const path = join(this.folder, 'images', image.sha256);
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
    progress?.(`downloading ${image.url}`);
    await mkdir(join(this.folder, 'images'), { recursive: true, mode: 0o700 });
    const part = `${path}.${process.pid}`;
    try {
      const response = await fetch(image.url, { signal });
      if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
      await pipeline(Readable.fromWeb(response.body), createWriteStream(part), { signal });
      await check(image, part, signal);
      await rename(part, path);
    } finally {
      await rm(part, { force: true });
    }
    return path;
  }
}

async function check(image: LibvirtImageSpec, path: string, signal: AbortSignal): Promise<void> {
  if (image.sha256 === undefined) return;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  const sum = hash.digest('hex');
  if (sum === image.sha256) return;
  throw new RefusedError(
    `The image ${image.name} (${placeOf(image)}) has the SHA-256 sum ${sum}, and not ${image.sha256}.`,
    {
      code: 'IMAGE_CHECKSUM',
      hint: 'Take the sum from where the image is published, and correct provider.libvirt.images in the cluster file.',
    },
  );
}

const placeOf = (image: LibvirtImageSpec): string => ('file' in image ? image.file : image.url);

const unreadable = (image: LibvirtImageSpec, cause: unknown): RefusedError =>
  new RefusedError(`The image ${image.name} cannot be had from ${placeOf(image)}: ${messageOf(cause)}.`, {
    code: 'IMAGE_UNREADABLE',
    hint: 'Correct provider.libvirt.images in the cluster file, then run the same command again.',
    cause,
  });
