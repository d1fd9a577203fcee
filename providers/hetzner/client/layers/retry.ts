import type { Clock, Random } from '../../../../src/domain/clock.js';
import { retryDelay } from '../retry-policy.js';
import type { Layer } from '../types.js';

/** Sends again what the policy allows to be sent again. Waits hold no slot of the concurrency limit. */
export function retry(clock: Clock, random: Random, pace: number): Layer {
  return (next) => async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await next(request);
      } catch (error) {
        request.signal.throwIfAborted();
        const delay = retryDelay(error, request, attempt, random.fraction());
        if (delay === undefined) throw error;
        await clock.sleep(delay * pace, request.signal);
      }
    }
  };
}
