import type { Blob, BlobStore } from '../../src/workspace/blob-store.js';

/** A store that is gone with the process. Every change is numbered, and each answer comes a turn later, as from afar. */
export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, Blob>();
  #changes = 0;

  async read(key: string): Promise<Blob | undefined> {
    await Promise.resolve();
    return this.#blobs.get(key);
  }

  async create(key: string, text: string): Promise<boolean> {
    await Promise.resolve();
    if (this.#blobs.has(key)) return false;
    this.#put(key, text);
    return true;
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    await Promise.resolve();
    if (this.#blobs.get(key)?.version !== version) return false;
    this.#put(key, text);
    return true;
  }

  async remove(key: string, version?: string): Promise<boolean> {
    await Promise.resolve();
    const there = this.#blobs.get(key);
    if (there && version !== undefined && there.version !== version) return false;
    this.#blobs.delete(key);
    return true;
  }

  async list(prefix: string): Promise<readonly string[]> {
    await Promise.resolve();
    return [...this.#blobs.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #put(key: string, text: string): void {
    this.#changes += 1;
    this.#blobs.set(key, { text, version: String(this.#changes) });
  }
}
