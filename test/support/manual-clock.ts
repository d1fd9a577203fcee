import type { SandboxClock } from '../../providers/sandbox/types.js';

/** A sandbox's clock that stands still until it is told to go on. */
export class ManualClock implements SandboxClock {
  #now = Date.parse('2026-11-20T10:00:00Z');
  readonly #due = new Set<{ readonly at: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work };
    this.#due.add(timer);
    return () => void this.#due.delete(timer);
  }

  /** Lets time pass; what is put off for the end of a moment is done before the next timer. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      // Controllers put their work off, and what they change puts off more.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...this.#due].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = end;
  }
}
