import { exitCodes } from './exit-codes.js';
import { SlipwayError } from './slipway-error.js';

/** Bad flags, a bad file, something that does not exist: nothing was changed (exit 2). */
export class UsageError extends SlipwayError {
  readonly exitCode = exitCodes.usage;
}

/** A safety check said no: nothing was changed (exit 3). */
export class RefusedError extends SlipwayError {
  readonly exitCode = exitCodes.refused;
}

/** Stopped half-way; the same command finishes the job (exit 4). */
export class IncompleteError extends SlipwayError {
  readonly exitCode = exitCodes.incomplete;
}

/** What is refused once something was changed is not "nothing was changed": the same error, as exit 4. */
export const halfWay = (error: RefusedError | UsageError): IncompleteError =>
  new IncompleteError(error.message, {
    code: error.code,
    hostCode: error.hostCode,
    hint: error.hint,
    details: error.details,
    cause: error,
  });

/** Work that goes on after a change: what it refuses, it refuses half-way. */
export async function refusedHalfWay<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RefusedError ? halfWay(error) : error;
  }
}

/** The same of work that reads what was asked for anew after a change, and so may find that it cannot be done. */
export async function stoppedHalfWay<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RefusedError || error instanceof UsageError ? halfWay(error) : error;
  }
}

/** A person said no (exit 6). */
export class DeclinedError extends SlipwayError {
  readonly exitCode = exitCodes.declined;
}

/** Another operation holds the cluster's lock (exit 7). */
export class BusyError extends SlipwayError {
  readonly exitCode = exitCodes.busy;
}

/** Ctrl-C or SIGTERM (exit 130). */
export class InterruptedError extends SlipwayError {
  readonly exitCode = exitCodes.interrupted;
}

/** A bug, or an unexpected response (exit 1). */
export class UnexpectedError extends SlipwayError {
  readonly exitCode = exitCodes.unexpected;
}

/** The message of anything that was thrown, with its causes: "a: b: c". */
export function messageOf(error: unknown): string {
  const parts: string[] = [];
  for (let e: unknown = error; e !== undefined && e !== null && parts.length < 5;) {
    const text = e instanceof Error ? e.message || e.name : typeof e === 'string' ? e : 'an unknown error';
    if (text && !parts.some((part) => part.includes(text))) parts.push(text);
    e = e instanceof Error ? e.cause : undefined;
  }
  return parts.join(': ');
}
