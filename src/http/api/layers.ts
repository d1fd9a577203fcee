import pLimit from 'p-limit';

import { type Boundary, withBoundary } from '../../domain/boundary.js';
import type { Clock, Random } from '../../domain/clock.js';
import type { Secret } from '../../domain/secret.js';
import { messageOf, UsageError } from '../../errors/index.js';
import { requestGap, type RateBudget } from './budget-policy.js';
import type { ApiDialect } from './dialect.js';
import { errorFromAnswer } from './errors.js';
import { retryDelay } from './retry-policy.js';
import { type Layer, nameOf, queryString } from './types.js';

/** Passes one boundary point before and after every attempt, so that a test can stop, delay or kill it. */
export function boundaryPoint(boundary: Boundary): Layer {
  return (next) => (request) => withBoundary(boundary, 'provider', nameOf(request), () => next(request));
}

/**
 * The only place that reveals the token. It is missed by the first request, not before: a file can be read, and its
 * components rendered, without one.
 * @throws UsageError code TOKEN_MISSING
 */
export function auth({ tokenMissing: { message, hint } }: ApiDialect, token: Secret | undefined): Layer {
  return (next) => (request) => {
    if (!token) return Promise.reject(new UsageError(message, { code: 'TOKEN_MISSING', hint }));
    return next({ ...request, headers: { ...request.headers, authorization: `Bearer ${token.reveal()}` } });
  };
}

/** Writes one line per request to `sink`. It stands outside of auth, so the token never passes through it. */
export function log(dialect: ApiDialect, sink: (line: string) => void, clock: Clock): Layer {
  const hidden = new Set(['password', 'root_password', 'private_key', 'token', ...dialect.hiddenFields]);
  return (next) => async (request) => {
    const started = clock.monotonic();
    const body = request.body === undefined ? '' : ` ${JSON.stringify(redacted(request.body, hidden))}`;
    const what = `${nameOf(request)}${queryString(request.query)}${body}`;
    try {
      const response = await next(request);
      const id = response.headers.get(dialect.correlationHeader);
      sink(`${what} → ${response.status} in ${clock.monotonic() - started} ms${id ? ` [${id}]` : ''}`);
      return response;
    } catch (error) {
      sink(`${what} → ${messageOf(error)} after ${clock.monotonic() - started} ms`);
      throw error;
    }
  };
}

/** A copy of a body that can be shown: hidden fields keep their name and lose their value. */
function redacted(value: unknown, hidden: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => redacted(one, hidden));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, hidden.has(key) ? '[hidden]' : redacted(inner, hidden)]),
  );
}

/** Spaces requests out when the account's budget runs low. One timeline for all requests of a client. */
export function rateBudget(dialect: ApiDialect, clock: Clock, timeScale: number): Layer {
  let budget: RateBudget | undefined;
  let nextAt = 0;
  return (next) => async (request) => {
    const gap = budget ? requestGap(budget) * timeScale : 0;
    if (gap > 0) {
      const now = clock.monotonic();
      const at = Math.max(now, nextAt);
      nextAt = at + gap;
      if (at > now) await clock.sleep(at - now, request.signal);
    }
    const response = await next(request);
    budget = dialect.budget(response.headers) ?? budget;
    return response;
  };
}

/** At most `limit` requests under way. A request that was aborted while it waited is not sent. */
export function concurrency(limit: number): Layer {
  const slots = pLimit(limit);
  return (next) => (request) =>
    slots(() => {
      request.signal.throwIfAborted();
      return next(request);
    });
}

/** Turns an error status into an ApiError. */
export function errorsFromBody(dialect: ApiDialect): Layer {
  return (next) => async (request) => {
    const response = await next(request);
    if (response.status < 400) return response;
    throw errorFromAnswer(dialect, request, response);
  };
}

/** Sends again what the policy allows to be sent again. Waits hold no slot of the concurrency limit. */
export function retry(clock: Clock, random: Random, timeScale: number): Layer {
  return (next) => async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await next(request);
      } catch (error) {
        request.signal.throwIfAborted();
        const delay = retryDelay(error, request, attempt, random.fraction());
        if (delay === undefined) throw error;
        await clock.sleep(delay * timeScale, request.signal);
      }
    }
  };
}
