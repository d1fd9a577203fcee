import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { UnreachableError } from '../../../src/http/api/errors.js';
import { socket } from '../../../src/http/api/socket.js';
import type { ApiRequest } from '../../../src/http/api/types.js';
import { exampleDialect } from './example-cloud.js';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close().closeAllConnections()));

/** The address of a server that answers so. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const request: ApiRequest = {
  method: 'GET',
  path: '/servers',
  query: [],
  body: undefined,
  repeatable: true,
  headers: { authorization: 'Bearer hunter22' },
  deadlineMs: 60_000,
  signal: new AbortController().signal,
};

describe('a request to the API', () => {
  it('is not carried on to where a redirect points, with its token', async () => {
    const seen: unknown[] = [];
    const elsewhere = await serve(({ headers }, response) => {
      seen.push(headers);
      response.end('{}');
    });
    const api = await serve((_request, response) => response.writeHead(307, { location: `${elsewhere}/` }).end());
    await expect(socket(exampleDialect, api)(request)).rejects.toBeInstanceOf(UnreachableError);
    expect(seen).toEqual([]);
  });

  it('is given up when its answer grows beyond 16 MiB', async () => {
    const api = await serve((_request, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(2 ** 20, 32)));
      };
      response.on('drain', more);
      more();
    });
    await expect(socket(exampleDialect, api)(request)).rejects.toMatchObject({ code: 'PROVIDER_ANSWER' });
  });
});
