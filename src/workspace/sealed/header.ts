import { z } from 'zod';

import type { Random } from '../../domain/clock.js';
import type { Secret } from '../../domain/secret.js';
import { UsageError } from '../../errors/index.js';
import type { BlobStore } from '../blob-store.js';
import { Damaged, NotForUs, recipientOf, seal, unseal } from './age.js';

/** What a sealed workspace says of itself, sealed as everything in it is. */
const stored = z.object({
  version: z.literal(1),
  id: z.string().min(1),
  /** `filling`: what is moved into it is not all there. `rotating`: not all is sealed for the recipients below. */
  state: z.enum(['filling', 'ready', 'rotating', 'moved']),
  /** Who can open it. */
  recipients: z.array(z.string()).min(1),
  /** By which those who can open it know what one of them wrote; the first is the one to write with. */
  keys: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1),
  /** Where all of it has gone. */
  movedTo: z.string().optional(),
  /** When the bucket was last proved to keep two writers apart. */
  provedAt: z.string().optional(),
});
export type Header = z.output<typeof stored>;

export const headerKey = 'workspace.json';

export interface StoredHeader {
  readonly header: Header;
  /** By which a change proves that nobody else changed it. */
  readonly version: string;
}

export const newHeader = (random: Random, recipients: readonly string[], provedAt: string): Header => ({
  version: 1,
  id: random.bytes(12).toString('hex'),
  state: 'filling',
  recipients: [...recipients],
  keys: [newKey(random)],
  provedAt,
});

export const newKey = (random: Random): string => random.bytes(32).toString('hex');

export const headerText = (header: Header): Promise<string> => seal(JSON.stringify(header), header.recipients);

/**
 * Undefined where there is no workspace.
 * @param where what the workspace is called
 * @throws UsageError codes WRONG_IDENTITY, WORKSPACE_CORRUPT, WORKSPACE_TOO_NEW
 */
export async function readHeader(
  store: BlobStore,
  where: string,
  identities: readonly Secret[],
): Promise<StoredHeader | undefined> {
  const there = await store.read(headerKey);
  if (!there) return undefined;
  const text = await unseal(there.text, identities).catch(async (error: unknown) => {
    if (error instanceof NotForUs) throw await wrongIdentity(where, identities, error);
    if (error instanceof Damaged) throw damagedHeader(where, error.message, error);
    throw error;
  });
  const value = JSON.parse(text) as unknown;
  const { version } = z.object({ version: z.number() }).parse(value);
  if (version > 1) {
    throw new UsageError(`${where} was written by a newer Slipway (format ${version}; this one reads 1).`, {
      code: 'RECORD_TOO_NEW',
      hint: 'Upgrade Slipway here: npm install --global slipway',
    });
  }
  const header = stored.safeParse(value);
  if (!header.success) throw damagedHeader(where, 'it says nothing of a workspace', header.error);
  return { header: header.data, version: there.version };
}

export async function wrongIdentity(where: string, identities: readonly Secret[], cause: unknown): Promise<UsageError> {
  const own = await Promise.all(identities.map(recipientOf));
  return new UsageError(`${where} is sealed for others: no identity of this computer opens it.`, {
    code: 'WRONG_IDENTITY',
    hint: `Set SLIPWAY_AGE_KEY or SLIPWAY_AGE_KEY_FILE to one that does, or ask somebody who can open it: slipway workspace rotate --add ${own[0]}`,
    details: own.map((recipient) => `this computer is ${recipient}`),
    cause,
  });
}

const damagedHeader = (where: string, problem: string, cause: unknown): UsageError =>
  new UsageError(`${where}/${headerKey} is damaged: ${problem}.`, {
    code: 'WORKSPACE_CORRUPT',
    hint: 'Restore that object from an older version of it in the bucket, or from a backup.',
    cause,
  });
