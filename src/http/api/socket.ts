import { setMaxListeners } from 'node:events';

import { ask } from '../ask.js';
import { AnswerTooLarge } from '../body.js';
import type { ApiDialect } from './dialect.js';
import { UnreachableError, unexpectedAnswer } from './errors.js';
import { type ApiRequest, nameOf, queryString, type Send } from './types.js';

/** Codes that mean the request never left: no name, no route, no connection, no trust. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'NO_CONNECTION',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** A page of fifty servers, each with its forty volumes, is a hundredth of it. */
const bytesAtMost = 16 * 2 ** 20;

/**
 * The innermost link: one question, its answer read to the end or to its limit, both within the request's deadline.
 * @throws UnreachableError when no complete answer arrived; UnexpectedError code PROVIDER_ANSWER when it is too large; the signal's reason when aborted.
 */
export function socket(dialect: ApiDialect, endpoint: string): Send {
  const base = endpoint.replace(/\/+$/, '');
  return async (request) => {
    const url = `${base}${request.path}${queryString(request.query)}`;
    const deadline = withDeadline(request);
    try {
      return await ask(url, {
        method: request.method,
        headers: {
          ...request.headers,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: deadline.signal,
        bytesAtMost,
      });
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof AnswerTooLarge) throw unexpectedAnswer(dialect, nameOf(request), error.message);
      throw new UnreachableError(dialect, nameOf(request), !neverSent.has(codeOf(error)), error);
    } finally {
      deadline.clear();
    }
  };
}

/** A signal of its own for one request; `AbortSignal.any` on a signal that lives long would keep every request. */
function withDeadline(request: ApiRequest): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const aborted = (): void => controller.abort(request.signal.reason);
  // Many requests share one signal; that is no leak, since each takes its listener back.
  setMaxListeners(0, request.signal);
  if (request.signal.aborted) aborted();
  request.signal.addEventListener('abort', aborted);
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${request.deadlineMs / 1000} s`)),
    request.deadlineMs,
  );
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', aborted);
    },
  };
}

function codeOf(error: unknown): string {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof AggregateError && e.errors.length > 0) return codeOf(e.errors[0]);
    const code = 'code' in e ? e.code : undefined;
    if (typeof code === 'string') return code;
  }
  return '';
}
