import { hasCode } from '../../http/api/errors.js';
import type { Waits } from './waits.js';

/** Milliseconds that a lock or a use by something that is just being deleted may last. */
const busyMs = 180_000;

/** Repeats what is refused with one of `codes`, words of the API, because another change is still running there. */
export async function whileBusy<T>(
  { clock, timeScale, signal }: Waits,
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
