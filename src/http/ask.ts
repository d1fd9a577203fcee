import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';

import { readText } from './body.js';

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** The most that is read of an answer. */
  readonly bytesAtMost: number;
  /** How many redirects are followed; none by default. Another host than the first gets none of the headers. */
  readonly redirects?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: HeaderReader;
  readonly text: string;
}

export interface HeaderReader {
  /** By any spelling of its name; null where it is not there. */
  get(name: string): string | null;
}

/** Milliseconds until a connection stands. */
const connectMs = 10_000;

/** The connection did not come about, so that nothing was sent. */
export class NoConnection extends Error {
  readonly code = 'NO_CONNECTION';
  constructor() {
    super(`no connection within ${connectMs / 1000} s`);
  }
}

/** Idle connections are kept for less time than servers keep them, which else close one that is just used again. */
const keep = { keepAlive: true, timeout: 4_000 };
let agents: { readonly http: HttpAgent; https?: HttpAgent } | undefined;

/**
 * One question by HTTP, its answer read to the end. Node's own `fetch` takes as much processor time to load as the rest of
 * a short command.
 * @throws AnswerTooLarge; NoConnection; the signal's reason; what Node says of a connection that broke
 */
export async function ask(address: string | URL, question: Question): Promise<Answer> {
  const { signal, bytesAtMost, redirects = 0 } = question;
  const url = new URL(address);
  try {
    const response = await open(url, question);
    const { statusCode: status = 0, headers } = response;
    const target = status >= 300 && status < 400 ? headers.location : undefined;
    if (target !== undefined) {
      response.destroy();
      const next = new URL(target, url);
      if (redirects === 0) throw new Error(`it redirects to another place (${status})`);
      return await ask(next, {
        ...question,
        ...(next.origin === url.origin ? {} : { headers: {} }),
        redirects: redirects - 1,
      });
    }
    const text = await readText(response, bytesAtMost);
    const get = (name: string): string | null => [headers[name.toLowerCase()] ?? []].flat().join(', ') || null;
    return { status, headers: { get }, text };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function open(url: URL, { method = 'GET', headers = {}, body, signal }: Question): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const { request, agent } = await transportFor(url);
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers, ...length }, agent, signal });
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return;
      const overdue = setTimeout(() => outgoing.destroy(new NoConnection()), connectMs);
      const settled = (): void => clearTimeout(overdue);
      socket.once(url.protocol === 'http:' ? 'connect' : 'secureConnect', settled);
      outgoing.once('close', settled);
    });
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

/** TLS is only loaded where it is spoken. */
async function transportFor(url: URL): Promise<{ request: typeof httpRequest; agent: HttpAgent }> {
  agents ??= { http: new HttpAgent(keep) };
  if (url.protocol === 'http:') return { request: httpRequest, agent: agents.http };
  const { Agent, request } = await import('node:https');
  agents.https ??= new Agent(keep);
  return { request, agent: agents.https };
}
