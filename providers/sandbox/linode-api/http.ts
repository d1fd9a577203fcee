import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallEffect } from '../hetzner-api/faults.js';
import type { Token } from '../hetzner-api/http.js';
import type { SandboxClock } from '../types.js';
import { badToken, invalid, LinodeError, notFound, outOfScope, tooMany } from './errors.js';
import { filtered } from './filter.js';
import { classOf, type RateLimits, type Standing } from './rate-limit.js';
import type { Found, LinodeAnswer, Router } from './routes.js';
import type { World } from './world.js';

export interface HttpPort {
  readonly world: World;
  readonly router: Router;
  readonly tokens: readonly Token[];
  readonly rates: RateLimits;
  /** Real time, for delays that were ordered in real milliseconds. */
  readonly realClock: Pick<SandboxClock, 'after'>;
  /** Told when the work of a request is done, before its answer is on the way. */
  answered(): void;
}

export interface DirectCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the version: `/v4/linode/instances?page_size=500`. */
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  /** The header `X-Filter`. */
  readonly filter?: string | undefined;
}

interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly filter: string | undefined;
}

const bytesAtMost = 1024 * 1024;
const version = /^\/v4(beta)?(?=\/)/;
const pageSizes = { smallest: 25, usual: 100, largest: 500 };

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesAtMost) throw invalid('Request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('Invalid JSON');
  }
}

/** @throws LinodeError 401 */
function authorize(tokens: readonly Token[], given: string | undefined, method: string): void {
  const token = tokens.find((one) => one.token === given);
  if (!token) throw badToken();
  if (token.access === 'read-only' && method !== 'GET') throw outOfScope();
}

/** @throws LinodeError 400, field `page` or `page_size` */
function pageOf(items: readonly object[], query: URLSearchParams): LinodeAnswer {
  const size = Number(query.get('page_size') ?? pageSizes.usual);
  if (!Number.isInteger(size) || size < pageSizes.smallest || size > pageSizes.largest)
    throw invalid(`Must be ${pageSizes.smallest}-${pageSizes.largest}`, 'page_size');
  const pages = Math.max(1, Math.ceil(items.length / size));
  const page = Number(query.get('page') ?? 1);
  if (!Number.isInteger(page) || page < 1 || page > pages) throw new LinodeError(404, [{ reason: 'Not found' }]);
  return { body: { data: items.slice((page - 1) * size, page * size), page, pages, results: items.length } };
}

function work({ world, router }: HttpPort, { method, url, body, filter }: Sent): LinodeAnswer {
  const { route, params }: Found = router.find(method, url.pathname.replace(version, ''));
  const request = { ...params, query: url.searchParams, body };
  if (route.items)
    return pageOf(filtered(route.items(world, request), filter, route.filterable ?? []), url.searchParams);
  return route.handler!(world, request);
}

const ordered = ({ error }: Extract<CallEffect, { readonly error: unknown }>): LinodeError =>
  new LinodeError(error.status, [{ reason: error.message }], error.headers);

const cut = (response: ServerResponse): void => {
  response.socket?.destroy();
};

type Reply = LinodeAnswer & { readonly headers?: Readonly<Record<string, string>> };

/** Answers one request: rate limit, ordered faults, authentication, the work itself, and then the time an answer takes. */
export async function serve(port: HttpPort, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world, router, rates } = port;
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const path = url.pathname.replace(version, '');
  const standing = rates.take(
    classOf(method, path, router.isList(method, path)),
    world.clock.now(),
    world.profile.timeScale,
  );
  let fault: CallEffect | undefined;
  let reply: Reply;
  try {
    const text = await readText(request);
    if (!version.test(url.pathname)) throw notFound();
    if (!standing.allowed) throw tooMany(standing.wait);
    fault = world.faults.call(method, path);
    if (fault && 'dropBefore' in fault) return cut(response);
    if (fault && 'error' in fault && !fault.done) throw ordered(fault);
    authorize(port.tokens, /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1], method);
    const filter = request.headers['x-filter'];
    reply = work(port, { method, url, body: parseJson(text), filter: Array.isArray(filter) ? filter[0] : filter });
    if (fault && 'error' in fault) throw ordered(fault);
  } catch (error) {
    reply = replyTo(error);
  }
  port.answered();
  const send = (): void => (fault && 'drop' in fault ? cut(response) : write(response, reply, standing));
  const late = fault && 'delayMs' in fault ? fault.delayMs : 0;
  const afterLatency = late > 0 ? () => void port.realClock.after(late, send) : send;
  const latency = world.profile.apiLatencyMs;
  if (latency > 0) world.clock.after(latency, afterLatency);
  else afterLatency();
}

/** A request from inside the sandbox, such as a cluster's own controller makes: the same rules, no time on the way. */
export function direct(
  port: HttpPort,
  { method, path, token, body, filter }: DirectCall,
): { status: number; body: object } {
  const url = new URL(path, 'http://sandbox');
  try {
    const fault = port.world.faults.call(method, url.pathname.replace(version, ''));
    if (fault && 'error' in fault && !fault.done) throw ordered(fault);
    authorize(port.tokens, token, method);
    const { body: answer, status = 200 } = work(port, { method, url, body, filter });
    if (fault && 'error' in fault) throw ordered(fault);
    return { status, body: answer };
  } catch (error) {
    const { status = 500, body: answer } = replyTo(error);
    return { status, body: answer };
  } finally {
    port.answered();
  }
}

/** What went wrong by a mistake of the sandbox's own is an error of the backend, as it would be there. */
function replyTo(error: unknown): Reply {
  if (error instanceof LinodeError) return { status: error.status, body: error.body(), headers: error.headers };
  const reason = `sandbox: ${error instanceof Error ? error.message : String(error)}`;
  return { status: 500, body: { errors: [{ reason }] } };
}

function write(response: ServerResponse, { body, status = 200, headers = {} }: Reply, standing: Standing): void {
  if (response.destroyed || response.writableEnded) return;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'X-RateLimit-Limit': String(standing.limit),
    'X-RateLimit-Remaining': String(standing.remaining),
    'X-RateLimit-Reset': String(standing.reset),
    'X-Spec-Version': '4.208.1',
    ...headers,
  });
  response.end(JSON.stringify(body));
}
