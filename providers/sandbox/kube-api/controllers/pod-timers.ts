import type { SandboxClock } from '../../types.js';

/** What is to happen to pods, by uid and by what it concerns: of each one thing at a time. */
export class PodTimers {
  readonly #timers = new Map<string, Map<string, () => void>>();

  constructor(private readonly clock: SandboxClock) {}

  set(uid: string, key: string, ms: number, work: () => void): void {
    const own = this.#timers.get(uid) ?? new Map<string, () => void>();
    this.#timers.set(uid, own);
    own.get(key)?.();
    const cancel = this.clock.after(ms, () => {
      own.delete(key);
      work();
    });
    own.set(key, cancel);
  }

  clear(uid: string): void {
    for (const cancel of this.#timers.get(uid)?.values() ?? []) cancel();
    this.#timers.delete(uid);
  }
}
