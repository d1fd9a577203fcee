import type { Blob, BlobStore } from './blob-store.js';

/** A part of a store, opened by the first that uses it: many commands never do. */
export class PrefixedBlobs implements BlobStore {
  constructor(
    private readonly open: () => Promise<BlobStore>,
    private readonly prefix: string,
  ) {}

  async read(key: string): Promise<Blob | undefined> {
    return (await this.open()).read(this.prefix + key);
  }

  async create(key: string, text: string): Promise<boolean> {
    return (await this.open()).create(this.prefix + key, text);
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    return (await this.open()).replace(this.prefix + key, text, version);
  }

  async remove(key: string, version?: string): Promise<boolean> {
    return (await this.open()).remove(this.prefix + key, version);
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys = await (await this.open()).list(this.prefix + prefix);
    return keys.map((key) => key.slice(this.prefix.length));
  }
}
