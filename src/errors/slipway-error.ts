import type { ErrorCode } from './codes/index.js';
import type { ExitCode } from './exit-codes.js';

export interface SlipwayErrorOptions {
  /** Stable, for scripts; what each means is in docs/reference/errors.md: `SSH_UNREACHABLE`. */
  readonly code: ErrorCode;
  /** What a script on a machine ended with, where one did: `DISK_FULL`. */
  readonly hostCode?: string | undefined;
  /** What to do next, as a sentence, with the next command where there is one. */
  readonly hint?: string | undefined;
  /** Further lines under the message: one per problem, or the last output of what failed. Never a secret. */
  readonly details?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/**
 * An error a user can act on. `message` says what happened, with the value; `hint` what to do next; `cause` keeps
 * the original. All fields are shown in `--json`, so none may hold a secret.
 */
export abstract class SlipwayError extends Error {
  abstract readonly exitCode: ExitCode;
  readonly code: ErrorCode;
  readonly hostCode: string | undefined;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(message: string, options: SlipwayErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.hostCode = options.hostCode;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }

  toJSON(): {
    code: ErrorCode;
    hostCode?: string;
    message: string;
    hint?: string;
    details?: readonly string[];
    exitCode: number;
  } {
    return {
      code: this.code,
      ...(this.hostCode === undefined ? {} : { hostCode: this.hostCode }),
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details.length === 0 ? {} : { details: this.details }),
      exitCode: this.exitCode,
    };
  }
}
