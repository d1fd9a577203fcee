import { setMaxListeners } from 'node:events';
import {
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

import { AnswerTooLarge, readText } from '../http/body.js';
import type { KubeServer } from './kubeconfig.js';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With query: `/api/v1/nodes?limit=500`. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  /** Bytes of an answer that is larger than the rest could rightly be; default: those of a list. */
  readonly answerAtMost?: number;
}

export interface KubeResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that could not be asked: nothing listens, no way there, no answer in time, a foreign certificate. */
export class ConnectionError extends Error {
  constructor(
    readonly address: string,
    readonly reason: string,
    cause: unknown,
  ) {
    super(`${address}: ${reason}`, { cause });
    this.name = 'ConnectionError';
  }
}

export interface Timeouts {
  /** Milliseconds until a connection stands, TLS included. */
  readonly connectMs: number;
  /** Milliseconds of silence until an answer is given up. */
  readonly silenceMs: number;
  /** Milliseconds until an answer that never falls silent is given up all the same; streams have no such end. */
  readonly wholeMs: number;
}

/**
 * Asks one server once and reads the whole answer, whatever its status.
 * @throws ConnectionError, AnswerTooLarge, or the signal's reason.
 */
export async function send(
  server: KubeServer,
  request: KubeRequest,
  timeouts: Timeouts,
  signal: AbortSignal,
): Promise<KubeResponse> {
  const response = await open(server, request, timeouts, signal);
  try {
    return await whole(response, timeouts, request.answerAtMost);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AnswerTooLarge) throw error;
    throw connectionError(server, error);
  }
}

/** Far more than a page of the largest objects that clusters have; a string of Node's could not be much longer. */
const listAtMost = 256 * 2 ** 20;

/** An answer read to its end. @throws AnswerTooLarge; an Overdue when it does not come to its end in time */
export async function whole(
  response: IncomingMessage,
  { wholeMs }: Timeouts,
  bytesAtMost = listAtMost,
): Promise<KubeResponse> {
  const { statusCode = 0, headers } = response;
  const overdue = setTimeout(() => response.destroy(new Overdue('no end')), wholeMs);
  try {
    return { status: statusCode, headers, body: await readText(response, bytesAtMost) };
  } finally {
    clearTimeout(overdue);
  }
}

/** Asks one server once; resolves with the head of the answer while the body still comes. */
export async function open(
  server: KubeServer,
  { method, path, contentType, body }: KubeRequest,
  timeouts: Timeouts,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  // One signal stands behind all requests of a command; how many listen is no leak.
  setMaxListeners(0, signal);
  const url = new URL(server.address.replace(/\/$/, '') + path);
  const headers = {
    accept: 'application/json',
    'user-agent': 'slipway',
    ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
    ...(await server.authorize()),
  };
  const sent: Sent = { url, method, headers, body, signal };
  try {
    return await overAKnown(server, sent, timeouts);
  } catch (first) {
    signal.throwIfAborted();
    if (!(first instanceof SentError)) throw first;
    // A kept connection may have been closed by the server in the instant it was used again.
    if (!first.onKeptConnection) throw connectionError(server, first.cause);
    return await overAKnown(server, sent, timeouts).catch((error: unknown) => {
      signal.throwIfAborted();
      throw connectionError(server, error instanceof SentError ? error.cause : error);
    });
  }
}

interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly body: string | undefined;
  readonly headers: OutgoingHttpHeaders;
  readonly signal: AbortSignal;
}

/** Over a connection whose certificate is known, where there is one; else over one that is verified. */
async function overAKnown(server: KubeServer, sent: Sent, timeouts: Timeouts): Promise<IncomingMessage> {
  const { known, certificates } = server;
  if (known) {
    try {
      return await once({ agent: known.agent, admits: (socket) => known.certificates.admits(socket) }, sent, timeouts);
    } catch (error) {
      if (!(error instanceof SentError && error.cause instanceof UnknownCertificate)) throw error;
    }
  }
  return once({ agent: server.agent, verified: (socket) => certificates?.remember(socket) }, sent, timeouts);
}

interface Way {
  readonly agent: HttpAgent;
  /** Whether a request may be sent over the connection; without it all may that the agent gives. */
  readonly admits?: (socket: Socket) => boolean;
  readonly verified?: (socket: Socket) => void;
}

/** @throws SentError, or the signal's reason */
function once(way: Way, { url, body, ...rest }: Sent, timeouts: Timeouts): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const outgoing = make(url, { ...rest, agent: way.agent });
    const overdue = (what: string): void => void outgoing.destroy(new Overdue(what));
    // Nothing leaves before the end of the request is known, so nothing leaves to a server that is not admitted.
    const admit = (socket: Socket): void => {
      if (way.admits?.(socket) === false) outgoing.destroy(new UnknownCertificate());
      else if (way.admits) outgoing.end(body);
    };
    // Waiting for a free connection is not silence, so the clocks start with the connection.
    outgoing.once('socket', (socket) => {
      const silent = (): void => void outgoing.setTimeout(timeouts.silenceMs, () => overdue('no answer'));
      if (!socket.connecting) {
        silent();
        return admit(socket);
      }
      const connecting = setTimeout(() => overdue('no connection'), timeouts.connectMs);
      const settled = (): void => clearTimeout(connecting);
      outgoing.once('close', settled);
      socket.once(url.protocol === 'http:' ? 'connect' : 'secureConnect', () => {
        settled();
        // Finds out within seconds when the machine behind the connection is gone without a word.
        socket.setKeepAlive(true, 5_000);
        silent();
        way.verified?.(socket);
        admit(socket);
      });
    });
    outgoing.on('error', (error) => reject(new SentError(error, outgoing.reusedSocket)));
    outgoing.once('response', resolve);
    if (!way.admits) outgoing.end(body);
  });
}

class UnknownCertificate extends Error {}

class Overdue extends Error {
  readonly code = 'ETIMEDOUT';
}

class SentError extends Error {
  constructor(
    cause: unknown,
    readonly onKeptConnection: boolean,
  ) {
    super('not answered', { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection lost',
  EPIPE: 'connection lost',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of another cluster',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of another cluster',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of another cluster',
  CERT_SIGNATURE_FAILURE: 'its certificate is of another cluster',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is not for this address',
};

/** The reason is chosen from a list: messages of the TLS layer can carry parts of certificates. */
export function connectionError(server: KubeServer, error: unknown): ConnectionError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new ConnectionError(server.address, reasons[code] ?? `failed (${code})`, error);
}
