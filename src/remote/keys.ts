import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

import type ssh2 from 'ssh2';

import { Secret } from '../domain/secret.js';

type Ssh2 = typeof ssh2;

/** An OpenSSH ed25519 key pair. */
export interface SshKeyPair {
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
  /** OpenSSH private key file. */
  readonly privateKey: Secret;
}

/** A new ed25519 pair, for a host as for a login. ssh2 is loaded by the first call. */
export function generateKeyPair(comment: string): SshKeyPair {
  const { utils } = createRequire(import.meta.url)('ssh2') as Ssh2;
  // Some of ssh2's pairs can't be read, by itself nor by OpenSSH: a key that begins with a zero byte is cut short.
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519', { comment });
    const read = utils.parseKey(pair.private);
    if (read instanceof Error || keyBlob(pair.public)?.length !== ed25519BlobLength) continue;
    if (!read.getPublicSSH().equals(keyBlob(pair.public)!)) continue;
    return { publicKey: pair.public.trim(), privateKey: new Secret(pair.private) };
  }
}

/** The key by which a machine proves itself. */
export const generateHostKey = (machine: string): SshKeyPair => generateKeyPair(machine);

/** The key by which Slipway logs in to a cluster's machines. */
export const generateIdentity = (cluster: string): SshKeyPair => generateKeyPair(`slipway-${cluster}`);

const ed25519BlobLength = 4 + 'ssh-ed25519'.length + 4 + 32;

/** Why a private key cannot be used for logging in; undefined when it can. ssh2 is loaded by the first call. */
export function identityFault(text: string): 'encrypted' | 'public' | 'unreadable' | undefined {
  const { utils } = createRequire(import.meta.url)('ssh2') as Ssh2;
  const read = utils.parseKey(text);
  if (read instanceof Error) return /encrypted|passphrase/i.test(read.message) ? 'encrypted' : 'unreadable';
  return read.isPrivateKey() ? undefined : 'public';
}

/** The raw key in `ssh-ed25519 AAAA… comment`; undefined when the text is no such line. */
export function keyBlob(publicKey: string): Buffer | undefined {
  const [type, base64] = publicKey.trim().split(/\s+/);
  if (!type || !base64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return blobType(blob) === type ? blob : undefined;
}

/** `ssh-ed25519`, as written in the key itself. */
export function blobType(blob: Buffer): string | undefined {
  if (blob.length < 4) return undefined;
  const end = 4 + blob.readUInt32BE(0);
  return end <= blob.length ? blob.toString('latin1', 4, end) : undefined;
}

/** `SHA256:…`, as ssh-keygen shows it, of a raw key or of an OpenSSH public key line. */
export function fingerprint(key: Buffer | string): string {
  const blob = typeof key === 'string' ? keyBlob(key) : key;
  if (!blob) return 'no key';
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
