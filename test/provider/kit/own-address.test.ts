import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { openBoundary } from '../../../src/domain/boundary.js';
import { askOwnAddress, hostRange } from '../../../src/provider/kit/own-address.js';

describe('this computer’s own address', () => {
  it.each([
    ['203.0.113.7\n', '203.0.113.7/32'],
    ['2001:db8::7', '2001:db8::7/128'],
    ['<html>captive portal</html>', undefined],
    ['203.0.113', undefined],
    ['', undefined],
  ])('%j is %s', (text, range) => {
    expect(hostRange(text)).toBe(range);
  });
});

describe('the service that tells this computer’s own address', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close().closeAllConnections();
    server = undefined;
  });
  const { signal } = new AbortController();

  async function asked(answer: (response: ServerResponse) => void, deadlineMs = 60_000): Promise<string | undefined> {
    const made = (server = createServer((_, response) => answer(response)));
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
    return askOwnAddress({ variable: () => address, boundary: openBoundary }, signal, deadlineMs);
  }

  it('is believed when it answers with an address', async () => {
    expect(await asked((response) => response.end('203.0.113.7\n'))).toBe('203.0.113.7/32');
  });

  it('is given up after a kibibyte when its answer has no end', async () => {
    let sent = 0;
    const endless = (response: ServerResponse): void => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(2 ** 16, 32))) sent += 2 ** 16;
      };
      response.on('drain', more);
      more();
    };
    expect(await asked(endless)).toBeUndefined();
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('is given up at its deadline when its answer trickles in', async () => {
    const trickling = (response: ServerResponse): void => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await asked(trickling, 200)).toBeUndefined();
  });
});
