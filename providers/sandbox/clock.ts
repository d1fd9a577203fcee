import { contained } from './report-fault.js';
import type { SandboxClock } from './types.js';

/** What a timer of Node can wait for at most; more would be no wait at all. */
const longestMs = 2 ** 31 - 1;

/** Real time; durations are multiplied by a scale that may change while the sandbox runs. */
export class ScaledClock implements SandboxClock {
  #scale: number;

  constructor(scale: number) {
    this.#scale = scale;
  }

  get scale(): number {
    return this.#scale;
  }

  /** Affects timers set from now on. */
  setScale(scale: number): void {
    if (!Number.isFinite(scale) || scale < 0) throw new RangeError(`${scale} is no time scale`);
    this.#scale = scale;
  }

  now(): number {
    return Date.now();
  }

  after(ms: number, work: () => void): () => void {
    const timer = setTimeout(() => contained('timer', work), Math.min(ms * this.#scale, longestMs));
    timer.unref();
    return () => clearTimeout(timer);
  }
}
