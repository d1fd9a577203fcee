import type { SandboxClock } from '../types.js';

/** A timer's work was for a machine that lost its power. */
export class PowerLost extends Error {
  constructor() {
    super('the machine lost its power');
    this.name = 'PowerLost';
  }
}

/** Real milliseconds. */
const leastPatienceMs = 30_000;

/** All that waits on one machine: it ends when the power goes. */
export class MachineTimers {
  readonly #pending = new Set<() => void>();
  readonly #downListeners = new Set<() => void>();
  readonly #checks = new Set<() => void>();

  constructor(
    private readonly clock: SandboxClock,
    private readonly timeScale: () => number,
  ) {}

  /** Lets every waiter look again. */
  look(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Ends every waiter with PowerLost, every timer without a word. */
  lost(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    for (const listener of [...this.#downListeners]) listener();
  }

  onDown(listener: () => void): () => void {
    this.#downListeners.add(listener);
    return () => this.#downListeners.delete(listener);
  }

  after(ms: number, work: () => void): () => void {
    const cancel = this.clock.after(ms, () => {
      this.#pending.delete(cancel);
      work();
    });
    this.#pending.add(cancel);
    return () => {
      cancel();
      this.#pending.delete(cancel);
    };
  }

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const lost = (): void => reject(new PowerLost());
      this.#downListeners.add(lost);
      this.after(ms, () => {
        this.#downListeners.delete(lost);
        resolve();
      });
    });
  }

  async until<T>(found: () => T | undefined, ms: number): Promise<T | undefined> {
    const now = found();
    if (now !== undefined) return now;
    return await new Promise<T | undefined>((resolve, reject) => {
      const end = (): void => {
        this.#checks.delete(check);
        this.#downListeners.delete(lost);
        cancel();
      };
      const check = (): void => {
        try {
          const value = found();
          if (value === undefined) return;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const lost = (): void => {
        end();
        reject(new PowerLost());
      };
      const cancel = this.after(this.patience(ms), () => {
        end();
        resolve(undefined);
      });
      this.#checks.add(check);
      this.#downListeners.add(lost);
    });
  }

  /** A waiter's milliseconds: with a tiny time scale a deadline must still leave the computer time to work. */
  patience(ms: number): number {
    const scale = this.timeScale();
    return scale > 0 ? Math.max(ms, leastPatienceMs / scale) : ms;
  }
}
