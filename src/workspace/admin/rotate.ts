import { plural } from '../../domain/index.js';
import type { Random } from '../../domain/clock.js';
import { IncompleteError, RefusedError, SlipwayError, UsageError } from '../../errors/index.js';
import type { BlobStore } from '../blob-store.js';
import { isRecipient, recipientOf, stanzas } from '../sealed/age.js';
import { type Header, newKey } from '../sealed/header.js';
import { sealedKeys } from '../sealed/sealed-blobs.js';
import type { Lock } from '../types.js';
import type { BucketPlace } from './bucket-place.js';
import { clustersAt, wholeWorkspace } from './move.js';

export interface Rotation {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface RotateResult {
  readonly workspace: string;
  readonly recipients: readonly string[];
  readonly sealed: number;
}

/**
 * Seals everything anew, for those who may open it from now on, with a new key by which they know what one of them wrote.
 * What is there already is opened with the old key until all of it was read back; only then the old key goes.
 * @throws RefusedError code LOCKED_OUT; UsageError code BAD_IDENTITY; IncompleteError code WORKSPACE_DIFFERS
 */
export async function rotateWorkspace(
  at: BucketPlace,
  rotation: Rotation,
  { random, lock }: { readonly random: Random; readonly lock: (cluster: string) => Promise<Lock> },
): Promise<RotateResult> {
  const locks: Lock[] = [await lock(wholeWorkspace)];
  try {
    // Whom it is sealed for may have changed until the lock was ours.
    const recipients = await recipientsAfter(at, rotation);
    for (const cluster of await clustersAt(await at.texts())) locks.push(await lock(cluster));
    const before = await at.stored();
    const unfinished = before.header.state === 'rotating';
    const [current, ...older] = before.header.keys;
    // A run that was killed has drawn its key already; what it sealed keeps it.
    const keys = unfinished ? before.header.keys : [newKey(random), current!, ...older];
    await at.change(before, { ...before.header, state: 'rotating', recipients, keys });
    const { header } = await at.stored();
    const sealed = await sealAll(at.place.sealed(header), at.place.raw);
    const only: Header = { ...header, state: 'ready', keys: [header.keys[0]!] };
    await verify(at, only);
    await at.change(await at.stored(), only);
    // A backup waits for no lock: what one wrote meanwhile, with the key that it had found, is sealed anew, too.
    await sealLatecomers(at, header, only);
    return { workspace: at.where, recipients, sealed };
  } finally {
    for (const held of locks) await held.release();
  }
}

async function recipientsAfter(at: BucketPlace, { add, remove }: Rotation): Promise<string[]> {
  const { recipients } = (await at.stored()).header;
  for (const wrong of [...add, ...remove].filter((one) => !isRecipient(one)))
    throw new UsageError(`${wrong} is not a recipient: age1 and 58 letters and digits.`, {
      code: 'BAD_IDENTITY',
      hint: 'On the other computer, slipway workspace identity prints it.',
    });
  const unknown = remove.find((one) => !recipients.includes(one));
  if (unknown !== undefined)
    throw new UsageError(`${at.place.where} is not sealed for ${unknown}.`, {
      code: 'BAD_IDENTITY',
      hint: `It is sealed for ${recipients.join(', ')}.`,
    });
  const after = [...new Set([...recipients, ...add])].filter((one) => !remove.includes(one));
  const own = await Promise.all(at.place.identities.map(recipientOf));
  if (!own.some((one) => after.includes(one)))
    throw new RefusedError(`Then no identity of this computer could open ${at.place.where} any more.`, {
      code: 'LOCKED_OUT',
      hint: 'Run it where another identity is at home that may open the workspace, or keep this one.',
    });
  return after;
}

async function sealAll(sealed: BlobStore, raw: BlobStore): Promise<number> {
  const keys = await sealedKeys(raw);
  for (const key of keys) {
    for (;;) {
      const there = await sealed.read(key);
      if (!there || (await sealed.replace(key, there.text, there.version))) break;
    }
  }
  return keys.length;
}

/**
 * Until nothing comes any more. What a backup writes even after that, with a key that it had found before, opens for nobody; it
 * finds that out and is written again, or, where it is killed just then, counts as none.
 * @param both what opens with the old keys as well
 */
async function sealLatecomers(at: BucketPlace, both: Header, only: Header): Promise<void> {
  const looked = new Set<string>();
  for (;;) {
    const keys = (await sealedKeys(at.place.raw)).filter((key) => key.startsWith('backups/') && !looked.has(key));
    if (keys.length === 0) return;
    for (const key of keys) {
      await sealLate(key, at.place.sealed(both), at.place.sealed(only));
      looked.add(key);
    }
  }
}

async function sealLate(key: string, old: BlobStore, now: BlobStore): Promise<void> {
  const isLate = await now.read(key).then(
    () => false,
    (error: unknown) => {
      if (error instanceof SlipwayError && error.code === 'BLOB_SWAPPED') return true;
      throw error;
    },
  );
  const there = isLate ? await old.read(key) : undefined;
  if (there) await old.replace(key, there.text, there.version);
}

/** Opens all of it with the new key alone, and counts for how many it is sealed. */
async function verify(at: BucketPlace, header: Header): Promise<void> {
  const sealed = at.place.sealed(header);
  const keys = await sealedKeys(at.place.raw);
  const wrong: string[] = [];
  for (const key of keys) {
    const there = await at.place.raw.read(key);
    if (!there) continue;
    await sealed.read(key);
    if (stanzas(there.text) !== header.recipients.length) wrong.push(key);
  }
  if (wrong.length === 0) return;
  throw new IncompleteError(
    `${plural(wrong.length, 'object')} in ${at.place.where} are sealed for others than asked for.`,
    {
      code: 'WORKSPACE_DIFFERS',
      hint: 'Run the same command again.',
      details: wrong.slice(0, 10),
    },
  );
}
