import { z } from 'zod';

import { exitCodes } from '../../../src/errors/index.js';
import type { ApiDialect } from '../../../src/http/api/dialect.js';
import { type ApiError, errorFromAnswer, wordOfStatus } from '../../../src/http/api/errors.js';

const errorBody = z.object({ errors: z.array(z.object({ reason: z.string(), field: z.string().optional() })).min(1) });

/** A cloud that says the same as others in a way of its own: errors without codes, pages counted, an hourly allowance. */
export const exampleDialect: ApiDialect = {
  title: 'Example Cloud',
  statusPage: 'https://status.example.com',
  unexpectedHint: 'Please report this.',
  tokenMissing: { message: 'No token of Example Cloud is set.', hint: 'Set EXAMPLE_TOKEN.' },
  correlationHeader: 'x-trace',
  hiddenFields: ['root_pass'],
  budget(headers) {
    const limit = Number(headers.get('x-ratelimit-limit'));
    return limit > 0 ? { limit, remaining: Number(headers.get('x-ratelimit-remaining')) } : undefined;
  },
  refusal(body, status) {
    const { data } = errorBody.safeParse(body);
    if (!data) return undefined;
    const message = data.errors.map(({ reason }) => reason).join(' ');
    const apiCode = /must be unique/.test(message)
      ? 'not_unique'
      : /is busy/.test(message)
        ? 'busy'
        : wordOfStatus(status);
    return { apiCode, message, details: data.errors.flatMap(({ field }) => field ?? []) };
  },
  meanings: {
    not_found: 'not-found',
    not_unique: 'name-taken',
    conflict: 'conflict',
    rate_limit_exceeded: 'rate-limited',
  },
  advice: (apiCode) =>
    apiCode === 'unauthorized'
      ? { code: 'TOKEN_REJECTED', exitCode: exitCodes.usage, hint: 'Set EXAMPLE_TOKEN to one that works.' }
      : undefined,
  ownCode: () => 'PROVIDER_ANSWER',
  pages: {
    query: (page) => ({ page, page_size: 100 }),
    next: z
      .object({ page: z.number(), pages: z.number() })
      .transform(({ page, pages }) => (page < pages ? page + 1 : undefined)),
  },
};

/** What becomes of an answer with an error status. */
export const refused = (status: number, reason?: string): ApiError =>
  errorFromAnswer(
    exampleDialect,
    { method: 'POST', path: '/machines' },
    {
      status,
      headers: { get: () => null },
      text: reason === undefined ? '<html>' : JSON.stringify({ errors: [{ reason }] }),
    },
  );
