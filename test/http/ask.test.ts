import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { ask } from '../../src/http/ask.js';
import { AnswerTooLarge } from '../../src/http/body.js';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close().closeAllConnections()));

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const question = { signal: new AbortController().signal, bytesAtMost: 1024 };

describe('ask', () => {
  it('carries method, headers and body there, and status, headers and text back', async () => {
    const at = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () =>
        response
          .writeHead(201, { 'X-Told': `${request.method} ${String(request.headers['x-asked'])}` })
          .end(`${body}, ${request.headers['content-length']} bytes`),
      );
    });
    const { status, headers, text } = await ask(at, {
      ...question,
      method: 'PUT',
      headers: { 'X-Asked': 'well' },
      body: 'naïve',
    });
    expect([status, headers.get('x-told'), headers.get('X-Other'), text]).toEqual([
      201,
      'PUT well',
      null,
      'naïve, 6 bytes',
    ]);
  });

  it('uses a connection again, one after the other', async () => {
    const seen = new Set<Socket>();
    const at = await serve(({ socket }, response) => void (seen.add(socket), response.end()));
    for (let i = 0; i < 3; i++) await ask(at, question);
    expect(seen.size).toBe(1);
  });

  it('follows as many redirects as it is told to, and else none', async () => {
    const asked: string[] = [];
    const at = await serve(({ url }, response) => {
      asked.push(url!);
      if (url === '/end') response.end('here');
      else response.writeHead(302, { location: url === '/' ? '/next' : '/end' }).end();
    });
    await expect(ask(at, { ...question, redirects: 2 })).resolves.toMatchObject({ status: 200, text: 'here' });
    asked.length = 0;
    await expect(ask(at, { ...question, redirects: 1 })).rejects.toThrow('redirects to another place (302)');
    await expect(ask(at, question)).rejects.toThrow('redirects');
    expect(asked).toEqual(['/', '/next', '/']);
  });

  it('takes no header along to another host, least of all a token', async () => {
    const seen: (string | undefined)[] = [];
    const note = ({ headers }: IncomingMessage): void => void seen.push(headers.authorization);
    const elsewhere = await serve((request, response) => (note(request), response.end('here')));
    const at = await serve((request, response) => {
      note(request);
      response.writeHead(302, { location: request.url === '/' ? '/next' : elsewhere }).end();
    });
    const headers = { authorization: 'Bearer hunter2' };
    await expect(ask(at, { ...question, headers, redirects: 2 })).resolves.toMatchObject({ text: 'here' });
    expect(seen).toEqual(['Bearer hunter2', 'Bearer hunter2', undefined]);
  });

  it('reads no more of an answer than it is told to', async () => {
    const at = await serve((_request, response) => response.end(Buffer.alloc(2048, 32)));
    await expect(ask(at, question)).rejects.toBeInstanceOf(AnswerTooLarge);
  });

  it('ends with the signal’s reason before the answer, and in the middle of it', async () => {
    const reason = new Error('no time left');
    for (const begin of [false, true]) {
      const controller = new AbortController();
      const at = await serve((_request, response) => {
        if (begin) response.write('half');
        setImmediate(() => controller.abort(reason));
      });
      await expect(ask(at, { ...question, signal: controller.signal })).rejects.toBe(reason);
      await expect(ask(at, { ...question, signal: controller.signal })).rejects.toBe(reason);
    }
  });

  it('says of a connection that breaks in the middle of an answer what Node says', async () => {
    const at = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.socket?.destroy());
    });
    await expect(ask(at, question)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('says that nobody listens', async () => {
    const at = await serve(() => undefined);
    servers[0]!.close();
    await expect(ask(at, question)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
