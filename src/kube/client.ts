import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

import { withBoundary, type Boundary } from '../domain/boundary.js';
import type { Clock } from '../domain/clock.js';
import { jsonOrUndefined } from '../http/json.js';
import { apiError, isTransient, isUnauthorized, kubeFailure, UnreachableError, UnreadableAnswer } from './failures.js';
import type { KubeServer } from './kubeconfig.js';
import {
  ConnectionError,
  connectionError,
  open,
  send,
  whole,
  type KubeRequest,
  type KubeResponse,
  type Timeouts,
} from './transport.js';

export interface ClientOptions {
  readonly servers: readonly KubeServer[];
  readonly boundary: Boundary;
  readonly clock: Clock;
  readonly timeouts?: Timeouts;
  /** Milliseconds in which transient errors (a server restarts, etcd elects) are retried. */
  readonly patienceMs?: number;
  /** Characters that all pages of a list may have together; default: far more than any list has. */
  readonly listAtMost?: number;
}

const defaultTimeouts: Timeouts = { connectMs: 4_000, silenceMs: 30_000, wholeMs: 120_000 };
/** What is asked of a log is a small part of it. */
const textAtMost = 4 * 2 ** 20;
const defaultPatienceMs = 15_000;

/** Speaks JSON with whichever server answers, and stays with the one that did. */
export class KubeClient {
  readonly clock: Clock;
  readonly listAtMost: number | undefined;
  readonly #servers: readonly KubeServer[];
  readonly #boundary: Boundary;
  readonly #timeouts: Timeouts;
  readonly #patienceMs: number;
  #good = 0;

  constructor(options: ClientOptions) {
    this.clock = options.clock;
    this.listAtMost = options.listAtMost;
    this.#servers = options.servers;
    this.#boundary = options.boundary;
    this.#timeouts = options.timeouts ?? defaultTimeouts;
    this.#patienceMs = options.patienceMs ?? defaultPatienceMs;
  }

  /** @throws ApiError, UnreachableError, UnreadableAnswer */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    return parse(await this.#withRetry({ method: 'GET', path }, signal));
  }

  /** As `get`, with the characters of the answer. @throws as `get` */
  async getSized(path: string, signal: AbortSignal): Promise<{ readonly value: unknown; readonly size: number }> {
    const response = await this.#withRetry({ method: 'GET', path }, signal);
    return { value: parse(response), size: response.body.length };
  }

  /** A request that changes nothing though it is no GET. @throws ApiError, UnreachableError, UnreadableAnswer */
  async ask(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    return parse(await this.#withRetry(request, signal));
  }

  /** An answer that is text: a log. @throws ApiError, UnreachableError */
  async text(path: string, signal: AbortSignal): Promise<string> {
    return (await this.#withRetry({ method: 'GET', path, answerAtMost: textAtMost }, signal)).body;
  }

  /**
   * A change, which may be sent more than once. Passes the boundary as `PATCH nodes/demo-cp-1`.
   * @throws ApiError, UnreachableError, UnreadableAnswer
   */
  async write(request: KubeRequest, what: string, signal: AbortSignal): Promise<unknown> {
    return withBoundary(this.#boundary, 'kube', `${request.method} ${what}`, async () =>
      parse(await this.#withRetry(request, signal)),
    );
  }

  /** Opens a stream on a server that answers. @throws ApiError, UnreachableError; neither is sat out. */
  async stream(path: string, silenceMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    const timeouts = { ...this.#timeouts, silenceMs };
    const response = await this.#withFailover((server) =>
      open({ ...server, agent: server.streams, known: undefined }, { method: 'GET', path }, timeouts, signal),
    );
    if (response.statusCode === 200) return response;
    throw apiError(await whole(response, timeouts));
  }

  /** Opens a tunnel through a server that answers. @throws ApiError, UnreachableError; neither is sat out. */
  async tunnel(path: string, signal: AbortSignal): Promise<WebSocket> {
    const { NoTunnel, openTunnel } = await import('./port-forward.js');
    return this.#withFailover(async (server) => {
      signal.throwIfAborted();
      try {
        return await openTunnel(server.address.replace(/^http/, 'ws').replace(/\/$/, '') + path, {
          agent: server.streams,
          headers: { 'user-agent': 'slipway', ...(await server.authorize()) },
          handshakeTimeout: this.#timeouts.silenceMs,
        });
      } catch (error) {
        if (error instanceof NoTunnel) throw apiError(await whole(error.response, this.#timeouts));
        throw connectionError(server, error);
      }
    });
  }

  /** Whether any server says it is ready. All are asked at once, so that dead ones cost no time. */
  async ready(signal: AbortSignal): Promise<boolean> {
    const timeouts = { ...this.#timeouts, silenceMs: Math.min(5_000, this.#timeouts.silenceMs) };
    const rest = new AbortController();
    const asked = AbortSignal.any([signal, rest.signal]);
    const answers = this.#servers.map(async (server, index) => {
      const answer = await send(server, { method: 'GET', path: '/readyz' }, timeouts, asked);
      // One who may not ask this may ask other things, and is told so by them.
      if (answer.status !== 200 && answer.status !== 403) throw apiError(answer);
      return index;
    });
    try {
      this.#good = await Promise.any(answers);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const refused = error instanceof AggregateError ? error.errors.find(isUnauthorized) : undefined;
      if (refused !== undefined) throw refused;
      return false;
    } finally {
      rest.abort();
    }
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  async #withRetry(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const deadline = this.clock.monotonic() + this.#patienceMs;
    for (let pause = 200; ; pause = Math.min(pause * 2, 3_000)) {
      try {
        const response = await this.#withFailover(async (server) => {
          const answer = await send(server, request, this.#timeouts, signal);
          // A server that is just starting or stopping says so; another one may be fine.
          if (answer.status === 502 || answer.status === 503) throw new Unready(answer);
          return answer;
        });
        if (response.status < 400) return response;
        throw apiError(response);
      } catch (error) {
        signal.throwIfAborted();
        if (!isTransient(error) || this.clock.monotonic() + pause > deadline) throw error;
      }
      await this.clock.sleep(pause, signal);
    }
  }

  /** Asks the server that last answered, then the others. */
  async #withFailover<T>(ask: (server: KubeServer) => Promise<T>): Promise<T> {
    const failures: ConnectionError[] = [];
    let unready: Unready | undefined;
    const start = this.#good;
    for (let turn = 0; turn < this.#servers.length; turn++) {
      const index = (start + turn) % this.#servers.length;
      try {
        const result = await ask(this.#servers[index]!);
        this.#good = index;
        return result;
      } catch (error) {
        if (error instanceof Unready) unready = error;
        else if (error instanceof ConnectionError) failures.push(error);
        else throw error;
      }
    }
    throw unready ? apiError(unready.response) : new UnreachableError(failures);
  }
}

class Unready extends Error {
  constructor(readonly response: KubeResponse) {
    super('not ready');
  }
}

/** @throws UnreadableAnswer; everything that the API answers is an object, even to a deletion. */
function parse(response: KubeResponse): unknown {
  const value = jsonOrUndefined(response.body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableAnswer(response);
  return value;
}

/** Runs work whose errors are still those of the wire, and answers with what they mean. */
export async function withKubeErrors<T>(doing: string, work: () => Promise<T>, sensitive = false): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isAbort(error) ? error : kubeFailure(error, doing, sensitive);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
