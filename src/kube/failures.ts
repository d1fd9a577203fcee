import {
  IncompleteError,
  InterruptedError,
  messageOf,
  SlipwayError,
  UnexpectedError,
  UsageError,
} from '../errors/index.js';
import { AnswerTooLarge } from '../http/body.js';
import { jsonOrUndefined } from '../http/json.js';
import { EndlessList } from '../http/pages.js';
import type { ConnectionError, KubeResponse } from './transport.js';
import type { WireStatus } from './wire.js';

/** The API answered, and the answer is no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly answer: WireStatus,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(answer.message ?? `HTTP ${status}`);
    this.name = 'ApiError';
  }
}

/**
 * The answer is none of the API's: a proxy's page, a login, a text that breaks off. What it says is left out, since it may
 * be part of a Secret.
 */
export class UnreadableAnswer extends Error {
  constructor({ status, headers }: Pick<KubeResponse, 'status' | 'headers'>) {
    super(`the answer is no JSON object (HTTP ${status}, ${headers['content-type'] ?? 'of no type'})`);
    this.name = 'UnreadableAnswer';
  }
}

/** No server could be asked. */
export class UnreachableError extends Error {
  constructor(readonly failures: readonly ConnectionError[]) {
    super('no server answered');
    this.name = 'UnreachableError';
  }
}

export function apiError(response: KubeResponse): ApiError {
  const header = Number(response.headers['retry-after']);
  const value = jsonOrUndefined(response.body);
  const isStatus = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
  // Of a proxy's page, or of plain text, the status code has to do.
  const answer = isStatus ? (value as WireStatus) : {};
  const retryAfter = Number.isFinite(header) ? header : answer.details?.retryAfterSeconds;
  return new ApiError(response.status, answer, retryAfter);
}

/**
 * Whether asking again a little later may help: the server is starting, busy, or etcd is choosing a leader. Every
 * request made here may be repeated without harm.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 429) return !isDisruptionBudget(error);
  if (error.status === 500) return /etcdserver|leader changed|raft|timed out|timeout/i.test(error.message);
  return error.status === 502 || error.status === 503 || error.status === 504;
}

/** It knows the API, but not by these credentials: asking again does not help. */
export const isUnauthorized = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 401;

/** Whether an eviction is held back by a PodDisruptionBudget rather than by a busy server. */
export function isDisruptionBudget(error: ApiError): boolean {
  return (
    error.answer.details?.causes?.some((cause) => cause.reason === 'DisruptionBudget') === true ||
    /disruption budget/i.test(error.message)
  );
}

/**
 * What an error of the API means to a person.
 * @param doing what was asked, such as `PATCH nodes/demo-cp-1`
 * @param sensitive the object is a secret: what the API says of it is left out, it may repeat a part
 */
export function kubeFailure(error: unknown, doing: string, sensitive = false): SlipwayError {
  if (error instanceof SlipwayError) return error;
  if (error instanceof UnreachableError) {
    return new IncompleteError('The Kubernetes API does not answer.', {
      code: 'KUBE_UNREACHABLE',
      hint: 'Check that the machines run and that the API’s firewall allows your address, then run the same command again.',
      details: error.failures.map((failure) => failure.message),
    });
  }
  if (error instanceof AnswerTooLarge || error instanceof EndlessList || error instanceof UnreadableAnswer) {
    const fills = error instanceof UnreadableAnswer ? '' : ', and what fills the cluster';
    return new IncompleteError(`${doing} failed: ${error.message}.`, {
      code: 'KUBE_ERROR',
      hint: `Check what answers at the API’s address${fills}, then run the same command again.`,
      cause: error,
    });
  }
  if (!(error instanceof ApiError)) {
    return error instanceof Error && error.name === 'AbortError'
      ? new InterruptedError(`Interrupted during ${doing}.`, { code: 'INTERRUPTED', cause: error })
      : new UnexpectedError(`${doing} failed: ${messageOf(error)}.`, { code: 'KUBE_ERROR', cause: error });
  }
  const causes = (error.answer.details?.causes ?? []).map(({ field, message }) =>
    [field, message].filter((part) => part !== undefined && part !== '').join(': '),
  );
  const said = sensitive ? `HTTP ${error.status}` : error.message;
  const details = sensitive ? [] : causes;
  switch (error.status) {
    case 401:
      return new IncompleteError('The Kubernetes API does not accept the cluster’s credentials.', {
        code: 'KUBE_UNAUTHORIZED',
        hint: 'They may have expired, or belong to an earlier cluster of this name. Fetch them again: `slipway cluster adopt` with the cluster’s name.',
      });
    case 403:
      return new IncompleteError(`The Kubernetes API does not allow ${doing}: ${said}.`, {
        code: 'KUBE_FORBIDDEN',
        hint: 'Use the cluster’s own kubeconfig, which is an administrator’s.',
        details,
      });
    case 404:
      return new IncompleteError(`${doing}: there is no such thing in the cluster (${said}).`, {
        code: 'KUBE_NOT_FOUND',
        hint: 'It may just have been removed; run the same command again.',
        details,
      });
    case 409:
      return new IncompleteError(`${doing} met a change by somebody else: ${said}.`, {
        code: 'KUBE_CONFLICT',
        hint: 'Run the same command again; if it stays, two tools manage the same fields and one has to let go of them.',
        details,
      });
    case 400:
    case 422:
      return new UsageError(`The Kubernetes API finds ${doing} invalid: ${said}.`, {
        code: 'KUBE_INVALID',
        hint: 'Correct the values that lead to this object.',
        details,
      });
    default:
      return new IncompleteError(`${doing} failed: ${said} (HTTP ${error.status}).`, {
        code: 'KUBE_ERROR',
        hint: 'Look at the control plane with `slipway cluster status`, then run the same command again.',
        details,
      });
  }
}
