import { getEventListeners } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { expect, it } from 'vitest';

import { reaches } from '../../../src/provider/kit/reaches.js';

const signal = new AbortController().signal;
const listening = (): Promise<{ port: number; close: () => Promise<unknown> }> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => new Promise((closed) => server.close(closed)) });
    });
  });

it('a port is reached where something listens, and where the host itself says that nothing does', async () => {
  const { port, close } = await listening();
  expect(await reaches('127.0.0.1', port, 5_000, { signal })).toBe(true);
  await close();
  expect(await reaches('127.0.0.1', port, 5_000, { signal })).toBe(true);
});

it('a port is not reached where there is no way to the host, nor by a name that is none', async () => {
  expect(await reaches('255.255.255.255', 6443, 500, { signal })).toBe(false);
  expect(await reaches('no-such-host.invalid', 6443, 5_000, { signal })).toBe(false);
});

it('an interruption ends the wait', async () => {
  const controller = new AbortController();
  controller.abort(new Error('stop'));
  await expect(reaches('127.0.0.1', 1, 5_000, { signal: controller.signal })).rejects.toThrow('stop');
});

it('a port that is asked of again and again leaves nothing behind at the signal', async () => {
  const run = new AbortController();
  for (let turn = 0; turn < 12; turn += 1) await reaches('127.0.0.1', 1, 1_000, { signal: run.signal });
  expect(getEventListeners(run.signal, 'abort')).toEqual([]);
  const asking = reaches('192.0.2.1', 22, 60_000, { signal: run.signal });
  run.abort(new Error('interrupted'));
  await expect(asking).rejects.toThrow('interrupted');
  expect(getEventListeners(run.signal, 'abort')).toEqual([]);
});
