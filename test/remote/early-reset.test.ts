import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import pLimit from 'p-limit';
import { afterAll, expect, it } from 'vitest';

import { generateKeyPair } from '../../src/remote/keys.js';
import { dialTcp, openClient } from '../../src/remote/open-client.js';

const server = createServer((socket) => socket.resetAndDestroy());
afterAll(() => new Promise((resolve) => server.close(resolve)));

it('notices at once that a booting machine reset the connection, also while the pins are read', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const keys = generateKeyPair('test');
  const reset = new Promise<void>((resolve) =>
    server.once('connection', (socket) => socket.once('close', () => resolve())),
  );
  const target = {
    name: 'demo-cp-1',
    address: '127.0.0.1',
    port,
    user: 'root',
    identity: keys.privateKey,
    pins: async () => {
      await reset;
      // The reset has to arrive on this side too.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return [keys.publicKey];
    },
  };
  const dial = (signal: AbortSignal) => dialTcp(target, signal);
  await expect(openClient(target, dial, pLimit(1), new AbortController().signal)).rejects.toThrow(
    /reset|closed|ended/i,
  );
}, 20_000);
