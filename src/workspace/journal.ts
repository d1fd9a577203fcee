import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock, Random } from '../domain/clock.js';
import { messageOf } from '../errors/index.js';
import { fileError } from './file-errors.js';
import type { Files } from './files.js';
import type { ProcessInfo } from './processes.js';
import { redactedJson } from './redact.js';
import type { Journal, JournalEntry } from './types.js';

export interface JournalOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly process: ProcessInfo;
  /** Values that must not land in the file; asked for at each entry. */
  readonly secrets: () => readonly string[];
  readonly warn: (text: string) => void;
}

/** How many operations are kept. */
const keptOperations = 100;
/** Milliseconds that an entry may wait for others to share its write: what a kill can lose. */
const gatherMs = 25;

/** The event of the first line, which says what the operation is. */
export const openedEvent = 'journal-opened';

/**
 * Starts the file of one operation and drops the oldest beyond the last hundred. It passes no boundary: entries are
 * written in the background, at moments nobody can name, and nothing ever depends on them.
 */
export async function openJournal(folder: string, operation: string, options: JournalOptions): Promise<Journal> {
  const at = new Date(options.clock.now()).toISOString();
  const id = `${at.slice(0, 19).replaceAll(':', '-')}Z-${slug(operation)}-${options.random.bytes(4).toString('hex')}`;
  const path = join(folder, `${id}.ndjson`);
  let file: FileHandle;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    file = await open(path, 'ax', 0o600);
  } catch (error) {
    throw fileError(error, 'write', path);
  }
  await dropOldest(folder, options.files);
  const journal = new FileJournal(id, path, file, options);
  journal.append({ at, event: openedEvent, version: 1, operation, ...options.process });
  return journal;
}

/** The operation as a part of a file name: `cluster create` → `create`, `pool scale` → `pool-scale`. */
function slug(operation: string): string {
  return (
    operation
      .replace(/^cluster\s+/, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'operation'
  );
}

async function dropOldest(folder: string, files: Files): Promise<void> {
  const names = (await files.list(folder)).filter((name) => name.endsWith('.ndjson'));
  for (const name of names.slice(0, Math.max(0, names.length - keptOperations)))
    await rm(join(folder, name), { force: true });
}

class FileJournal implements Journal {
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #broken = false;
  #closed: Promise<void> | undefined;

  constructor(
    readonly id: string,
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly options: JournalOptions,
  ) {}

  append(entry: JournalEntry): void {
    if (this.#closed) return;
    this.#waiting.push(redactedJson(entry, this.options.secrets()));
    this.#timer ??= setTimeout(() => void this.#flush(), gatherMs);
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#flush();
      try {
        await this.file.sync();
      } catch (error) {
        this.#giveUp(error);
      } finally {
        await this.file.close();
      }
    })();
    return this.#closed;
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) this.#writing = this.#writing.then(() => this.#write(`${lines.join('\n')}\n`));
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    if (this.#broken) return;
    try {
      await this.file.appendFile(text);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** A journal that cannot be written must not stop the work it tells of. */
  #giveUp(error: unknown): void {
    if (!this.#broken) this.options.warn(`The journal ${this.path} could not be written: ${messageOf(error)}.`);
    this.#broken = true;
  }
}
