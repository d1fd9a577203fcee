/** A token bucket as numbers: how many requests fit, how many come back each second of a real cloud. */
export interface Rate {
  readonly size: number;
  readonly perSecond: number;
}

export interface BucketState {
  tokens: number;
  /** When `tokens` was right, in milliseconds since 1970. */
  at: number;
}

/** What every answer says about the bucket. `reset` is the UNIX second at which it is full again. */
export interface RateStanding {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly reset: number;
}

const standing = (allowed: boolean, rate: Rate, tokens: number, now: number, timeScale: number): RateStanding => ({
  allowed,
  limit: rate.size,
  remaining: Math.floor(tokens),
  reset: Math.ceil((now + ((rate.size - tokens) / rate.perSecond) * 1000 * timeScale) / 1000),
});

/**
 * Takes one request out of the bucket. Time runs `1 / timeScale` times faster for the bucket, as it does for
 * everything else in the sandbox; with a scale of 0 the bucket is always full.
 */
export function take(bucket: BucketState, rate: Rate, now: number, timeScale: number): RateStanding {
  const seconds = timeScale === 0 ? Infinity : Math.max(0, now - bucket.at) / 1000 / timeScale;
  const tokens = Math.min(rate.size, seconds === Infinity ? rate.size : bucket.tokens + seconds * rate.perSecond);
  bucket.at = now;
  bucket.tokens = tokens >= 1 ? tokens - 1 : tokens;
  return standing(tokens >= 1, rate, bucket.tokens, now, timeScale);
}
