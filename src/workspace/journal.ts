import type { Clock, Random } from '../domain/clock.js';
import { messageOf } from '../errors/index.js';
import { type BlobAppender, type BlobStore, canAppend, put } from './blob-store.js';
import type { ProcessInfo } from './processes.js';
import { redactedJson } from './redact.js';
import type { Journal, JournalEntry } from './types.js';

export interface JournalOptions {
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

/** Where journals are kept. */
export const journalPrefix = 'journal/';
const ending = '.ndjson';

/**
 * Starts the journal of one operation and drops the oldest beyond the last hundred. It passes no boundary: entries are
 * written in the background, at moments nobody can name, and nothing ever depends on them.
 */
export async function openJournal(store: BlobStore, operation: string, options: JournalOptions): Promise<Journal> {
  const at = new Date(options.clock.now()).toISOString();
  const id = `${at.slice(0, 19).replaceAll(':', '-')}Z-${slug(operation)}-${options.random.bytes(4).toString('hex')}`;
  const key = `${journalPrefix}${id}${ending}`;
  const appender = canAppend(store) ? await store.appender(key) : rewriting(store, key);
  await dropOldest(store);
  const journal = new StoredJournal(id, appender, options);
  journal.append({ at, event: openedEvent, version: 1, operation, ...options.process });
  return journal;
}

/** Ids and keys of the journals that are kept, newest first. */
export async function journals(store: BlobStore): Promise<readonly { readonly id: string; readonly key: string }[]> {
  const keys = (await store.list(journalPrefix)).filter((key) => key.endsWith(ending));
  return keys.reverse().map((key) => ({ id: key.slice(journalPrefix.length, -ending.length), key }));
}

/** Where nothing can be added to what is there, all of it is stored anew. */
function rewriting(store: BlobStore, key: string): BlobAppender {
  let all = '';
  return {
    append: async (text) => {
      all += text;
      await put(store, key, all);
    },
    close: async () => {},
  };
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

async function dropOldest(store: BlobStore): Promise<void> {
  for (const { key } of (await journals(store)).slice(keptOperations)) await store.remove(key);
}

class StoredJournal implements Journal {
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #broken = false;
  #closed: Promise<void> | undefined;

  constructor(
    readonly id: string,
    private readonly appender: BlobAppender,
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
        await this.appender.close();
      } catch (error) {
        this.#giveUp(error);
      }
    })();
    return this.#closed;
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // What comes while a slow store writes goes with the next write, all of it at once.
    this.#writing = this.#writing.then(async () => {
      const lines = this.#waiting;
      this.#waiting = [];
      if (lines.length > 0) await this.#write(`${lines.join('\n')}\n`);
    });
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    if (this.#broken) return;
    try {
      await this.appender.append(text);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** A journal that cannot be written must not stop the work it tells of. */
  #giveUp(error: unknown): void {
    if (!this.#broken) this.options.warn(`The journal ${this.id} could not be written: ${messageOf(error)}.`);
    this.#broken = true;
  }
}
