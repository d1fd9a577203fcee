import { spawn } from 'node:child_process';

import type { Secret } from '../domain/secret.js';
import type { Channel } from '../domain/spec/notify.js';
import { UsageError } from '../errors/index.js';
import { ask } from '../http/ask.js';

/** What is said. */
export interface Message {
  readonly cluster: string;
  /** `heal`, or `test`. */
  readonly event: string;
  readonly title: string;
  readonly details: readonly string[];
  /** ISO 8601. */
  readonly at: string;
}

/** Where the secrets of channels are read. */
export interface SendSecrets {
  environment(variable: string): Secret | undefined;
  file(path: string): Promise<Secret | undefined>;
}

type SecretFrom = { readonly env: string } | { readonly file: string };

/** Milliseconds until whoever does not answer is given up. */
const waitMs = 15_000;
const bytesAtMost = 2 ** 16;

/**
 * Tells one channel. Its secrets are in no error.
 * @throws Error with what the other side said; UsageError code NOTIFY_SECRET_MISSING
 */
export async function send(
  channel: Channel,
  message: Message,
  secrets: SendSecrets,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  if (channel.type === 'mail') return mail(channel, message, soon);
  const url = typeof channel.url === 'string' ? channel.url : (await read(channel, channel.url, secrets)).reveal();
  const token = channel.token && (await read(channel, channel.token, secrets)).reveal();
  const request = channel.type === 'ntfy' ? ntfyRequest(message) : webhookRequest(message);
  const headers = { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const status = await post(url, { ...request, headers }, soon);
  if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
}

/** What breaks on the way may name the address, which may be a secret. */
async function post(
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
): Promise<number> {
  try {
    return (await ask(url, { ...request, method: 'POST', signal, bytesAtMost })).status;
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    throw new Error(
      signal.aborted
        ? `it did not answer within ${waitMs / 1000} s`
        : `it could not be reached${typeof code === 'string' ? ` (${code})` : ''}`,
      { cause: error },
    );
  }
}

const linesOf = ({ title, details }: Message): string => [title, ...details].join('\n');

/** `text` is what Slack, Mattermost and others show. */
const webhookRequest = (message: Message) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ text: `${message.cluster}: ${linesOf(message)}`, ...message }),
});

const ntfyRequest = (message: Message) => ({
  headers: { title: encoded(`${message.cluster}: ${message.title}`), tags: message.event },
  body: message.details.length === 0 ? message.title : message.details.join('\n'),
});

/** Headers are ASCII; ntfy and mail read the rest in this form. */
const encoded = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

async function mail(
  { command: [program, ...args], to, from }: Extract<Channel, { type: 'mail' }>,
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  const text = [
    ...(from === undefined ? [] : [`From: ${from}`]),
    `To: ${to.join(', ')}`,
    `Subject: ${encoded(`[${message.cluster}] ${message.title}`)}`,
    `Date: ${new Date(message.at).toUTCString()}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    linesOf(message),
    '',
  ].join('\n');
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'pipe'], signal });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-500)));
    child.on('error', (error) =>
      reject(new Error(signal.aborted ? `${program!} did not end within ${waitMs / 1000} s` : error.message)),
    );
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(
            new Error(
              `${program!} ended with code ${code}${said === '' ? '' : `: ${said.trim().split('\n').at(-1)!}`}`,
            ),
          ),
    );
    // One that ends without reading is judged by its code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(text);
  });
}

/** @throws UsageError code NOTIFY_SECRET_MISSING */
async function read({ name }: Channel, from: SecretFrom, secrets: SendSecrets): Promise<Secret> {
  const found = 'env' in from ? secrets.environment(from.env) : await secrets.file(from.file);
  if (found) return found;
  const what = 'env' in from ? `The variable ${from.env}` : `The file ${from.file}`;
  throw new UsageError(`${what}, which notify.${name} names, is not set or empty.`, {
    code: 'NOTIFY_SECRET_MISSING',
    hint: 'Set it where this runs: in the shell, in CI, or in the EnvironmentFile of the systemd unit.',
  });
}
