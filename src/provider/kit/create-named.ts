import { isAmbiguous, means } from '../../http/api/errors.js';
import type { Waits } from './waits.js';

/** Milliseconds between looks for something that another request may just be making. */
const looks = [0, 500, 1_000, 2_000, 4_000];
const sends = 4;

/**
 * Makes something that has a name of its own, without ever making it twice: an answer that stayed open and a name
 * that is already taken are looked up before anything is sent again.
 * @returns what was created, or what `find` found; whose it is, is for the caller to judge.
 */
export async function createNamed<T>(
  waits: Waits,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  for (let send = 1; ; send += 1) {
    try {
      return await create();
    } catch (error) {
      const taken = means(error, 'name-taken');
      if (!taken && !isAmbiguous(error)) throw error;
      const found = await lookFor(waits, find);
      if (found !== undefined) return found;
      if (taken || send === sends) throw error;
    }
  }
}

async function lookFor<T>(
  { clock, timeScale, signal }: Waits,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const wait of looks) {
    if (wait > 0) await clock.sleep(wait * timeScale, signal);
    const found = await find();
    if (found !== undefined) return found;
  }
  return undefined;
}
