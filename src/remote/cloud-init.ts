import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Secret } from '../domain/secret.js';
import { UnexpectedError } from '../errors/index.js';
import { ownTemplates } from './templates.js';

export interface CloudInitOptions {
  /** Also the node's name. */
  readonly hostname: string;
  /** Who may log in with the key; anyone but root gets `sudo` without a password. Default: root. */
  readonly user?: string | undefined;
  /** `ssh-ed25519 AAAA… comment` */
  readonly sshPublicKey: string;
  /** The host's first key, replaced after the first login. */
  readonly hostKey: { readonly publicKey: string; readonly privateKey: Secret };
}

/** The template of the user data. */
export const userDataTemplate = (templates: string = ownTemplates): Promise<string> =>
  readFile(join(templates, 'cloud-init', 'base.yaml.hbs'), 'utf8');

/** What providers take as user data, in bytes. */
export const userDataLimit = 32 * 1024;

/**
 * The text of a machine's user data. It can be read by anything on the machine, so it holds nothing of the cluster's.
 * @param templates folder `templates`; the package's own unless said otherwise
 * @throws UnexpectedError code USER_DATA_TOO_LONG
 */
export async function cloudInit(options: CloudInitOptions, templates: string = ownTemplates): Promise<string> {
  const [{ default: Handlebars }, source] = await Promise.all([import('handlebars'), userDataTemplate(templates)]);
  const handlebars = Handlebars.create();
  handlebars.registerHelper('quote', quoteYaml);
  const { hostname, user = 'root', sshPublicKey, hostKey } = options;
  const text = handlebars.compile(source, { strict: true, noEscape: true })({
    hostname,
    user,
    disableRoot: user !== 'root',
    sshPublicKey,
    hostKey: { publicKey: hostKey.publicKey, privateKey: hostKey.privateKey.reveal() },
  });
  if (Buffer.byteLength(text) >= userDataLimit) {
    throw new UnexpectedError(`The user data of ${hostname} would be larger than 32 KiB.`, {
      code: 'USER_DATA_TOO_LONG',
    });
  }
  return text;
}

/**
 * A double-quoted YAML scalar on one line. JSON's strings are such scalars; the characters that YAML does not take
 * bare or treats as line ends are escaped too.
 */
export function quoteYaml(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('only text is quoted');
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
