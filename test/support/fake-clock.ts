import type { Clock, Random } from '../../src/domain/clock.js';

/** A clock whose sleeps end as soon as everybody sleeps: time jumps to the next one due. No real waiting. */
export class FakeClock implements Clock {
  #now: number;
  #set = 0;
  readonly #due: { at: number; wake: () => void }[] = [];

  constructor(start = Date.parse('2026-11-20T10:00:00Z')) {
    this.#now = start;
  }

  now(): number {
    return this.#now + this.#set;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the computer's clock forward or back; no time passes. */
  jump(ms: number): void {
    this.#set += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason as Error);
      const wake = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      this.#due.push({ at: this.#now + ms, wake });
      signal?.addEventListener('abort', stop, { once: true });
      setImmediate(() => this.advance());
    });
  }

  private advance(): void {
    const next = this.#due.sort((a, b) => a.at - b.at).shift();
    if (!next) return;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
  }
}

/** Chance that is the same each time. */
export const fixedRandom: Random = {
  bytes: (length) => Buffer.alloc(length, 7),
  fraction: () => 0.5,
};
