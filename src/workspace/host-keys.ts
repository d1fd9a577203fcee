import { Secret } from '../domain/secret.js';
import type { KeyPair } from './types.js';

interface PlainPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** What is kept of one machine's host keys: a value; the functions below answer with the next one. */
export interface HostKeys {
  readonly version: 1;
  readonly pins: readonly string[];
  /** The key that cloud-init hands over; its private half is forgotten with the swap. */
  readonly first?: PlainPair | undefined;
  /** The key of a swap that is under way. */
  readonly next?: PlainPair | undefined;
  readonly swapped: boolean;
}

export const noHostKeys: HostKeys = { version: 1, pins: [], swapped: false };

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

/** Whatever is known under its name is another machine's that is gone: this one is yet to be made. */
export function withFirst(made: KeyPair): HostKeys {
  return withPin({ ...noHostKeys, first: plain(made) }, made.publicKey);
}

export function withNext(keys: HostKeys, made: KeyPair): HostKeys {
  return { ...keys, next: plain(made) };
}

export function keyPair(value: PlainPair): KeyPair {
  return { publicKey: value.publicKey, privateKey: new Secret(value.privateKey) };
}

function plain(value: KeyPair): PlainPair {
  return { publicKey: value.publicKey, privateKey: value.privateKey.reveal() };
}

/** Type and key without the comment, so that the same key is the same text. */
function keyOnly(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}
