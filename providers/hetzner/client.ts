import { z } from 'zod';

import { exitCodes, type ErrorCode } from '../../src/errors/index.js';
import { ApiClient, type ApiOptions } from '../../src/http/api/client.js';
import type { Advice, ApiDialect } from '../../src/http/api/dialect.js';
import { ApiError, tryAgainHint } from '../../src/http/api/errors.js';
import { codeOfWord } from './codes.js';

const makeToken =
  'Make one with read and write permission (Hetzner console, Security, API tokens) and set HCLOUD_TOKEN to it.';

const readOnly: Advice = {
  code: 'TOKEN_READ_ONLY',
  exitCode: exitCodes.usage,
  hint: 'The API token seems to be allowed to read only. Make one with read and write permission in the Hetzner console and set HCLOUD_TOKEN to it.',
};

/** Exit code and advice by Hetzner's code. What is not named here is an answer nobody foresaw. */
const advice: Readonly<Record<string, Advice>> = {
  unauthorized: {
    code: 'TOKEN_REJECTED',
    exitCode: exitCodes.usage,
    hint: 'Make a read-write API token in the Hetzner console (project, Security, API tokens) and set HCLOUD_TOKEN to it.',
  },
  token_readonly: readOnly,
  resource_limit_exceeded: {
    code: 'RESOURCE_LIMIT',
    exitCode: exitCodes.incomplete,
    hint: 'Ask Hetzner for a higher limit in the console, then run the same command again; or ask for fewer machines.',
  },
  protected: {
    code: 'PROTECTED',
    exitCode: exitCodes.refused,
    hint: 'It is protected against deletion in the Hetzner console. Take the protection off there, then run the same command again.',
  },
};

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

const detailsShape = z.object({
  fields: z.array(z.object({ name: z.string(), messages: z.array(z.string()).optional() })).optional(),
  limits: z.array(z.object({ name: z.string() })).optional(),
});

const ownCode = (apiCode: string): ErrorCode => codeOfWord(apiCode) ?? 'PROVIDER_ANSWER';

/** What is Hetzner's own about its API. */
export const dialect: ApiDialect = {
  title: 'Hetzner Cloud',
  statusPage: 'https://status.hetzner.com',
  unexpectedHint:
    'If HCLOUD_ENDPOINT is set, check that it names a Hetzner Cloud API. Otherwise please report this with the lines above.',
  tokenMissing: { message: 'No Hetzner API token is set.', hint: makeToken },
  correlationHeader: 'x-correlation-id',
  // User data holds the host's first key.
  hiddenFields: ['user_data', 'public_key'],
  budget(headers) {
    const limit = Number(headers.get('ratelimit-limit') ?? Number.NaN);
    const remaining = Number(headers.get('ratelimit-remaining') ?? Number.NaN);
    return Number.isFinite(limit) && Number.isFinite(remaining) && limit > 0 ? { limit, remaining } : undefined;
  },
  refusal(body) {
    const { data } = errorBody.safeParse(body);
    if (!data) return undefined;
    const { code, message, details } = data.error;
    const { fields = [], limits = [] } = detailsShape.safeParse(details).data ?? {};
    return {
      apiCode: code,
      message,
      details: [
        ...fields.map((field) => [field.name, ...(field.messages ?? [])].join(': ')),
        ...limits.map(({ name }) => `limit reached: ${name}`),
      ],
    };
  },
  meanings: {
    not_found: 'not-found',
    uniqueness_error: 'name-taken',
    conflict: 'conflict',
    rate_limit_exceeded: 'rate-limited',
  },
  // A change by a token that may only read: `token_readonly` before October 2026, then `forbidden`.
  advice: (apiCode, { method }) => (apiCode === 'forbidden' && method !== 'GET' ? readOnly : advice[apiCode]),
  ownCode,
  pages: {
    query: (page) => ({ page, per_page: 50 }),
    next: z
      .looseObject({ meta: z.object({ pagination: z.object({ next_page: z.number().nullable() }) }).optional() })
      .transform(({ meta }) => meta?.pagination.next_page ?? undefined),
  },
};

export const hetznerApi = (options: ApiOptions): ApiClient => new ApiClient(dialect, options);

/** Whether a change was refused because the token may only read. */
export const isReadOnlyToken = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === readOnly.code;

/** An action that ended in `error`. */
export function errorFromAction(
  command: string,
  error: { code: string; message: string } | null | undefined,
): ApiError {
  const apiCode = error?.code ?? 'action_failed';
  return new ApiError(
    `Hetzner Cloud could not finish ${command}: ${error?.message ?? 'no reason given'} (${apiCode}).`,
    // Its request was answered well.
    { apiCode, status: 200, meaning: dialect.meanings[apiCode] },
    { code: ownCode(apiCode), exitCode: exitCodes.incomplete, hint: tryAgainHint },
    [],
  );
}
