import { z } from 'zod';

import { Secret } from '../domain/secret.js';
import { corruptFile } from './file-errors.js';
import type { KeyPair } from './types.js';

const pair = z.object({ publicKey: z.string().min(1), privateKey: z.string().min(1) });
const stored = z.object({
  version: z.literal(1),
  pins: z.array(z.string().min(1)),
  /** The key that cloud-init hands over; its private half is forgotten with the swap. */
  first: pair.optional(),
  /** The key of a swap that is under way. */
  next: pair.optional(),
  swapped: z.boolean().default(false),
});

/** What is kept of one machine's host keys: a value; the functions below answer with the next one. */
export type HostKeys = z.output<typeof stored>;

export const noHostKeys: HostKeys = { version: 1, pins: [], swapped: false };

export function readHostKeys(path: string, text: string | undefined): HostKeys {
  if (text === undefined) return noHostKeys;
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    throw corruptFile(
      path,
      'it does not hold host keys',
      'the machine can then no longer be verified, so replace it rather than trusting whatever answers.',
    );
  }
}

export function hostKeysText(keys: HostKeys): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

export function withPin(keys: HostKeys, publicKey: string): HostKeys {
  const pin = keyOnly(publicKey);
  return keys.pins.includes(pin) ? keys : { ...keys, pins: [...keys.pins, pin] };
}

/** Exactly this key; private halves are no longer needed, the host has its own. */
export function withOnlyPin(keys: HostKeys, publicKey: string): HostKeys {
  return { version: keys.version, pins: [keyOnly(publicKey)], swapped: true };
}

export function withFirst(keys: HostKeys, made: KeyPair): HostKeys {
  return withPin({ ...keys, first: plain(made) }, made.publicKey);
}

export function withNext(keys: HostKeys, made: KeyPair): HostKeys {
  return { ...keys, next: plain(made) };
}

export function keyPair(value: z.output<typeof pair>): KeyPair {
  return { publicKey: value.publicKey, privateKey: new Secret(value.privateKey) };
}

function plain(value: KeyPair): z.output<typeof pair> {
  return { publicKey: value.publicKey, privateKey: value.privateKey.reveal() };
}

/** Type and key without the comment, so that the same key is the same text. */
function keyOnly(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}
