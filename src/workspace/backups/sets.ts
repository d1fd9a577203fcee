import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { backupTime } from '../../domain/backup.js';
import { IncompleteError, RefusedError, SlipwayError, UsageError } from '../../errors/index.js';
import { safeName } from '../paths.js';
import { readContents, readManifest } from './manifest.js';
import type { BackupPlace } from './place.js';
import type { BackupContents, BackupManifest, BackupSets, LoadedBackup, NewBackup, NewStream } from './types.js';

/** Bytes of a part: little enough for a slow line, and for a server that ends long requests. */
const partBytes = 3 * 2 ** 19;

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The backups of all clusters at one place. Each is a set of objects that never change, its manifest written last. */
export class StoredBackups implements BackupSets {
  constructor(private readonly place: BackupPlace) {}

  get where(): string {
    return this.place.where;
  }

  get country(): string | undefined {
    return this.place.country;
  }

  async list(cluster: string): Promise<{ readonly ids: readonly string[]; readonly unfinished: readonly string[] }> {
    const keys = await this.place.store.list(`backups/${safeName('cluster', cluster)}/`);
    const all = [...new Set(keys.map((key) => key.split('/')[2]!))].filter((id) => backupTime(id) !== undefined);
    const isWhole = (id: string): boolean => keys.includes(this.#key(cluster, id, 'manifest.json'));
    const newestFirst = all.sort().reverse();
    return { ids: newestFirst.filter(isWhole), unfinished: newestFirst.filter((id) => !isWhole(id)) };
  }

  async manifest(cluster: string, id: string): Promise<BackupManifest> {
    const there = await this.place.store.read(this.#key(cluster, id, 'manifest.json'));
    if (!there) {
      throw new UsageError(`There is no backup ${id} of ${cluster} at ${this.where}.`, {
        code: 'NO_BACKUP',
        hint: `See which there are: slipway backup list ${cluster}`,
      });
    }
    const manifest = readManifest(there.text);
    if (!manifest || manifest.id !== id || manifest.cluster.name !== cluster)
      throw broken(cluster, id, this.where, 'its manifest cannot be read');
    return manifest;
  }

  async load(cluster: string, id: string): Promise<LoadedBackup> {
    try {
      return await this.#loaded(cluster, id);
    } catch (error) {
      if (!(error instanceof SlipwayError) || !unusable.has(error.code)) throw error;
      throw broken(cluster, id, this.where, error.message.replace(/\.$/, ''), error);
    }
  }

  async #loaded(cluster: string, id: string): Promise<LoadedBackup> {
    const manifest = await this.manifest(cluster, id);
    const { parts, packedBytes, packedSha256 } = manifest.snapshot;
    const pieces: Buffer[] = [];
    for (let part = 1; part <= parts; part += 1) {
      const there = await this.place.store.read(this.#part(cluster, id, part));
      if (!there) throw broken(cluster, id, this.where, `part ${part} of ${parts} of its snapshot is gone`);
      pieces.push(Buffer.from(there.text, 'base64'));
    }
    const packed = Buffer.concat(pieces);
    if (packed.length !== packedBytes)
      throw broken(cluster, id, this.where, `its snapshot has ${packed.length} bytes, and had ${packedBytes}`);
    if (sha256(packed) !== packedSha256)
      throw broken(cluster, id, this.where, 'its snapshot is not the one that was kept: its SHA-256 differs');
    const text = (await this.place.store.read(this.#key(cluster, id, 'contents.json')))?.text;
    const contents = text === undefined ? undefined : readContents(text);
    if (text === undefined || !contents)
      throw broken(cluster, id, this.where, 'the servers’ token and the keys are not in it');
    if (sha256(text) !== manifest.contentsSha256)
      throw broken(cluster, id, this.where, 'its token and keys are not those that were kept');
    return { manifest, packed, contents };
  }

  async *stream({ id, cluster: { name: cluster }, streams }: BackupManifest, name: string): AsyncIterable<Buffer> {
    const index = streams.findIndex((one) => one.name === name);
    const kept = streams[index];
    if (!kept) {
      throw new UsageError(`The backup ${id} of ${cluster} has no copy of the stream ${name}.`, {
        code: 'NO_BACKUP',
        hint: `See what is in it: slipway backup verify ${cluster} --id ${id}`,
      });
    }
    const sum = createHash('sha256');
    let bytes = 0;
    for (let part = 1; part <= kept.parts; part += 1) {
      const text = await this.#read(cluster, id, streamPart(index, part));
      if (text === undefined)
        throw broken(cluster, id, this.where, `part ${part} of ${kept.parts} of the stream ${name} is gone`);
      const piece = Buffer.from(text, 'base64');
      sum.update(piece);
      bytes += piece.length;
      yield piece;
    }
    if (bytes !== kept.bytes || sum.digest('hex') !== kept.sha256)
      throw broken(cluster, id, this.where, `the copy of the stream ${name} is not the one that was kept`);
  }

  /** What opens for nobody, or is not the one that belongs there, makes a backup that cannot be used. */
  async #read(cluster: string, id: string, what: string): Promise<string | undefined> {
    try {
      return (await this.place.store.read(this.#key(cluster, id, what)))?.text;
    } catch (error) {
      if (!(error instanceof SlipwayError) || !unusable.has(error.code)) throw error;
      throw broken(cluster, id, this.where, error.message.replace(/\.$/, ''), error);
    }
  }

  async keep(
    backup: NewBackup,
    packed: Buffer,
    contents: BackupContents,
    streams: readonly NewStream[] = [],
  ): Promise<BackupManifest> {
    const { name: cluster } = backup.cluster;
    const { id } = backup;
    const text = JSON.stringify(contents);
    const parts = Math.max(1, Math.ceil(packed.length / partBytes));
    const create = async (key: string, content: string): Promise<void> => {
      if (!(await this.place.store.create(key, content))) throw differs(this.where, key);
    };
    for (let part = 1; part <= parts; part += 1) {
      const piece = packed.subarray((part - 1) * partBytes, part * partBytes);
      await create(this.#part(cluster, id, part), piece.toString('base64'));
    }
    const kept: BackupManifest['streams'] = [];
    for (const [index, { file, ...stream }] of streams.entries()) {
      const sum = createHash('sha256');
      let bytes = 0;
      let count = 0;
      for await (const piece of piecesOf(file)) {
        sum.update(piece);
        bytes += piece.length;
        await create(this.#key(cluster, id, streamPart(index, (count += 1))), piece.toString('base64'));
      }
      kept.push({ ...stream, bytes, sha256: sum.digest('hex'), parts: count });
    }
    await create(this.#key(cluster, id, 'contents.json'), text);
    const manifest: BackupManifest = {
      version: 1,
      ...backup,
      snapshot: { ...backup.snapshot, packedBytes: packed.length, packedSha256: sha256(packed), parts },
      streams: kept,
      contentsSha256: sha256(text),
    };
    await create(this.#key(cluster, id, 'manifest.json'), JSON.stringify(manifest));
    await this.#readBack(
      manifest,
      kept.map(({ name }) => name),
    );
    return manifest;
  }

  /** As the next one would: a backup takes no lock, so that what it knows of the place may be of before a rotation. */
  async #readBack(manifest: BackupManifest, streams: readonly string[]): Promise<void> {
    const { id, cluster } = manifest;
    const found = new StoredBackups({ ...this.place, store: await this.place.reopened() });
    try {
      await found.load(cluster.name, id);
      for (const name of streams) for await (const _ of found.stream(manifest, name));
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'BACKUP_BAD') throw error;
      throw new IncompleteError(`${this.where} does not have the backup ${id} as it was written: ${error.message}`, {
        code: 'WORKSPACE_DIFFERS',
        cause: error,
        hint: 'It may have been sealed anew meanwhile. Run the same command again: it takes another backup.',
      });
    }
  }

  async remove(cluster: string, id: string): Promise<void> {
    // The manifest goes first: what a killed removal leaves is no backup any more.
    const keys = await this.place.store.list(`backups/${safeName('cluster', cluster)}/${id}/`);
    const manifest = this.#key(cluster, id, 'manifest.json');
    for (const key of [...keys].sort((a, b) => Number(b === manifest) - Number(a === manifest)))
      await this.place.store.remove(key);
  }

  #part(cluster: string, id: string, part: number): string {
    return this.#key(cluster, id, `snapshot-${String(part).padStart(4, '0')}`);
  }

  #key(cluster: string, id: string, what: string): string {
    return `backups/${safeName('cluster', cluster)}/${safeName('backup', id)}/${what}`;
  }
}

const streamPart = (index: number, part: number): string =>
  `stream-${String(index + 1).padStart(3, '0')}-${String(part).padStart(5, '0')}`;

/** A file in parts, one at a time; at least one, though it be empty. */
async function* piecesOf(file: string): AsyncIterable<Buffer> {
  const handle = await open(file);
  try {
    for (let first = true; ; first = false) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(partBytes), 0, partBytes);
      if (bytesRead === 0 && !first) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** What is said of an object that opens for nobody, or is not the one that belongs there. */
const unusable: ReadonlySet<string> = new Set(['BLOB_SWAPPED', 'WORKSPACE_CORRUPT']);

function broken(cluster: string, id: string, where: string, why: string, cause?: unknown): RefusedError {
  return new RefusedError(`The backup ${id} of ${cluster} at ${where} cannot be used: ${why}.`, {
    code: 'BACKUP_BAD',
    cause,
    hint: `Use another one: slipway backup list ${cluster}. To find all that are whole: slipway backup verify ${cluster} --all`,
  });
}

const differs = (where: string, key: string): IncompleteError =>
  new IncompleteError(`${where} has ${key} already, which nobody could have written.`, {
    code: 'WORKSPACE_DIFFERS',
    hint: 'Run the same command again: it takes another backup.',
  });
