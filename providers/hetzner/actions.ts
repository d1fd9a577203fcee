import { setMaxListeners } from 'node:events';

import { z } from 'zod';

import type { ApiClient } from '../../src/http/api/client.js';
import { errorFromAction } from './client.js';
import type { Clock } from '../../src/domain/clock.js';
import { IncompleteError, UnexpectedError } from '../../src/errors/index.js';
import type { CallOptions } from '../../src/provider/port.js';
import { actionShape, type WireAction } from './wire.js';

interface Waiter {
  readonly id: number;
  readonly command: string;
  /** Milliseconds of `Clock.monotonic` at which waiting ends. */
  readonly deadline: number;
  misses: number;
  readonly progress: CallOptions['progress'];
  resolve(): void;
  reject(reason: unknown): void;
}

const idsPerCall = 25;
const firstIntervalMs = 500;
const lastIntervalMs = 2_500;
const deadlineMs = 600_000;
/** Answers in a row that may lack an action before it counts as lost. */
const missesAllowed = 2;

const actionsAnswer = z.object({ actions: z.array(actionShape) });

/** Waits for Hetzner's long-running operations: one poller for all callers, many actions in one request. */
export class Actions {
  readonly #waiters = new Set<Waiter>();
  #interval = firstIntervalMs;
  #running = false;

  constructor(
    private readonly api: ApiClient,
    private readonly clock: Clock,
    private readonly timeScale: number,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Resolves once all have succeeded.
   * @throws ApiError when one ended in error; IncompleteError when one is not done within ten minutes.
   */
  async wait(actions: readonly WireAction[], options: CallOptions): Promise<void> {
    options.signal.throwIfAborted();
    await Promise.all(actions.map((action) => this.#waitOne(action, options)));
  }

  async #waitOne(action: WireAction, options: CallOptions): Promise<void> {
    if (action.status === 'success') return;
    if (action.status === 'error') throw errorFromAction(action.command, action.error);
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(waiter);
        options.signal.removeEventListener('abort', aborted);
      };
      const waiter: Waiter = {
        id: action.id,
        command: action.command,
        deadline: this.clock.monotonic() + deadlineMs,
        misses: 0,
        progress: options.progress,
        resolve: () => (end(), resolve()),
        reject: (reason) => (end(), reject(reason instanceof Error ? reason : new Error(String(reason)))),
      };
      const aborted = (): void => waiter.reject(options.signal.reason);
      // Many actions are waited for under one signal; that is no leak, since each takes its listener back.
      setMaxListeners(0, options.signal);
      options.signal.addEventListener('abort', aborted);
      this.#waiters.add(waiter);
      this.#interval = firstIntervalMs;
      void this.#run();
    });
  }

  /** Runs while somebody waits. Its own failures are the waiters' failures; it never rejects. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#waiters.size > 0) {
        await this.clock.sleep(this.#interval * this.timeScale, this.signal);
        this.#interval = Math.min(this.#interval * 1.25, lastIntervalMs);
        const waiting = [...this.#waiters];
        const ids = [...new Set(waiting.map((waiter) => waiter.id))];
        await Promise.all(chunks(ids, idsPerCall).map((chunk) => this.#poll(chunk, waiting)));
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.reject(error);
    } finally {
      this.#running = false;
    }
  }

  async #poll(ids: readonly number[], waiting: readonly Waiter[]): Promise<void> {
    const concerned = waiting.filter((waiter) => ids.includes(waiter.id));
    try {
      const answer = await this.api.get('/actions', actionsAnswer, { signal: this.signal }, { id: ids });
      const found = new Map(answer.actions.map((action) => [action.id, action]));
      for (const waiter of concerned) this.#tell(waiter, found.get(waiter.id));
    } catch (error) {
      for (const waiter of concerned) waiter.reject(error);
    }
  }

  #tell(waiter: Waiter, action: WireAction | undefined): void {
    if (!action) {
      waiter.misses += 1;
      if (waiter.misses <= missesAllowed) return;
      waiter.reject(
        new UnexpectedError(`Hetzner Cloud no longer knows action ${waiter.id} (${waiter.command}).`, {
          code: 'PROVIDER_ANSWER',
          hint: 'Run the same command again: it looks at what exists and goes on from there.',
        }),
      );
      return;
    }
    waiter.misses = 0;
    if (action.status === 'success') waiter.resolve();
    else if (action.status === 'error') waiter.reject(errorFromAction(action.command, action.error));
    else if (this.clock.monotonic() >= waiter.deadline) waiter.reject(tooLong(waiter, action));
    else waiter.progress?.(`${action.command.replaceAll('_', ' ')}: ${action.progress} %`);
  }
}

const tooLong = (waiter: Waiter, action: WireAction): IncompleteError =>
  new IncompleteError(
    `Gave up after ${deadlineMs / 60_000} minutes of waiting for Hetzner Cloud to finish ${waiter.command}.`,
    {
      code: 'WAIT_TIMEOUT',
      hint: 'Look at https://status.hetzner.com, then run the same command again: it goes on where it stopped.',
      details: [`last seen: action ${action.id} ${action.status} at ${action.progress} %`],
    },
  );

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
