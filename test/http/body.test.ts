import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from 'vitest';

import { AnswerTooLarge, readText } from '../../src/http/body.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  server = undefined;
});

/** A server that sends the same chunk until nobody listens any more, and counts what it sent. */
async function endless(): Promise<{ readonly url: string; readonly ended: Promise<number> }> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let told: (sent: number) => void;
  const ended = new Promise<number>((resolve) => (told = resolve));
  server = createServer((_request, response) => {
    let sent = 0;
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
    };
    response.on('drain', more).on('close', () => told(sent));
    more();
  });
  return { url: await listen(server), ended };
}

async function listen(one: Server): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

describe('reading an HTTP answer', () => {
  it('an answer without end is given up at the limit, and its connection closed', async () => {
    const { url, ended } = await endless();
    const response = await fetch(url);
    await expect(readText(response.body, 2 ** 20)).rejects.toThrow(new AnswerTooLarge(2 ** 20));
    // What was on the way in buffers comes on top; a gigabyte would be a server that was never told to stop.
    expect(await ended).toBeLessThan(64 * 2 ** 20);
  });

  it('a small packed answer that unpacks to a large one counts as large', async () => {
    const packed = gzipSync(Buffer.alloc(8 * 2 ** 20));
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    });
    const response = await fetch(await listen(server));
    expect(packed.length).toBeLessThan(2 ** 20);
    await expect(readText(response.body, 2 ** 20)).rejects.toThrow('larger than 1 MiB');
  });

  it('an answer of exactly the limit is read whole', async () => {
    server = createServer((_request, response) => response.end('x'.repeat(2048)));
    expect(await readText((await fetch(await listen(server))).body, 2048)).toHaveLength(2048);
  });

  it('an answer without a body is empty', async () => {
    expect(await readText(null, 1)).toBe('');
  });
});
