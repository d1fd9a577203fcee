/** What an answer says of the account's token bucket. */
export interface RateBudget {
  /** Requests per hour. */
  readonly limit: number;
  /** Tokens left now. */
  readonly remaining: number;
}

/** The share of the bucket that is left to the cluster's own controllers, which use the same account. */
const reserveShare = 0.15;

/**
 * Milliseconds between two requests at this fill of the bucket: none above the reserve; at its edge as slow as the
 * bucket refills; half as fast when it is empty, so that it fills again. Never a wait for the full bucket, which
 * can be an hour.
 */
export function requestGap({ limit, remaining }: RateBudget): number {
  const reserve = limit * reserveShare;
  if (limit <= 0 || remaining > reserve) return 0;
  const refillMs = 3_600_000 / limit;
  const emptiness = 1 - Math.max(0, remaining) / reserve;
  return refillMs * (1 + emptiness);
}
