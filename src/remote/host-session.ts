import type { LimitFunction } from 'p-limit';
import type { Client } from 'ssh2';

import { withBoundary, waitFor, type Boundary, type Clock, type Random } from '../domain/index.js';
import { IncompleteError } from '../errors/index.js';
import { type Dial, isFinal, openClient, type Opened } from './open-client.js';
import { runCommand } from './run-command.js';
import { execute, type TaskTexts, wireTask } from './run-task.js';
import { LoginRefused, loginRefused, mayPass } from './login-refused.js';
import { scrubber } from './scrub.js';
import { saidWhy, sessionRefused } from './session-refused.js';
import { taskFailed, taskSaidTooMuch, taskTimeout } from './task-errors.js';
import { TaskOutput } from './task-output.js';
import type { CommandInput, CommandResult, HostFacts, HostTarget, HostTask, RunOptions, Session } from './types.js';
import { downloadFile, uploadFile } from './copy-file.js';

export interface SessionTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  /** Limits handshakes that run at once. */
  readonly limit: LimitFunction;
  /** How a host is reached: straight, or through its jump host. */
  dial(target: HostTarget): Dial;
  texts(task: string): Promise<TaskTexts>;
}

/** How long a login that is refused is tried again: our key may still be on its way onto the machine. */
const refusedMs = 20_000;
/** The host ends a task at its deadline; this is how much longer it may take to say so. */
const graceMs = 20_000;

/** One host, its one connection, and making it again. */
export class HostSession implements Session {
  #opened: Opened | undefined;
  #opening: Promise<Client> | undefined;
  #hostKey = '';
  readonly #life = new AbortController();

  constructor(
    readonly target: HostTarget,
    private readonly tools: SessionTools,
  ) {}

  get connected(): boolean {
    return this.#opened !== undefined;
  }

  get hostKey(): string {
    return this.#hostKey;
  }

