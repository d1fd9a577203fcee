import {
  exitCodes,
  IncompleteError,
  messageOf,
  SlipwayError,
  UnexpectedError,
  type ExitCode,
} from '../../errors/index.js';
import { jsonOrUndefined } from '../json.js';
import type { Advice, ApiDialect, Meaning, Refusal } from './dialect.js';
import { type ApiRequest, type ApiResponse, nameOf } from './types.js';

/** What an API said no with. `apiCode` is its own word, `code` ours for scripts. */
export class ApiError extends SlipwayError {
  readonly exitCode: ExitCode;
  readonly apiCode: string;
  readonly status: number;
  readonly meaning: Meaning | undefined;
  /** For a support request at the provider. */
  readonly correlationId: string | undefined;
  /** Milliseconds that the API asks to wait, where it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    refused: {
      readonly apiCode: string;
      readonly status: number;
      readonly meaning?: Meaning | undefined;
      readonly correlationId?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    },
    { code, exitCode, hint }: Advice,
    details: readonly string[],
  ) {
    super(message, { code, hint, details: [...details] });
    this.exitCode = exitCode;
    this.apiCode = refused.apiCode;
    this.status = refused.status;
    this.meaning = refused.meaning;
    this.correlationId = refused.correlationId;
    this.retryAfterMs = refused.retryAfterMs;
  }
}

/** No answer arrived. `sent` is false when the request certainly never reached the API. */
export class UnreachableError extends IncompleteError {
  constructor(
    { title, statusPage }: Pick<ApiDialect, 'title' | 'statusPage'>,
    what: string,
    readonly sent: boolean,
    cause: unknown,
  ) {
    super(`${title} did not answer ${what}: ${messageOf(cause)}.`, {
      code: 'PROVIDER_UNREACHABLE',
      hint: `Check the network of this computer and ${statusPage}, then run the same command again: it goes on where it stopped.`,
      cause,
    });
  }
}

/** An answer that the API would not give: another form, another size, a list without end. */
export const unexpectedAnswer = (
  { title, unexpectedHint }: Pick<ApiDialect, 'title' | 'unexpectedHint'>,
  what: string,
  why: string,
  details: readonly string[] = [],
  cause?: unknown,
): UnexpectedError =>
  new UnexpectedError(`${title} returned an unexpected response to ${what}: ${why}.`, {
    code: 'PROVIDER_ANSWER',
    hint: unexpectedHint,
    details: [...details],
    cause,
  });

export const tryAgainHint = 'Wait a minute, then run the same command again: it goes on where it stopped.';

/** An error from an answer; one whose body says nothing falls back to its status. */
export function errorFromAnswer(
  dialect: ApiDialect,
  request: Pick<ApiRequest, 'method' | 'path'>,
  { status, text, headers }: ApiResponse,
): ApiError {
  const refusal: Refusal = dialect.refusal(jsonOrUndefined(text), status, headers) ?? {
    apiCode: wordOfStatus(status),
    message: `status ${status}`,
    details: [],
  };
  const { apiCode, message } = refusal;
  const correlationId = headers.get(dialect.correlationHeader) ?? undefined;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
  return new ApiError(
    `${dialect.title} refused ${nameOf(request)}: ${message} (${apiCode}).`,
    { apiCode, status, meaning: dialect.meanings[apiCode], correlationId, retryAfterMs },
    dialect.advice(apiCode, request) ?? usualAdvice(dialect, apiCode, status),
    [...refusal.details, ...(correlationId ? [`correlation id ${correlationId}`] : [])],
  );
}

function usualAdvice(dialect: ApiDialect, apiCode: string, status: number): Advice {
  const code = dialect.ownCode(apiCode);
  const passes = [409, 412, 423, 429].includes(status) || status >= 500;
  return passes
    ? { code, exitCode: exitCodes.incomplete, hint: tryAgainHint }
    : { code, exitCode: exitCodes.unexpected, hint: 'Please report this with the lines above.' };
}

const statusWords: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  423: 'locked',
  429: 'rate_limit_exceeded',
  502: 'bad_gateway',
  503: 'unavailable',
  504: 'timeout',
};

/** A word for an error that has none. */
export const wordOfStatus = (status: number): string => statusWords[status] ?? 'server_error';

/** Whether an API refused with one of these words of its own. */
export const hasCode = (error: unknown, ...codes: readonly string[]): error is ApiError =>
  error instanceof ApiError && codes.includes(error.apiCode);

export const means = (error: unknown, meaning: Meaning): error is ApiError =>
  error instanceof ApiError && error.meaning === meaning;

/**
 * Whether the request may or may not have taken effect: look before sending it again. A 500 or 503 comes before the
 * work as well as after it.
 */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.sent;
  return error instanceof ApiError && error.status >= 500 && error.meaning !== 'not-now';
}
