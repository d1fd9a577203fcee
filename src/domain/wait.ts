import { type ErrorCode, IncompleteError, messageOf } from '../errors/index.js';
import type { Clock } from './clock.js';

/** Something to wait for. A check that throws counts as "not yet"; its message is kept for the report. */
export interface Condition<T> {
  /** Reads after "waiting for": `demo-cp-1 to accept SSH`. */
  readonly what: string;
  /** Undefined means "not yet". `say` reports what was seen, for progress and for the error at the deadline. */
  check(signal: AbortSignal, progress: (seen: string) => void): Promise<T | undefined>;
}

export interface WaitOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds until giving up. */
  readonly deadlineMs: number;
  /** Milliseconds between checks; grows by a half each time up to `maxIntervalMs`. */
  readonly intervalMs?: number;
  readonly maxIntervalMs?: number;
  /** What to do when it never happens, for the error's hint. */
  readonly hint: string;
  readonly code?: ErrorCode;
  /** An error for which waiting on is pointless; it is thrown at once. */
  readonly fatal?: (error: unknown) => boolean;
  readonly progress?: ((seen: string) => void) | undefined;
}

/**
 * Waits for an effect.
 * @throws IncompleteError at the deadline: what was waited for, how long, the last thing seen, and the hint.
 */
export async function waitFor<T>(condition: Condition<T>, options: WaitOptions): Promise<T> {
  const { clock, signal } = options;
  const started = clock.monotonic();
  let interval = options.intervalMs ?? 250;
  let seen = 'nothing yet';
  let cause: unknown;
  const progress = (text: string): void => {
    if (text !== seen) options.progress?.(text);
    seen = text;
  };
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await condition.check(signal, progress);
      if (result !== undefined) return result;
    } catch (error) {
      signal.throwIfAborted();
      if (options.fatal?.(error)) throw error;
      cause = error;
      progress(messageOf(error));
    }
    const left = started + options.deadlineMs - clock.monotonic();
    if (left <= 0) {
      throw new IncompleteError(
        `Gave up after ${Math.round(options.deadlineMs / 1000)} s of waiting for ${condition.what}.`,
        {
          code: options.code ?? 'WAIT_TIMEOUT',
          hint: options.hint,
          details: [`last seen: ${seen}`],
          cause,
        },
      );
    }
    await clock.sleep(Math.min(interval, left), signal);
    interval = Math.min(interval * 1.5, options.maxIntervalMs ?? 2000);
  }
}
