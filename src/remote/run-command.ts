import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientChannel } from 'ssh2';

import type { CommandInput, CommandResult } from './types.js';

/** More is read of no command. */
const charactersAtMost = 32 * 2 ** 20;

/**
 * Runs a command line and waits for its end.
 * @throws what the connection or the file said; the signal's reason
 */
export async function runCommand(
  client: Client,
  line: string,
  input: CommandInput | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  signal.throwIfAborted();
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(line, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const onAbort = (): void => void channel.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const ended = resultOf(channel);
    // A command that ends without having read everything is told of by its result.
    const sent = send(channel, input).catch((error: unknown) => error);
    const result = await ended;
    signal.throwIfAborted();
    if (result.code !== undefined) return { ...result, code: result.code };
    throw new Error('the connection was lost', { cause: await Promise.race([sent, Promise.resolve()]) });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function send(channel: ClientChannel, input: CommandInput | undefined): Promise<void> {
  if (input !== undefined && typeof input !== 'string' && 'file' in input)
    await pipeline(createReadStream(input.file), channel);
  else channel.end(input);
}

function resultOf(channel: ClientChannel): Promise<Omit<CommandResult, 'code'> & { code: number | undefined }> {
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    const texts = { stdout: '', stderr: '' };
    const hear = (which: keyof typeof texts) => (chunk: string) => {
      texts[which] += chunk;
      if (texts[which].length <= charactersAtMost) return;
      channel.destroy();
      reject(new Error(`it said more than ${charactersAtMost / 2 ** 20} MiB`));
    };
    channel.setEncoding('utf8').on('data', hear('stdout'));
    channel.stderr.setEncoding('utf8').on('data', hear('stderr'));
    channel.on('exit', (status: number | null) => (code = status ?? 255));
    channel.on('error', () => {});
    channel.on('close', () => resolve({ ...texts, code }));
  });
}
