import { z } from 'zod';

import {
  type ErrorCode,
  exitCodes,
  IncompleteError,
  messageOf,
  SlipwayError,
  UnexpectedError,
  type ExitCode,
} from '../../../src/errors/index.js';

/** What the API said no with. `apiCode` is Hetzner's own word, `code` ours for scripts. */
export class HetznerError extends SlipwayError {
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    readonly apiCode: string,
    readonly status: number,
    /** For a support request at Hetzner. */
    readonly correlationId: string | undefined,
    options: {
      readonly code: ErrorCode;
      readonly exitCode: ExitCode;
      readonly hint: string;
      readonly details: string[];
    },
  ) {
    super(message, { code: options.code, hint: options.hint, details: options.details });
    this.exitCode = options.exitCode;
  }
}

/** No answer arrived. `sent` is false when the request certainly never reached Hetzner. */
export class UnreachableError extends IncompleteError {
  constructor(
    what: string,
    readonly sent: boolean,
    cause: unknown,
  ) {
    super(`Hetzner Cloud did not answer ${what}: ${messageOf(cause)}.`, {
      code: 'PROVIDER_UNREACHABLE',
      hint: 'Check the network of this computer and https://status.hetzner.com, then run the same command again: it goes on where it stopped.',
      cause,
    });
  }
}

/** An answer that Hetzner would not give: another form, another size, a list without end. */
export const oddAnswer = (what: string, why: string, details: readonly string[], cause?: unknown): UnexpectedError =>
  new UnexpectedError(`Hetzner Cloud returned an unexpected response to ${what}: ${why}.`, {
    code: 'PROVIDER_ANSWER',
    hint: 'If HCLOUD_ENDPOINT is set, check that it names a Hetzner Cloud API. Otherwise please report this with the lines above.',
    details: [...details],
    cause,
  });

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

const detailsShape = z.object({
  fields: z.array(z.object({ name: z.string(), messages: z.array(z.string()).optional() })).optional(),
  limits: z.array(z.object({ name: z.string() })).optional(),
});

const readOnly = {
  code: 'TOKEN_READ_ONLY' as const,
  exitCode: exitCodes.usage,
  hint: 'The API token seems to be allowed to read only. Make one with read and write permission in the Hetzner console and set HCLOUD_TOKEN to it.',
};

/** Exit code and advice by Hetzner's code. What is not named here is an unexpected response. */
const advice: Readonly<Record<string, { code: ErrorCode; exitCode: ExitCode; hint: string }>> = {
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

const ownWord = (apiCode: string): ErrorCode => `HETZNER_${apiCode.toUpperCase()}`;

const again = 'Wait a minute, then run the same command again: it goes on where it stopped.';

function judge(what: string, apiCode: string, status: number): { code: ErrorCode; exitCode: ExitCode; hint: string } {
  const known = apiCode === 'forbidden' && !what.startsWith('GET ') ? readOnly : advice[apiCode];
  if (known) return known;
  const code = ownWord(apiCode);
  const passing = status === 409 || status === 423 || status === 429 || status === 412 || status >= 500;
  if (passing) return { code, exitCode: exitCodes.incomplete, hint: again };
  return { code, exitCode: exitCodes.unexpected, hint: 'Please report this with the lines above.' };
}

/** An error from an answer; one without a JSON body falls back to its status. */
export function errorFromAnswer(
  what: string,
  status: number,
  text: string,
  correlationId: string | undefined,
): HetznerError {
  const body = errorBody.safeParse(parseOrUndefined(text));
  const apiCode = body.success ? body.data.error.code : codeOfStatus(status);
  const said = body.success ? body.data.error.message : `status ${status}`;
  const more = detailsShape.safeParse(body.success ? body.data.error.details : undefined);
  const details = [
    ...(more.data?.fields ?? []).map((f) => [f.name, ...(f.messages ?? [])].join(': ')),
    ...(more.data?.limits ?? []).map((limit) => `limit reached: ${limit.name}`),
    ...(correlationId ? [`correlation id ${correlationId}`] : []),
  ];
  return new HetznerError(`Hetzner Cloud refused ${what}: ${said} (${apiCode}).`, apiCode, status, correlationId, {
    ...judge(what, apiCode, status),
    details,
  });
}

/** An action that ended in `error`. */
export function errorFromAction(command: string, error: { code: string; message: string } | null | undefined): Error {
  const apiCode = error?.code ?? 'action_failed';
  return new HetznerError(
    `Hetzner Cloud could not finish ${command}: ${error?.message ?? 'no reason given'} (${apiCode}).`,
    apiCode,
    200,
    undefined,
    { code: ownWord(apiCode), exitCode: exitCodes.incomplete, hint: again, details: [] },
  );
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 409:
      return 'conflict';
    case 423:
      return 'locked';
    case 429:
      return 'rate_limit_exceeded';
    case 502:
      return 'bad_gateway';
    case 503:
      return 'unavailable';
    case 504:
      return 'timeout';
    default:
      return 'server_error';
  }
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const hasCode = (error: unknown, ...codes: readonly string[]): error is HetznerError =>
  error instanceof HetznerError && codes.includes(error.apiCode);

/** Whether a change was refused because the token may only read: `token_readonly` before October 2026, then `forbidden`. */
export const isReadOnlyToken = (error: unknown): error is HetznerError =>
  error instanceof HetznerError && error.code === readOnly.code;

/**
 * True when the request may or may not have taken effect: look before sending it again. A 500 or 503 comes before the
 * work as well as after it.
 */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.sent;
  return error instanceof HetznerError && error.status >= 500;
}
