import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Appendable, Blob, BlobAppender, BlobStore } from './blob-store.js';
import { fileError } from './file-errors.js';
import type { Files } from './files.js';
import type { KeyedMutex } from './keyed-mutex.js';
import { type LockOptions, tryMomentLock } from './moment-lock.js';
import type { LockHolder } from './types.js';

export interface LocalBlobsContext extends LockOptions {
  /** Files that pass no boundary and need not survive a power cut: for locks of a moment. */
  readonly quietFiles: Files;
  readonly turns: KeyedMutex;
  /** What to throw when another process does not end its short change. */
  readonly busy: (path: string, holder: LockHolder) => Error;
}

/** Milliseconds to wait for another process that changes the same small file. */
const turnDeadlineMs = 10_000;

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A folder of this computer. Names that begin with a dot are its own: halves of writes, and locks of a moment. */
export class LocalBlobs implements BlobStore, Appendable {
  constructor(
    readonly folder: string,
    private readonly context: LocalBlobsContext,
  ) {}

  /** The file behind a key. */
  path(key: string): string {
    return join(this.folder, key);
  }

  async read(key: string): Promise<Blob | undefined> {
    const text = await this.context.files.read(this.path(key));
    return text === undefined ? undefined : { text, version: versionOf(text) };
  }

  create(key: string, text: string): Promise<boolean> {
    return this.context.files.create(this.path(key), text);
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    return this.#alone(key, async () => {
      if ((await this.read(key))?.version !== version) return false;
      await this.context.files.write(this.path(key), text);
      return true;
    });
  }

  async remove(key: string, version?: string): Promise<boolean> {
    return this.#alone(key, async () => {
      const there = version === undefined ? undefined : await this.read(key);
      if (there && there.version !== version) return false;
      await this.context.files.remove(this.path(key));
      return true;
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    // Everything below one folder: a prefix ends in the middle of a name at most.
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const names = await this.context.files.tree(join(this.folder, folder));
    return names
      .filter((name) => !name.split('/').some((part) => part.startsWith('.')))
      .map((name) => `${folder}${name}`)
      .filter((key) => key.startsWith(prefix))
      .sort();
  }

  async appender(key: string): Promise<BlobAppender> {
    const path = this.path(key);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, 'ax', 0o600);
      return {
        append: (text) => file.appendFile(text),
        close: async () => {
          try {
            await file.sync();
          } finally {
            await file.close();
          }
        },
      };
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  /** The folder with everything in it. It disappears in one instant. */
  async clear(): Promise<void> {
    await this.context.files.removeFolder(this.folder);
  }

  /** Removes what killed writes left before `olderThan` (milliseconds since 1970). */
  async sweep(olderThan: number): Promise<void> {
    for (const part of ['', 'hosts', 'secrets']) await this.context.files.sweep(this.path(part), olderThan);
  }

  /** Works on a file while no other process, and nobody in this one, does. */
  async #alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const path = this.path(key);
    return this.context.turns.run(path, async () => {
      const release = await this.#momentLock(join(dirname(path), `.${basename(path)}.lock`));
      try {
        return await work();
      } finally {
        await release();
      }
    });
  }

  async #momentLock(path: string): Promise<() => Promise<void>> {
    const { clock, quietFiles } = this.context;
    const deadline = clock.monotonic() + turnDeadlineMs;
    for (;;) {
      const result = await tryMomentLock(path, { ...this.context, files: quietFiles });
      if ('release' in result) return result.release;
      if (clock.monotonic() > deadline) throw this.context.busy(path, result.heldBy);
      await clock.sleep(10);
    }
  }
}
