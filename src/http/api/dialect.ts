import type { z } from 'zod';

import type { ErrorCode, ExitCode } from '../../errors/index.js';
import type { HeaderReader } from '../ask.js';
import type { RateBudget } from './budget-policy.js';
import type { ApiRequest } from './types.js';

/** What a refusal means to the chain and to the kit, whatever the API's word for it is. */
export type Meaning =
  /** There is nothing of that name or id, or nothing any more. */
  | 'not-found'
  /** Something else has the name. */
  | 'name-taken'
  /** Refused before it took effect, since something else is just changing: safe to send again, whatever it does. */
  | 'conflict'
  /** Refused before it took effect, since too much is asked. */
  | 'rate-limited'
  /** Nothing came of it, and nothing will if it is sent again soon: for the caller to wait for, or to give up. */
  | 'not-now';

/** What people and scripts are told of a refusal. */
export interface Advice {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly hint: string;
}

/** What an answer with an error status says. */
export interface Refusal {
  /** The API's own word: `uniqueness_error`. */
  readonly apiCode: string;
  readonly message: string;
  readonly details: readonly string[];
}

export type Query = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/** All that one cloud's API does in its own way. The rest is the same for all. */
export interface ApiDialect {
  /** For people: `Hetzner Cloud`. */
  readonly title: string;
  /** Where people see whether it works: an address. */
  readonly statusPage: string;
  /** What to do about an answer that is not in the documented form. */
  readonly unexpectedHint: string;
  /** Said by the first request when there is no token. */
  readonly tokenMissing: { readonly message: string; readonly hint: string };
  /** Header of an answer with an id for support requests. */
  readonly correlationHeader: string;
  /** Fields of requests whose values are never written down, beside passwords and keys. */
  readonly hiddenFields: readonly string[];
  /** What the headers of an answer tell of how much may still be asked. */
  budget(headers: HeaderReader): RateBudget | undefined;
  /** Reads the body of an error; undefined when it has another form, so that only the status counts. */
  refusal(body: unknown, status: number, headers: HeaderReader): Refusal | undefined;
  readonly meanings: Readonly<Record<string, Meaning>>;
  /** Undefined for a word that Slipway has no advice for. */
  advice(apiCode: string, request: Pick<ApiRequest, 'method'>): Advice | undefined;
  /** The code for scripts of such a word, one of the provider’s own; `PROVIDER_ANSWER` for a word nobody foresaw. */
  ownCode(apiCode: string): ErrorCode;
  readonly pages: {
    /** What asks for the page of this number; the first is 1. */
    query(page: number): Query;
    /** Reads the number of the next page from an answer; undefined after the last one. */
    readonly next: z.ZodType<number | undefined>;
  };
}