  /** @throws as `Remote.connect` */
  async open(deadlineMs: number, { signal, progress }: RunOptions): Promise<Client> {
    const { name, address, port } = this.target;
    const { clock } = this.tools;
    let refusedSince: number | undefined;
    return waitFor(
      {
        what: `${name} to accept SSH at ${address}:${port}`,
        check: async () => {
          try {
            return await unlessAborted(this.#attempt(), signal);
          } catch (error) {
            if (!(error instanceof LoginRefused)) {
              refusedSince = undefined;
              throw error;
            }
            refusedSince ??= clock.monotonic();
            if (mayPass(error) && clock.monotonic() - refusedSince < Math.min(refusedMs, deadlineMs / 2)) {
              throw new Error('the login is refused so far', { cause: error });
            }
            throw loginRefused(error);
          }
        },
      },
      {
        clock,
        signal,
        deadlineMs,
        intervalMs: 200,
        maxIntervalMs: 1000,
        code: 'SSH_UNREACHABLE',
        hint: `Check that a firewall lets port ${port} of ${address} through from here and that the machine runs, then run the same command again: finished steps are skipped.`,
        fatal: (error) => isFinal(error) || this.#life.signal.aborted,
        progress,
      },
    );
  }

  async run(task: HostTask, options: RunOptions): Promise<HostFacts> {
    return withBoundary(this.tools.boundary, 'ssh', `${this.target.name} ${task.name}`, () => this.#run(task, options));
  }

  async command(line: string, input: CommandInput | undefined, options: RunOptions): Promise<CommandResult> {
    const client = await this.open(60_000, options);
    try {
      return await unlessAborted(runCommand(client, line, input, options.signal), options.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      throw new IncompleteError(`The connection to ${this.target.name} was lost during a command.`, {
        code: 'SSH_LOST',
        hint: 'Run the same command again: it looks at what is there and goes on.',
        cause: error,
      });
    }
  }

  async upload(localPath: string, remotePath: string, mode: number, options: RunOptions): Promise<void> {
    const { name } = this.target;
    await this.#copied('upload', options, (client) => uploadFile(client, { localPath, remotePath, mode }, options), {
      message: `${remotePath} could not be copied to ${name}.`,
      code: 'UPLOAD_FAILED',
    });
  }

  async download(remotePath: string, localPath: string, options: RunOptions): Promise<void> {
    const { name } = this.target;
    await this.#copied('download', options, (client) => downloadFile(client, { remotePath, localPath }, options), {
      message: `${remotePath} of ${name} could not be copied here.`,
      code: 'FETCH_FAILED',
    });
  }

  /** Copies, and once more over a new connection where one was lost. */
  async #copied(
    what: 'upload' | 'download',
    options: RunOptions,
    copy: (client: Client) => Promise<void>,
    failed: { readonly message: string; readonly code: 'UPLOAD_FAILED' | 'FETCH_FAILED' },
  ): Promise<void> {
    await withBoundary(this.tools.boundary, 'ssh', `${this.target.name} ${what}`, async () => {
      for (let left = 3; ; left--) {
        const client = await this.open(60_000, options);
        try {
          return await unlessAborted(copy(client), options.signal);
        } catch (error) {
          options.signal.throwIfAborted();
          if (this.#opened?.client === client || left === 1) {
            throw new IncompleteError(failed.message, {
              code: failed.code,
              hint: 'Check the machine’s disk and the connection, then run the same command again.',
              cause: error,
            });
          }
          options.progress?.('the connection was lost; copying again');
        }
      }
    });
  }

  async close(): Promise<void> {
    this.#life.abort(new Error('the session was closed'));
    const client = this.#opened?.client;
    this.#opened = undefined;
    if (!client) return;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.end();
    const patience = new AbortController();
    await Promise.race([closed, this.tools.clock.sleep(500, patience.signal).catch(() => {})]);
    patience.abort();
    client.destroy();
  }

  async #run(task: HostTask, options: RunOptions): Promise<HostFacts> {
    const { clock, random } = this.tools;
    const { name, user } = this.target;
    const texts = await this.tools.texts(task.name);
    const attempt = random.bytes(8).toString('hex');
    const scrub = scrubber(task.params);
    const deadline = clock.monotonic() + task.deadlineMs;
    // Attached again, a task tells everything from its start: what was said once is not said twice.
    const said = new Set<string>();
    const progress = (text: string): void => {
      if (said.has(text)) return;
      said.add(text);
      options.progress?.(scrub(text));
    };
    let silentRefusals = 0;
    for (let why = ''; ;) {
      const left = deadline - clock.monotonic();
      if (left <= 0) throw lost(name, task.name, why);
      const client = await this.#again(left, options, name, task.name, why);
      const wire = wireTask(task, texts, attempt, Math.ceil(left / 1000));
      const output = new TaskOutput(progress);
      const timer = new AbortController();
      const late = clock.sleep(left + graceMs, timer.signal).then(
        () => 'late' as const,
        () => 'in time' as const,
      );
      const given = new AbortController();
      const signal = AbortSignal.any([options.signal, given.signal]);
      try {
        const ending = await Promise.race([execute(client, user, wire, texts.runner, output, signal), late]);
        if (ending === 'late' || ending === 'in time') {
          throw taskTimeout(name, task.name, 'the machine said nothing any more', output.lastLines.map(scrub));
        }
        if (ending.how === 'exit') {
          if (ending.code === 0 && output.exit === 0) return output.facts;
          throw taskFailed(name, task.name, output, ending.code, scrub);
        }
        if (ending.how === 'too large') throw taskSaidTooMuch(name, task.name, output.lastLines.map(scrub));
        if (ending.how === 'refused') {
          // A machine that goes down ends shells, too, maybe before they have begun; one that comes back does not.
          const ended = ending.code === undefined || ending.code >= 128;
          if (!ended || saidWhy(output) || ++silentRefusals > 1) {
            throw sessionRefused(this.target, task.name, output, ending.code);
          }
          why = 'the session was ended before the task began';
        } else {
          why = ending.why;
        }
      } finally {
        timer.abort();
        given.abort(new Error('the task is over'));
      }
      options.signal.throwIfAborted();
      options.progress?.('the connection was lost; looking for the task again');
      await clock.sleep(250, options.signal);
    }
  }

  /** The open connection, or a new one; a loss that can't be repaired in time says what was under way. */
  async #again(left: number, options: RunOptions, machine: string, task: string, why: string): Promise<Client> {
    if (why === '') return this.open(left, options);
    try {
      return await this.open(left, options);
    } catch (error) {
      if (error instanceof IncompleteError && error.code === 'SSH_UNREACHABLE') throw lost(machine, task, why, error);
      throw error;
    }
  }

  /** One try, shared by all who wait for this host. */
  #attempt(): Promise<Client> {
    this.#life.signal.throwIfAborted();
    if (this.#opened) return Promise.resolve(this.#opened.client);
    this.#opening ??= openClient(this.target, this.tools.dial(this.target), this.tools.limit, this.#life.signal)
      .then((opened) => {
        this.#opened = opened;
        this.#hostKey = opened.hostKey;
        opened.client.once('close', () => {
          if (this.#opened === opened) this.#opened = undefined;
        });
        return opened.client;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }
}

function lost(machine: string, task: string, why: string, cause?: unknown): IncompleteError {
  return new IncompleteError(`The connection to ${machine} was lost during ${task} and did not come back in time.`, {
    code: 'SSH_LOST',
    hint: 'The task goes on without us. Run the same command again: it finds it there.',
    details: why ? [why] : [],
    cause,
  });
}

/** The promise's result, unless the signal comes first. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
