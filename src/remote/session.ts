import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';

import { across, type Boundary, type Clock, type Random } from '../domain/index.js';
import { IncompleteError, messageOf, SlipwayError } from '../errors/index.js';
import { logIn } from './connection.js';
import { TaskOutput } from './task-output.js';
import type { TaskScripts } from './task-scripts.js';
import { taskCommand } from './task-wire.js';
import type { HostFacts, HostTarget, HostTask, RunOptions, Session } from './types.js';

export interface SessionTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  readonly scripts: TaskScripts;
}

/** The connection broke; the task it carried goes on without it. */
class ConnectionLost extends Error {}

/** A session that logs in again by itself when its connection breaks. */
export class SshSession implements Session {
  #client: Promise<Client> | undefined;

  constructor(
    readonly target: HostTarget,
    private readonly tools: SessionTools,
  ) {}

  /** Logs in unless that is done already. */
  async open(deadlineMs: number, options: RunOptions): Promise<void> {
    await this.client(deadlineMs, options);
  }

  async run(task: HostTask, options: RunOptions): Promise<HostFacts> {
    const { clock, random, boundary, scripts } = this.tools;
    const text = await scripts.compose(task, random.bytes(8).toString('hex'));
    // The script reports its own lateness; this is for a host that says nothing any more.
    const until = clock.now() + task.deadlineMs + 15_000;
    return across(boundary, 'ssh', `${this.target.name} ${task.name}`, async () => {
      for (;;) {
        const output = new TaskOutput(options.progress);
        try {
          const client = await this.client(Math.max(1_000, until - clock.now()), options);
          await this.stream(client, text, output, until - clock.now(), options.signal);
          if (output.exit === undefined) throw new ConnectionLost('the session ended before the task did');
          return output.result(this.target.name, task);
        } catch (error) {
          options.signal.throwIfAborted();
          if (error instanceof SlipwayError || !(error instanceof ConnectionLost)) throw error;
          if (clock.now() >= until) throw this.lost(task, error);
          options.progress?.(`${error.message}; logging in again`);
          await this.close();
          await clock.sleep(200, options.signal);
        }
      }
    });
  }

  async upload(localPath: string, remotePath: string, mode: number, options: RunOptions): Promise<void> {
    const client = await this.client(60_000, options);
    const sftp = await promisify<SFTPWrapper>((done) => client.sftp(done))();
    const hash = createHash('sha256');
    await pipeline(createReadStream(localPath), hash);
    const sum = hash.digest('hex');
    const { size } = await stat(localPath);
    // The name carries the content's hash: a file of that name and size is the same file.
    const temporary = `${remotePath}.${sum.slice(0, 16)}.part`;
    try {
      await across(this.tools.boundary, 'ssh', `${this.target.name} upload ${remotePath}`, async () => {
        if ((await sizeOf(sftp, remotePath)) === size && (await hashOf(sftp, remotePath, options.signal)) === sum)
          return;
        await pipeline(createReadStream(localPath), sftp.createWriteStream(temporary, { mode }), {
          signal: options.signal,
        });
        await promisify(sftp.chmod.bind(sftp))(temporary, mode);
        await promisify(sftp.ext_openssh_rename.bind(sftp))(temporary, remotePath);
      });
    } catch (error) {
      options.signal.throwIfAborted();
      throw new IncompleteError(`${this.target.name}: ${remotePath} could not be uploaded: ${messageOf(error)}`, {
        code: 'UPLOAD_FAILED',
        hint: 'Check that the disk of the machine has room, then run the same command again.',
        cause: error,
      });
    } finally {
      sftp.end();
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    (await client?.catch(() => undefined))?.destroy();
  }

  private client(deadlineMs: number, options: RunOptions): Promise<Client> {
    this.#client ??= logIn(this.target, deadlineMs, this.tools.clock, options).then(
      (client) => {
        client.once('close', () => (this.#client = undefined));
        return client;
      },
      (error: unknown) => {
        this.#client = undefined;
        throw error;
      },
    );
    return this.#client;
  }

  /** Feeds the text to a shell and reads its answer until it ends, the connection breaks or time is up. */
  private stream(client: Client, text: string, output: TaskOutput, leftMs: number, signal: AbortSignal): Promise<void> {
    const command = this.target.user === 'root' ? taskCommand.root : taskCommand.other;
    return new Promise<void>((resolve, reject) => {
      let channel: ClientChannel | undefined;
      const finish = (error?: unknown): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        client.removeListener('close', onClose);
        if (error === undefined) return resolve();
        channel?.destroy();
        reject(error instanceof Error ? error : new Error(messageOf(error)));
      };
      const onAbort = (): void => finish(signal.reason);
      const onClose = (): void => finish(new ConnectionLost('the connection was lost'));
      const timer = setTimeout(
        () => finish(new ConnectionLost('nothing was heard of the task any more')),
        Math.max(1_000, leftMs),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      client.once('close', onClose);
      client.exec(command, (error, opened) => {
        if (error) return finish(new ConnectionLost(`no channel: ${error.message}`));
        channel = opened;
        opened.on('data', (chunk: Buffer) => output.stdout(chunk.toString('utf8')));
        opened.stderr.on('data', (chunk: Buffer) => output.stderr(chunk.toString('utf8')));
        opened.once('close', (code: number | null) => {
          if (output.exit === undefined && code !== null && code !== 0) finish(this.refusedShell(code, output));
          else finish();
        });
        opened.end(text);
      });
    });
  }

  private refusedShell(code: number, output: TaskOutput): IncompleteError {
    return new IncompleteError(`${this.target.name} ended the shell with ${code} before the task began.`, {
      code: 'SHELL_REFUSED',
      hint:
        this.target.user === 'root'
          ? 'Log in by hand and see why `sh` does not run.'
          : `${this.target.user} needs sudo without a password on that machine.`,
      details: output.lastErrors(),
    });
  }

  private lost(task: HostTask, cause: unknown): IncompleteError {
    return new IncompleteError(`${this.target.name} was lost during ${task.name} and did not come back.`, {
      code: 'SSH_LOST',
      hint: 'See at the provider whether it runs, then run the same command again: the task is found again.',
      cause,
    });
  }
}

function sizeOf(sftp: SFTPWrapper, path: string): Promise<number | undefined> {
  return new Promise((resolve) => sftp.stat(path, (error, stats) => resolve(error ? undefined : stats.size)));
}

async function hashOf(sftp: SFTPWrapper, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(sftp.createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
