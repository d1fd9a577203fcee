import { join } from 'node:path';

import type { BlobStore } from '../blob-store.js';
import type { Files } from '../files.js';
import type { LocalBlobs } from '../local-blobs.js';
import { movedMark, movedTo } from '../moved.js';
import type { Place, PlaceState } from './place.js';

/** A folder of this computer. */
export class LocalPlace implements Place {
  readonly country = 'here';

  constructor(
    readonly where: string,
    private readonly files: Files,
    private readonly blobs: () => LocalBlobs,
    readonly backups: Place['backups'],
  ) {}

  async state(): Promise<PlaceState> {
    const to = movedTo(this.where);
    if (to !== undefined) return { is: 'moved', to };
    return { is: (await this.blobs().list('clusters/')).length > 0 ? 'ready' : 'empty' };
  }

  async texts(): Promise<BlobStore> {
    return this.blobs();
  }

  begin(from: string): Promise<void> {
    return this.close(from);
  }

  async open(): Promise<void> {
    await this.files.remove(movedMark(this.where));
  }

  async close(to: string): Promise<void> {
    await this.files.write(movedMark(this.where), `${JSON.stringify({ movedTo: to })}\n`);
  }

  async clear(): Promise<void> {
    const clusters = join(this.where, 'clusters');
    for (const name of await this.files.list(clusters))
      if (!name.startsWith('.')) await this.files.removeFolder(join(clusters, name));
    await this.files.removeFolder(join(this.where, 'backups'));
  }
}
