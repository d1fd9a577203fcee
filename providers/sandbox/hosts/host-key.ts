import ssh2 from 'ssh2';

import { generateKeyPair } from '../../../src/remote/keys.js';

export interface HostKey {
  /** OpenSSH private key text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
}

/** As sshd makes one at its first start, when nobody brought one. */
export function generateHostKey(comment: string): HostKey {
  // Not ssh2's own: one in some hundred of those can't be read.
  const { publicKey, privateKey } = generateKeyPair(comment);
  return { publicKey, privateKey: privateKey.reveal() };
}

/** Whether the public key, without its comment, belongs to the private key. */
export function keysMatch(privateKey: string, publicKey: string): boolean {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) return false;
  const [type, data] = publicKey.trim().split(/\s+/);
  return type === parsed.type && data === parsed.getPublicSSH().toString('base64');
}

/** `ssh-ed25519 AAAA…` of an OpenSSH private key. @throws Error when it is none */
export function publicKeyOf(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
}
