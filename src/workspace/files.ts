import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

import { withBoundary, type Boundary } from '../domain/boundary.js';
import type { Random } from '../domain/clock.js';
import { errorCode, fileError, tooLarge } from './file-errors.js';

export interface FilesOptions {
  /** What boundary points name files relative to. */
  readonly root: string;
  readonly boundary: Boundary;
  readonly random: Random;
  readonly warn: (text: string) => void;
  /** Whether a write is on disk when it resolves; default true. False for what nobody needs after a power cut. */
  readonly durable?: boolean;
}

const groupAndOthers = 0o077;
/** Far more than any file of a workspace has. */
const bytesAtMost = 64 * 2 ** 20;

/**
 * Private files: 0600 in folders 0700, whole or not at all. Every failure is a SlipwayError with a remedy. Writes pass
 * the boundary as `write demo/record.json`.
 */
export class Files {
  constructor(private readonly options: FilesOptions) {}

  /** The file's text; undefined when there is none. Permissions that let others read are taken back, with a warning. */
  async read(path: string): Promise<string | undefined> {
    try {
      const file = await open(path, 'r');
      try {
        const { mode, size } = await file.stat();
        if (size > bytesAtMost) throw tooLarge(path, size);
        if (process.platform !== 'win32' && (mode & groupAndOthers) !== 0) {
          await file.chmod(0o600);
          this.options.warn(`${path} could be read by others; its permissions are now 0600.`);
        }
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw fileError(error, 'read', path);
    }
  }

  /** Replaces the file in one instant; it is on disk when this resolves. */
  async write(path: string, text: string): Promise<void> {
    await this.#guarded('write', path, async () => {
      const temporary = await this.#temporary(path, text);
      try {
        await rename(temporary, path);
        if (this.#durable) await syncFolder(dirname(path));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  /** Makes the file unless there is one: of any number of callers and processes exactly one gets true. */
  async create(path: string, text: string): Promise<boolean> {
    return this.#guarded('write', path, async () => {
      const temporary = await this.#temporary(path, text);
      try {
        await linkExclusively(temporary, path);
        if (this.#durable) await syncFolder(dirname(path));
        return true;
      } catch (error) {
        if (errorCode(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  /** Gone afterwards; already gone is success. */
  async remove(path: string): Promise<void> {
    await this.#guarded('remove', path, () =>
      unlink(path).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      }),
    );
  }

  /** Removes a folder with everything in it. It disappears in one instant, so that half a folder is never seen. */
  async removeFolder(path: string): Promise<void> {
    await this.#guarded('remove', path, async () => {
      const doomed = join(dirname(path), `.${basename(path)}.${this.#nonce()}.removed`);
      try {
        await rename(path, doomed);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      }
      const leftOver = new RegExp(`^\\.${basename(path).replaceAll('.', '\\.')}\\.[0-9a-f]+\\.removed$`);
      for (const name of await this.list(dirname(path)))
        if (leftOver.test(name)) await rm(join(dirname(path), name), { recursive: true, force: true });
    });
  }

  /** Names in a folder, sorted; none when there is no such folder. */
  async list(path: string): Promise<string[]> {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw fileError(error, 'read', path);
    }
  }

  /** Files in a folder and below it, by their paths from there; none when there is no such folder. */
  async tree(path: string): Promise<string[]> {
    try {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw fileError(error, 'read', path);
    }
  }

  /** Makes the folder and those above it, private. */
  async folder(path: string): Promise<void> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  /** Takes back permissions that let others look into an existing folder. */
  async tighten(path: string): Promise<void> {
    try {
      const { mode } = await stat(path);
      if (process.platform === 'win32' || (mode & groupAndOthers) === 0) return;
      await chmod(path, 0o700);
      this.options.warn(`${path} was open to others; its permissions are now 0700.`);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw fileError(error, 'write', path);
    }
  }

  /** Removes what killed writes left in a folder before `olderThan` (milliseconds since 1970). */
  async sweep(path: string, olderThan: number): Promise<void> {
    for (const name of await this.list(path)) {
      if (!name.startsWith('.') || !name.endsWith('.tmp')) continue;
      try {
        if ((await stat(join(path, name))).mtimeMs < olderThan) await rm(join(path, name), { force: true });
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw fileError(error, 'remove', join(path, name));
      }
    }
  }

  async #temporary(path: string, text: string): Promise<string> {
    await this.folder(dirname(path));
    const temporary = join(dirname(path), `.${basename(path)}.${this.#nonce()}.tmp`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      if (this.#durable) await file.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return temporary;
  }

  async #guarded<T>(doing: 'write' | 'remove', path: string, work: () => Promise<T>): Promise<T> {
    const what = `${doing} ${relative(this.options.root, path)}`;
    return withBoundary(this.options.boundary, 'workspace', what, async () => {
      try {
        return await work();
      } catch (error) {
        throw fileError(error, doing, path);
      }
    });
  }

  get #durable(): boolean {
    return this.options.durable ?? true;
  }

  #nonce(): string {
    return this.options.random.bytes(6).toString('hex');
  }
}

/** A hard link appears whole and only where nothing is. Some network and memory-card file systems have none. */
async function linkExclusively(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    await copyFile(temporary, path, constants.COPYFILE_EXCL);
  }
}

/** Makes a rename survive a power cut. Not every system lets a folder be synced. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error;
  }
}
