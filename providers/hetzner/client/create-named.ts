import type { Clock } from '../../../src/domain/clock.js';
import { hasCode, isAmbiguous } from './errors.js';

export interface Timeouts {
  readonly clock: Clock;
  readonly timeScale: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between looks for something that another request may just be making. */
const looks = [0, 500, 1_000, 2_000, 4_000];
const sends = 4;

/**
 * Makes something that has a name of its own, without ever making it twice: an answer that stayed open and a name
 * that is already taken are looked up before anything is sent again.
 * @returns what was created, or what `find` found; whose it is, is for the caller to judge.
 */
export async function createNamed<T>(
  patience: Timeouts,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  for (let send = 1; ; send += 1) {
    try {
      return await create();
    } catch (error) {
      const taken = hasCode(error, 'uniqueness_error');
      if (!taken && !isAmbiguous(error)) throw error;
      const found = await lookFor(patience, find);
      if (found !== undefined) return found;
      if (taken || send === sends) throw error;
    }
  }
}

async function lookFor<T>(
  { clock, timeScale: timeScale, signal }: Timeouts,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const wait of looks) {
    if (wait > 0) await clock.sleep(wait * timeScale, signal);
    const found = await find();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Milliseconds that a lock or a use by something that is just being deleted may last. */
const busyMs = 180_000;

/** Repeats what is refused with one of `codes` because another change is still running there. */
export async function whileBusy<T>(
  { clock, timeScale: timeScale, signal }: Timeouts,
  codes: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  let waited = 0;
  for (let wait = 1_000; ; wait = Math.min(wait * 1.5, 5_000)) {
    try {
      return await work();
    } catch (error) {
      if (waited >= busyMs || !hasCode(error, ...codes)) throw error;
      await clock.sleep(wait * timeScale, signal);
      waited += wait;
    }
  }
}
