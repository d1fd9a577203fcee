import { jsonOrUndefined } from '../http/json.js';
import { type BlobStore, put } from './blob-store.js';
import { lookText, readLook } from './last-look.js';
import { safeName } from './paths.js';
import type { LastBackup, LastLook } from './types.js';

const keys = {
  lastLook: 'last-look.json',
  lastBackup: 'last-backup.json',
  note: (name: string): string => `notes/${safeName('note', name)}.json`,
} as const;

/** What is noted of a cluster for those who would have to look again: none of it is the truth. */
export class ClusterNotes {
  readonly #notes: BlobStore;

  constructor(store: BlobStore) {
    this.#notes = store;
  }

  async lastLook(): Promise<LastLook | undefined> {
    const text = await this.#text(keys.lastLook);
    return text === undefined ? undefined : readLook(text);
  }

  async saveLook(look: LastLook): Promise<void> {
    await put(this.#notes, keys.lastLook, lookText(look));
  }

  async lastBackup(): Promise<LastBackup | undefined> {
    const text = await this.#text(keys.lastBackup);
    return text === undefined ? undefined : (await import('./last-backup.js')).readLastBackup(text);
  }

  async saveLastBackup(last: LastBackup): Promise<void> {
    await put(this.#notes, keys.lastBackup, `${JSON.stringify(last)}\n`);
  }

  async noted(name: string): Promise<unknown> {
    const text = await this.#text(keys.note(name));
    return text === undefined ? undefined : jsonOrUndefined(text);
  }

  async note(name: string, value: unknown): Promise<void> {
    await put(this.#notes, keys.note(name), `${JSON.stringify(value)}\n`);
  }

  async #text(key: string): Promise<string | undefined> {
    return (await this.#notes.read(key))?.text;
  }
}
