import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { backupTime } from '../../domain/backup.js';
import { IncompleteError, RefusedError, SlipwayError, UsageError } from '../../errors/index.js';
import { fileError } from '../file-errors.js';
import { safeName } from '../paths.js';
import { readContents, readManifest } from './manifest.js';
import { defaultPartBytes, keepParts, NotAsKept, partsOf } from './parts.js';
import type { BackupPlace } from './place.js';
import type { BackupContents, BackupManifest, BackupSets, LoadedBackup, NewBackup, NewStream } from './types.js';

/** How often a backup is written over which the place was sealed anew meanwhile. */
const writtenAtMost = 3;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The backups of all clusters at one place. Each is a set of objects that never change, its manifest written last. */
export class StoredBackups implements BackupSets {
  /** As the place was sealed when it was looked at last. */
  #sealed: BackupPlace['sealed'];

  constructor(
    private readonly place: BackupPlace,
    private readonly partBytes = defaultPartBytes,
  ) {
    this.#sealed = place.sealed;
  }

  get where(): string {
    return this.place.where;
  }

  get country(): string | undefined {
    return this.place.country;
  }

  async list(cluster: string): Promise<{ readonly ids: readonly string[]; readonly unfinished: readonly string[] }> {
    const keys = await this.#sealed.store.list(`backups/${safeName('cluster', cluster)}/`);
    const all = [...new Set(keys.map((key) => key.split('/')[2]!))].filter((id) => backupTime(id) !== undefined);
    const isWhole = (id: string): boolean => keys.includes(this.#key(cluster, id, 'manifest.json'));
    const newestFirst = all.sort().reverse();
    return { ids: newestFirst.filter(isWhole), unfinished: newestFirst.filter((id) => !isWhole(id)) };
  }

  async manifest(cluster: string, id: string): Promise<BackupManifest> {
    const text = await this.#usable(cluster, id, () => this.#opened(this.#key(cluster, id, 'manifest.json')));
    if (text === undefined) {
      throw new UsageError(`There is no backup ${id} of ${cluster} at ${this.where}.`, {
        code: 'NO_BACKUP',
        hint: `See which there are: slipway backup list ${cluster}`,
      });
    }
    const manifest = readManifest(text);
    if (!manifest || manifest.id !== id || manifest.cluster.name !== cluster)
      throw broken(cluster, id, this.where, 'its manifest cannot be read');
    return manifest;
  }

  async load(cluster: string, id: string, file: string): Promise<LoadedBackup> {
    return this.#usable(cluster, id, async () => {
      const manifest = await this.manifest(cluster, id);
      await written(file, this.#snapshot(manifest));
      return { manifest, packed: file, contents: await this.#contents(manifest) };
    });
  }

  async *stream(manifest: BackupManifest, name: string): AsyncIterable<Buffer> {
    const { id, cluster, streams } = manifest;
    const index = streams.findIndex((one) => one.name === name);
    const kept = streams[index];
    if (!kept) {
      throw new UsageError(`The backup ${id} of ${cluster.name} has no copy of the stream ${name}.`, {
        code: 'NO_BACKUP',
        hint: `See what is in it: slipway backup verify ${cluster.name} --id ${id}`,
      });
    }
    const parts = partsOf(`the copy of the stream ${name}`, kept, (part) =>
      this.#opened(this.#key(cluster.name, id, streamPart(index, part))),
    );
    for (;;) {
      const next = await this.#usable(cluster.name, id, () => parts.next());
      if (next.done) return;
      yield next.value;
    }
  }

  async keep(
    backup: NewBackup,
    packed: string,
    contents: BackupContents,
    streams: readonly NewStream[] = [],
  ): Promise<BackupManifest> {
    const { id, cluster } = backup;
    for (let times = 1; times <= writtenAtMost; times += 1) {
      const manifest = await this.#write(backup, packed, contents, streams);
      // A backup takes no lock: what was written while the place was sealed anew may open with a key that is gone.
      if (!(await this.#isSealedAnew())) {
        await this.#create(this.#key(cluster.name, id, 'manifest.json'), JSON.stringify(manifest));
        if (!(await this.#isSealedAnew())) {
          await this.#readBack(manifest);
          return manifest;
        }
      }
      await this.remove(cluster.name, id);
    }
    throw differs(`${this.where} is being sealed anew again and again.`);
  }

  async remove(cluster: string, id: string): Promise<void> {
    // The manifest goes first: what a killed removal leaves is no backup any more.
    const { store } = this.#sealed;
    const keys = await store.list(`backups/${safeName('cluster', cluster)}/${id}/`);
    const manifest = this.#key(cluster, id, 'manifest.json');
    for (const key of [...keys].sort((a, b) => Number(b === manifest) - Number(a === manifest)))
      await store.remove(key);
  }

  /** Writes all of a backup but its manifest. */
  async #write(
    backup: NewBackup,
    packed: string,
    contents: BackupContents,
    streams: readonly NewStream[],
  ): Promise<BackupManifest> {
    const { id, cluster } = backup;
    const keep = (file: string, name: (part: number) => string) =>
      keepParts(file, this.partBytes, (part, text) => this.#create(this.#key(cluster.name, id, name(part)), text));
    const snapshot = await keep(packed, snapshotPart);
    const kept: BackupManifest['streams'] = [];
    for (const [index, { file, ...stream }] of streams.entries())
      kept.push({ ...stream, ...(await keep(file, (part) => streamPart(index, part))) });
    const text = JSON.stringify(contents);
    await this.#create(this.#key(cluster.name, id, 'contents.json'), text);
    return {
      version: 1,
      ...backup,
      snapshot: {
        ...backup.snapshot,
        packedBytes: snapshot.bytes,
        packedSha256: snapshot.sha256,
        parts: snapshot.parts,
      },
      streams: kept,
      contentsSha256: sha256(text),
    };
  }

  async #create(key: string, text: string): Promise<void> {
    if (await this.#sealed.store.create(key, text)) return;
    throw differs(`${this.where} has ${key} already, which nobody could have written.`);
  }

  /** As the next one would. */
  async #readBack(manifest: BackupManifest): Promise<void> {
    const { id, cluster, streams } = manifest;
    try {
      await this.#usable(cluster.name, id, async () => {
        await readToEnd(this.#snapshot(await this.manifest(cluster.name, id)));
        await this.#contents(manifest);
        for (const { name } of streams) await readToEnd(this.stream(manifest, name));
      });
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'BACKUP_BAD') throw error;
      throw differs(`${this.where} does not have the backup ${id} as it was written: ${error.message}`, error);
    }
  }

