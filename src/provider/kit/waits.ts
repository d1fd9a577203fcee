import type { Clock } from '../../domain/clock.js';

/** What waits of a provider go by. */
export interface Waits {
  readonly clock: Clock;
  /** Factor on every pause of ours: 1 against a real cloud, less against a faster one. */
  readonly timeScale: number;
  readonly signal: AbortSignal;
}
