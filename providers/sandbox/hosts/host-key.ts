import ssh2 from 'ssh2';

export interface HostKey {
  /** OpenSSH private key text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
}

/** As sshd makes one at its first start, when nobody brought one. */
export function generateHostKey(comment: string): HostKey {
  // One in some hundred of ssh2's pairs begins with a zero byte, is cut short, and can't be read.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    const key = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64');
    if (key.length === keyBytes && keysMatch(pair.private, pair.public))
      return { publicKey: pair.public.trim(), privateKey: pair.private };
  }
}

/** `ssh-ed25519` and the key, each with its length before it. */
const keyBytes = 4 + 'ssh-ed25519'.length + 4 + 32;

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
