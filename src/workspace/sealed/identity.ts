import { Secret } from '../../domain/secret.js';
import { UsageError } from '../../errors/index.js';
import type { Files } from '../files.js';
import type { Environment } from '../paths.js';
import { resolve, join } from 'node:path';

/** Where this computer's identity is: `$SLIPWAY_AGE_KEY_FILE`, else beside the local workspace. */
export const identityPath = (env: Environment, home: string): string =>
  env['SLIPWAY_AGE_KEY_FILE'] ? resolve(env['SLIPWAY_AGE_KEY_FILE']) : join(home, 'identity.txt');

const form = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/**
 * The identities that open this computer's sealed workspaces: those in `$SLIPWAY_AGE_KEY`, else those of the file.
 * @throws UsageError codes NO_IDENTITY, BAD_IDENTITY
 */
export async function identities(env: Environment, path: string, files: Files): Promise<readonly Secret[]> {
  const given = env['SLIPWAY_AGE_KEY'];
  const [text, where] = given ? [given, 'SLIPWAY_AGE_KEY'] : [await files.read(path), path];
  if (text === undefined) {
    throw new UsageError(`This computer has no identity that opens a sealed workspace: ${path} does not exist.`, {
      code: 'NO_IDENTITY',
      hint: 'Make one: slipway workspace identity. In CI, set SLIPWAY_AGE_KEY to one that opens the workspace.',
    });
  }
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  // The line itself may be half of a secret, so it is not shown.
  if (lines.length === 0 || !lines.every((line) => form.test(line))) {
    throw new UsageError(`${where} holds no identity of age: a line that begins with AGE-SECRET-KEY-1.`, {
      code: 'BAD_IDENTITY',
      hint: 'Restore it, or move it away and make a new one: slipway workspace identity',
    });
  }
  return lines.map((line) => new Secret(line));
}

/** The file's text of a new identity, as the program `age-keygen` writes it. */
export const identityText = (identity: string, recipient: string, at: string): string =>
  `# created: ${at}\n# public key: ${recipient}\n${identity}\n`;
