import { type BlobStore, changeBlob } from '../blob-store.js';
import { type Envelope, Swapped } from './envelope.js';

/** What this computer has seen last of one blob. */
interface Seen {
  /** Births of the blob, the latest last. */
  readonly births: readonly string[];
  readonly sequence: number;
}

/** Births remembered of one blob: as many as anybody puts back. */
const birthsKept = 20;

/**
 * What follows from a blob that is there now, pure: what to remember, or that it is older than what was seen before.
 * @throws Swapped
 */
export function seenAfter(before: Seen | undefined, { birth, sequence }: Pick<Envelope, 'birth' | 'sequence'>): Seen {
  const births = before?.births ?? [];
  if (births.at(-1) === birth) {
    if (sequence < before!.sequence)
      throw new Swapped(
        `it is older than what this computer has seen: change ${sequence}, after change ${before!.sequence}`,
      );
    return sequence === before!.sequence ? before! : { births, sequence };
  }
  if (births.includes(birth)) throw new Swapped('it was removed before, and somebody has put it back');
  return { births: [...births, birth].slice(-birthsKept), sequence };
}

/** The memory of this computer by which it finds out that a bucket shows it something old. */
export class SeenBlobs {
  constructor(private readonly store: BlobStore) {}

  /** @throws Swapped where an older blob stands in place of one that was seen */
  async check(envelope: Envelope): Promise<void> {
    await changeBlob(this.store, fileOf(envelope.key), (text) => {
      const before = text === undefined ? undefined : parse(text);
      const after = seenAfter(before, envelope);
      return after === before ? text! : `${JSON.stringify(after)}\n`;
    });
  }

  /** What is there now counts, however old it is. */
  async forget(key: string): Promise<void> {
    await this.store.remove(fileOf(key));
  }

  /** Of which workspace this computer knew that it is there. */
  async knownId(id: string): Promise<string> {
    return changeBlob(this.store, 'workspace-id', (text) => text ?? id);
  }

  async forgetId(): Promise<void> {
    await this.store.remove('workspace-id');
  }
}

/** A name that is no folder, whatever the key is. */
const fileOf = (key: string): string => `${key.replaceAll('/', '+')}.json`;

/** A memory that a crash has cut is none. */
function parse(text: string): Seen | undefined {
  try {
    const { births, sequence } = JSON.parse(text) as Seen;
    return Array.isArray(births) && Number.isInteger(sequence) ? { births, sequence } : undefined;
  } catch {
    return undefined;
  }
}
