/**
 * The public half of an unencrypted OpenSSH private key file, as `ssh-ed25519 AAAA…` without comment. It stands in clear
 * in the file (PROTOCOL.key of OpenSSH): magic, cipher, kdf, kdf options, number of keys, public key.
 * Undefined when the text is no such file.
 */
export function publicKeyOf(privateKey: string): string | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+)-----END OPENSSH PRIVATE KEY-----/.exec(privateKey)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) return undefined;
  let offset = magic.length;
  const field = (): Buffer | undefined => {
    if (offset + 4 > bytes.length) return undefined;
    const end = offset + 4 + bytes.readUInt32BE(offset);
    const value = end <= bytes.length ? bytes.subarray(offset + 4, end) : undefined;
    offset = end;
    return value;
  };
  for (let skipped = 0; skipped < 3; skipped++) if (!field()) return undefined;
  offset += 4;
  const publicKey = field();
  if (!publicKey || publicKey.length < 4) return undefined;
  const type = publicKey.subarray(4, 4 + publicKey.readUInt32BE(0)).toString('latin1');
  return `${type} ${publicKey.toString('base64')}`;
}
