import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxClock } from '../types.js';
import { ApiError, forbidden, jsonError, notFound, rateLimitExceeded, refused, unauthorized } from './errors.js';
import type { CallEffect } from './faults.js';
import { linkHeader } from './paging.js';
import type { RateStanding } from './rate-limit.js';
import type { ApiAnswer, Router } from './routes.js';
import type { World } from './world.js';

export interface Token {
  readonly token: string;
  readonly access: 'read-write' | 'read-only';
}

export interface HttpPort {
  readonly world: World;
  readonly router: Router;
  readonly tokens: readonly Token[];
  /** Real time, for delays that were ordered in real milliseconds. */
  readonly realClock: Pick<SandboxClock, 'after'>;
  takeRate(): RateStanding;
  /** Told when the work of a request is done, before its answer is on the way. */
  answered(): void;
}

const maxBodyBytes = 1024 * 1024;
const prefix = '/v1';

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw refused('invalid_input', 'request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw jsonError();
  }
}

/** @throws ApiError unauthorized, forbidden */
function authenticate(tokens: readonly Token[], request: IncomingMessage): void {
  const [, given] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  authorize(tokens, given, request.method ?? 'GET');
}

/** @throws ApiError unauthorized, forbidden */
function authorize(tokens: readonly Token[], given: string | undefined, method: string): void {
  const token = tokens.find((one) => one.token === given);
  if (!token) throw unauthorized();
  if (token.access === 'read-only' && method !== 'GET') throw forbidden();
}

const ordered = ({ error }: Extract<CallEffect, { readonly error: unknown }>): ApiError =>
  refused(error.code, error.message, error.status);

const cut = (response: ServerResponse): void => {
  response.socket?.destroy();
};

/** Answers one request: rate limit, ordered faults, authentication, the work itself, and then the time an answer takes. */
export async function serve(port: HttpPort, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world } = port;
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const rate = port.takeRate();
  let fault: CallEffect | undefined;
  let answer: ApiAnswer;
  try {
    const text = await readText(request);
    if (!url.pathname.startsWith(`${prefix}/`)) throw notFound();
    const path = url.pathname.slice(prefix.length);
    if (!rate.allowed) throw rateLimitExceeded(rate.limit);
    fault = world.faults.call(method, path);
    if (fault && 'dropBefore' in fault) return cut(response);
    if (fault && 'error' in fault && !fault.done) throw ordered(fault);
    authenticate(port.tokens, request);
    const { route, id, subId } = port.router.find(method, path);
    answer = route.handler(world, { id, subId, query: url.searchParams, body: parseJson(text) });
    if (fault && 'error' in fault) throw ordered(fault);
  } catch (error) {
    answer = answerOf(error);
  }
  port.answered();
  const send = (): void => {
    if (fault && 'drop' in fault) cut(response);
    else write(response, url, answer, rate, world);
  };
  const late = fault && 'delayMs' in fault ? fault.delayMs : 0;
  const afterLatency = late > 0 ? () => void port.realClock.after(late, send) : send;
  const latency = world.profile.apiLatencyMs;
  if (latency > 0) world.clock.after(latency, afterLatency);
  else afterLatency();
}

export interface DirectCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/servers?name=x`. */
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
}

/** A request from inside the sandbox, such as a cluster's own controller makes: the same rules, no time on the way. */
export function direct(port: HttpPort, { method, path, token, body }: DirectCall): ApiAnswer {
  const url = new URL(path, 'http://sandbox');
  try {
    const fault = port.world.faults.call(method, url.pathname);
    if (fault && 'error' in fault && !fault.done) throw ordered(fault);
    authorize(port.tokens, token, method);
    const { route, id, subId } = port.router.find(method, url.pathname);
    const answer = route.handler(port.world, { id, subId, query: url.searchParams, body });
    if (fault && 'error' in fault) throw ordered(fault);
    return answer;
  } catch (error) {
    return answerOf(error);
  } finally {
    port.answered();
  }
}

/** What went wrong by a mistake of the sandbox's own is an error of the backend, as it would be there. */
function answerOf(error: unknown): ApiAnswer {
  if (error instanceof ApiError) return { status: error.status, body: error.body() };
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: new ApiError(500, 'server_error', `sandbox: ${message}`).body() };
}

function write(response: ServerResponse, url: URL, answer: ApiAnswer, rate: RateStanding, world: World): void {
  if (response.destroyed || response.writableEnded) return;
  response.statusCode = answer.status;
  response.setHeader('RateLimit-Limit', String(rate.limit));
  response.setHeader('RateLimit-Remaining', String(rate.remaining));
  response.setHeader('RateLimit-Reset', String(rate.reset));
  response.setHeader('X-Correlation-Id', world.random.bytes(8).toString('hex'));
  const link = answer.page ? linkHeader(url, answer.page) : '';
  if (link !== '') response.setHeader('Link', link);
  if (answer.body === undefined) {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(answer.body));
}
