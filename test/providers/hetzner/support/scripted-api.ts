import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { openBoundary, type Boundary } from '../../../../src/domain/boundary.js';
import type { Clock } from '../../../../src/domain/clock.js';
import { Secret } from '../../../../src/domain/secret.js';
import { HetznerApi } from '../../../../providers/hetzner/client/api.js';
import { FakeClock, fixedRandom } from '../../../support/fake-clock.js';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `'hang'` never answers, `'cut'` ends the connection without an answer. */
export type Answer = Reply | 'hang' | 'cut';

export interface ScriptedApi {
  readonly api: HetznerApi;
  readonly clock: Clock;
  readonly seen: SeenRequest[];
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface ScriptOptions {
  readonly boundary?: Boundary;
  readonly clock?: Clock;
  readonly log?: (line: string) => void;
  readonly token?: string;
}

export const wireError = (status: number, code: string, message = code, details: unknown = null): Reply => ({
  status,
  body: { error: { code, message, details } },
});

/** A real HTTP server that answers what `script` says, with the client under test pointed at it. */
export async function scriptedApi(
  script: (request: SeenRequest, nth: number) => Answer,
  options: ScriptOptions = {},
): Promise<ScriptedApi> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const url = new URL(request.url ?? '/', 'http://scripted');
      const one: SeenRequest = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        authorization: request.headers.authorization,
      };
      seen.push(one);
      const answer = script(one, seen.length);
      if (answer === 'hang') return;
      if (answer === 'cut') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(
        answer.body === undefined ? '' : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = options.clock ?? new FakeClock();
  const api = new HetznerApi({
    endpoint,
    token: options.token === '' ? undefined : new Secret(options.token ?? 'token-of-the-test'),
    clock,
    random: fixedRandom,
    boundary: options.boundary ?? openBoundary,
    pace: 1,
    log: options.log,
  });
  return {
    api,
    clock,
    seen,
    endpoint,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
