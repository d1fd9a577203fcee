import { createHash } from 'node:crypto';
import type { Client } from 'ssh2';

import { Secret } from '../domain/secret.js';
import { encodeTask, taskCommand, type WireTask } from './task-wire.js';
import type { TaskOutput } from './task-output.js';
import type { HostTask } from './types.js';

/** The shell texts around a task, from templates/host. */
export interface TaskTexts {
  readonly runner: string;
  /** lib/common.sh followed by the task's own script. */
  readonly script: string;
}

/** The task as it travels, secrets revealed. */
export function wireTask(task: HostTask, texts: TaskTexts, attempt: string, deadlineSeconds: number): WireTask {
  const params = Object.fromEntries(
    Object.entries(task.params).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : String(value),
    ]),
  );
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  const id = createHash('sha256')
    .update(JSON.stringify([task.name, sorted, texts.script]))
    .digest('hex')
    .slice(0, 16);
  return { name: task.name, id, attempt, deadlineSeconds, params, script: texts.script };
}

export type Ending =
  | { readonly how: 'exit'; readonly code: number }
  /** The host ended the session before our text ran: a forced command, a shell that lets nobody in, sudo. */
  | { readonly how: 'refused'; readonly code: number | undefined }
  /** The host says more than any task of ours does. */
  | { readonly how: 'too large' }
  /** The connection or the machine went away; the task may run on. */
  | { readonly how: 'lost'; readonly why: string };

const refused: Ending = { how: 'refused', code: undefined };

/** Sends the text to `sh -s` and reads until the channel closes. Aborting leaves the task running on the host. */
export async function execute(
  client: Client,
  user: string,
  task: WireTask,
  runner: string,
  output: TaskOutput,
  signal: AbortSignal,
): Promise<Ending> {
  const command = user === 'root' ? taskCommand.root : taskCommand.other;
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return resolve(/Unable to exec/.test(error.message) ? refused : { how: 'lost', why: error.message });
      const onAbort = (): void => {
        channel.destroy();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      let code: number | null = null;
      let ended = false;
      const heard = (): void => {
        if (!output.isTooLarge) return;
        channel.destroy();
        resolve({ how: 'too large' });
      };
      channel.on('data', (chunk: Buffer) => (output.stdout(chunk), heard()));
      channel.stderr.on('data', (chunk: Buffer) => (output.stderr(chunk), heard()));
      channel.on('exit', (status: number | null) => {
        code = status;
        ended = true;
      });
      channel.on('error', () => {});
      channel.on('close', () => {
        signal.removeEventListener('abort', onAbort);
        output.end();
        if (output.exit !== undefined) resolve({ how: 'exit', code: output.exit });
        else if (ended && !output.began) resolve({ how: 'refused', code: code ?? undefined });
        // A shell that was ended by a signal, as when the machine goes down, says nothing about the task.
        else if (code === null || code >= 128) resolve({ how: 'lost', why: 'the connection was lost' });
        else resolve({ how: 'exit', code });
      });
      channel.end(encodeTask(task, runner));
    });
  });
}
