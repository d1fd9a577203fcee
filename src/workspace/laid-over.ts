import { createHash } from 'node:crypto';

import type { Blob, BlobStore } from './blob-store.js';

/** Of a cluster’s keys those of what it is known by, and what lets us in: neither of one moment, nor made from the rest. */
export const isLasting = (key: string): boolean =>
  /^(record\.json|id_ed25519(\.pub)?|kubeconfig|secrets\/[\w.-]+|hosts\/[\w.-]+\.json)$/.test(key);

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A store that shows texts which are not in it yet, and keeps in memory what is written: nobody else sees a change. */
export class LaidOver implements BlobStore {
  /** Undefined: removed. */
  readonly #written = new Map<string, string | undefined>();

  /** @param beneath shown where the store has nothing */
  constructor(
    private readonly store: BlobStore,
    private readonly beneath: ReadonlyMap<string, string>,
  ) {}

  async read(key: string): Promise<Blob | undefined> {
    if (this.#written.has(key)) return blobOf(this.#written.get(key));
    return (await this.store.read(key)) ?? blobOf(this.beneath.get(key));
  }

  async create(key: string, text: string): Promise<boolean> {
    if (await this.read(key)) return false;
    this.#written.set(key, text);
    return true;
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    if ((await this.read(key))?.version !== version) return false;
    this.#written.set(key, text);
    return true;
  }

  async remove(key: string, version?: string): Promise<boolean> {
    const there = await this.read(key);
    if (there && version !== undefined && there.version !== version) return false;
    this.#written.set(key, undefined);
    return true;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys = [...(await this.store.list(prefix)), ...this.beneath.keys(), ...this.#written.keys()];
    const there = await Promise.all(
      [...new Set(keys)]
        .filter((key) => key.startsWith(prefix))
        .map(async (key) => ((await this.read(key)) ? [key] : [])),
    );
    return there.flat().sort();
  }
}

const blobOf = (text: string | undefined): Blob | undefined =>
  text === undefined ? undefined : { text, version: versionOf(text) };
