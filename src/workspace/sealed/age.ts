import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

import type { Secret } from '../../domain/secret.js';
import { messageOf } from '../../errors/index.js';

/** A text that is not for these identities: it opens for somebody else. */
export class NotForUs extends Error {}

/** A text that opens for nobody: it is empty, cut off, or changed. */
export class Damaged extends Error {}

/**
 * X25519, on purpose: what age makes by default may become another kind, which older programs could not open.
 * @returns an identity, `AGE-SECRET-KEY-1…`
 */
export const newIdentity = (): Promise<string> => generateX25519Identity();

/** The public half, `age1…`, by which others seal for it. */
export const recipientOf = (identity: Secret): Promise<string> => identityToRecipient(identity.reveal());

export const isRecipient = (text: string): boolean => /^age1[02-9ac-hj-np-z]{58}$/.test(text);

/** Seals for several; any of their identities opens it, with the program `age` too. */
export async function seal(text: string, recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/** @throws NotForUs, Damaged */
export async function unseal(sealed: string, identities: readonly Secret[]): Promise<string> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity.reveal());
  let file: Uint8Array;
  try {
    file = armor.decode(sealed);
  } catch (error) {
    throw new Damaged(sealed.trim() === '' ? 'it is empty' : 'it is cut off, or no file of age', { cause: error });
  }
  try {
    return await decrypter.decrypt(file, 'text');
  } catch (error) {
    if (/no identity matched/i.test(messageOf(error))) throw new NotForUs('it is sealed for others', { cause: error });
    throw new Damaged('it is cut off or was changed', { cause: error });
  }
}

/** For how many a text is sealed. */
export const stanzas = (sealed: string): number =>
  Buffer.from(armor.decode(sealed)).toString('latin1').split('\n---')[0]!.match(/^-> /gm)?.length ?? 0;
