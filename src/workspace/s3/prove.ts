import type { Random } from '../../domain/clock.js';
import { RefusedError } from '../../errors/index.js';
import type { BlobStore } from '../blob-store.js';

/** As many as try at once to be the only one. */
const writers = 32;

/**
 * Shows that a bucket keeps two writers apart, by doing what must not succeed. Many servers look at the condition, but not in
 * the same instant in which they write: one after the other is no proof.
 * @param where what the workspace is called
 * @throws RefusedError code BUCKET_UNFIT
 */
export async function proveBucket(store: BlobStore, where: string, random: Random): Promise<void> {
  const key = `proof-${random.bytes(8).toString('hex')}`;
  const unfit = (why: string): RefusedError =>
    new RefusedError(`${where} cannot hold a workspace: ${why}.`, {
      code: 'BUCKET_UNFIT',
      hint: 'Two runs could change one cluster at once. Use a bucket of a server with conditional writes (If-None-Match and If-Match), or a newer version of this one.',
    });
  try {
    const won = await oneOf(() => store.create(key, random.bytes(8).toString('hex')));
    if (won !== 1) throw unfit(`of ${writers} writers at once that may only create, ${won} succeeded`);
    const first = await store.read(key);
    if (!first) throw unfit('what was just written cannot be read');
    const changed = await oneOf(() => store.replace(key, random.bytes(8).toString('hex'), first.version));
    if (changed !== 1)
      throw unfit(`of ${writers} writers at once that may only change what they read, ${changed} succeeded`);
    if (await store.replace(key, 'late', first.version))
      throw unfit('a change by the tag of what was there before was accepted');
    if (!(await store.list(key)).includes(key)) throw unfit('what was just written is not listed');
  } finally {
    await store.remove(key);
  }
}

async function oneOf(write: () => Promise<boolean>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: writers }, write));
  return answers.filter(Boolean).length;
}
