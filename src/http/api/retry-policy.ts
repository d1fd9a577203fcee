import { ApiError, isAmbiguous, means, UnreachableError } from './errors.js';

interface Rule {
  /** How often it is tried again. */
  readonly times: number;
  /** Milliseconds: the first wait, and the longest. */
  readonly baseMs: number;
  readonly capMs: number;
}

/** Refused before it took effect: safe for every request. A busy network answers `conflict` to all but one. */
const conflict: Rule = { times: 12, baseMs: 500, capMs: 8_000 };
/** A bucket gains tokens all the time, so a few seconds are enough. */
const rateLimited: Rule = { times: 8, baseMs: 1_000, capMs: 10_000 };
/** May have taken effect: only for requests that do no harm twice. */
const ambiguous: Rule = { times: 5, baseMs: 1_000, capMs: 60_000 };
/** Never left this computer. */
const unsent: Rule = { times: 3, baseMs: 1_000, capMs: 10_000 };

/**
 * Milliseconds to wait before trying again; undefined when trying again is pointless or dangerous. What is locked or
 * sold out is for the caller to judge.
 * @param attempt 0 after the first failure.
 * @param fraction chance in [0, 1), for jitter between half and the whole of the wait.
 */
export function retryDelay(
  error: unknown,
  request: { readonly repeatable: boolean },
  attempt: number,
  fraction: number,
): number | undefined {
  const rule = ruleFor(error, request.repeatable);
  if (!rule || attempt >= rule.times) return undefined;
  const usual = Math.min(rule.capMs, rule.baseMs * 2 ** attempt) * (0.5 + fraction / 2);
  return Math.max(usual, askedFor(error));
}

/** What the API itself says is to be waited; no longer than a minute at a time. */
const askedFor = (error: unknown): number =>
  error instanceof ApiError && error.meaning === 'rate-limited' ? Math.min(error.retryAfterMs ?? 0, 60_000) : 0;

function ruleFor(error: unknown, repeatable: boolean): Rule | undefined {
  if (error instanceof UnreachableError && !error.sent) return unsent;
  if (means(error, 'conflict')) return conflict;
  if (means(error, 'rate-limited')) return rateLimited;
  return repeatable && isAmbiguous(error) ? ambiguous : undefined;
}
