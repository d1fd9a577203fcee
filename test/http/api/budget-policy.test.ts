import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { requestGap } from '../../../src/http/api/budget-policy.js';

describe('the rate budget', () => {
  it.each([
    [3600, 3600, 0],
    [3600, 541, 0],
    [3600, 540, 1000],
    [3600, 270, 1500],
    [3600, 0, 2000],
    [7200, 0, 1000],
  ])('of %i with %i left: %i ms between requests', (limit, remaining, gap) => {
    expect(requestGap({ limit, remaining })).toBe(gap);
  });

  it('never takes more than the refill once in the reserve, and never sleeps until it is full', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 100_000 }),
        fc.double({ min: 0, max: 0.15, noNaN: true }),
        (limit, share) => {
          const refill = 3_600_000 / limit;
          const gap = requestGap({ limit, remaining: Math.floor(limit * share) });
          expect(gap).toBeGreaterThanOrEqual(refill);
          expect(gap).toBeLessThanOrEqual(2 * refill);
        },
      ),
    );
  });
});
