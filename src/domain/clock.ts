import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** The only way to the time for code that decides or waits, so that a test can set it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z: for stamps. Jumps whenever the computer's clock is set. */
  now(): number;
  /** Whole milliseconds since some moment: for deadlines and durations. Only ever goes on, whatever is done to the clock. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The only way to chance, for the same reason. */
export interface Random {
  /** `length` bytes fit for keys and tokens. */
  bytes(length: number): Buffer;
  /** In [0, 1), for jitter. */
  fraction(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(), // eslint-disable-line no-restricted-properties -- this is the clock that others take
  monotonic: () => Math.floor(performance.now()), // eslint-disable-line no-restricted-properties -- likewise
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await delay(ms, undefined, signal ? { signal } : undefined);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
};
