import type { Clock } from '../../../../src/domain/clock.js';
import { budgetFrom, requestGap, type RateBudget } from '../budget-policy.js';
import type { Layer } from '../types.js';

/** Spaces requests out when the project's budget runs low. One timeline for all requests of a client. */
export function rateBudget(clock: Clock, pace: number): Layer {
  let budget: RateBudget | undefined;
  let nextAt = 0;
  return (next) => async (request) => {
    const gap = budget ? requestGap(budget) * pace : 0;
    if (gap > 0) {
      const now = clock.monotonic();
      const at = Math.max(now, nextAt);
      nextAt = at + gap;
      if (at > now) await clock.sleep(at - now, request.signal);
    }
    const response = await next(request);
    budget = budgetFrom(response.headers) ?? budget;
    return response;
  };
}