  #snapshot({ id, cluster, snapshot }: BackupManifest): AsyncIterable<Buffer> {
    const { packedBytes: bytes, packedSha256, parts } = snapshot;
    return partsOf('its snapshot', { bytes, sha256: packedSha256, parts }, (part) =>
      this.#opened(this.#key(cluster.name, id, snapshotPart(part))),
    );
  }

  async #contents({ id, cluster, contentsSha256 }: BackupManifest): Promise<BackupContents> {
    const text = await this.#opened(this.#key(cluster.name, id, 'contents.json'));
    const contents = text === undefined ? undefined : readContents(text);
    if (text === undefined || !contents) throw new NotAsKept('the servers’ token and the keys are not in it');
    if (sha256(text) !== contentsSha256) throw new NotAsKept('its token and keys are not those that were kept');
    return contents;
  }

  /** What opens for nobody, or is not the one that belongs there, makes a backup that cannot be used. */
  async #usable<T>(cluster: string, id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotAsKept) throw broken(cluster, id, this.where, error.message, error);
      if (!isUnusable(error)) throw error;
      throw broken(cluster, id, this.where, error.message.replace(/\.$/, ''), error);
    }
  }

  /** What is not ours by the key that we know may have been sealed anew since we looked. */
  async #opened(key: string): Promise<string | undefined> {
    try {
      return (await this.#sealed.store.read(key))?.text;
    } catch (error) {
      if (!isUnusable(error) || !(await this.#isSealedAnew())) throw error;
      return (await this.#sealed.store.read(key))?.text;
    }
  }

  async #isSealedAnew(): Promise<boolean> {
    const now = await this.place.reopened();
    const isAnew = now.seal !== this.#sealed.seal;
    this.#sealed = now;
    return isAnew;
  }

  #key(cluster: string, id: string, what: string): string {
    return `backups/${safeName('cluster', cluster)}/${safeName('backup', id)}/${what}`;
  }
}

const snapshotPart = (part: number): string => `snapshot-${String(part).padStart(4, '0')}`;
const streamPart = (index: number, part: number): string =>
  `stream-${String(index + 1).padStart(3, '0')}-${String(part).padStart(5, '0')}`;

async function readToEnd(parts: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of parts);
}

/** Writes parts to a new file of this computer as they come. */
async function written(path: string, parts: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const part of parts)
      await file.writeFile(part).catch((error: unknown) => {
        throw fileError(error, 'write', path);
      });
  } finally {
    await file.close();
  }
}

/** What is said of an object that opens for nobody, or is not the one that belongs there. */
const unusable: ReadonlySet<string> = new Set(['BLOB_SWAPPED', 'WORKSPACE_CORRUPT']);
const isUnusable = (error: unknown): error is SlipwayError => error instanceof SlipwayError && unusable.has(error.code);

function broken(cluster: string, id: string, where: string, why: string, cause?: unknown): RefusedError {
  return new RefusedError(`The backup ${id} of ${cluster} at ${where} cannot be used: ${why}.`, {
    code: 'BACKUP_BAD',
    cause,
    hint: `Use another one: slipway backup list ${cluster}. To find all that are whole: slipway backup verify ${cluster} --all`,
  });
}

const differs = (message: string, cause?: unknown): IncompleteError =>
  new IncompleteError(message, {
    code: 'WORKSPACE_DIFFERS',
    cause,
    hint: 'Run the same command again: it takes another backup.',
  });
