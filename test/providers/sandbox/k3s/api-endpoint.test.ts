import { get } from 'node:https';

import { expect, it, onTestFinished } from 'vitest';

import { Ports } from '../../../../providers/sandbox/hosts/ports.js';
import { ApiEndpoint } from '../../../../providers/sandbox/k3s/api-endpoint.js';
import { makeCa } from '../../../../providers/sandbox/k3s/certificates.js';
import type { Cluster } from '../../../../providers/sandbox/k3s/cluster.js';
import { systemRandom } from '../../../../src/domain/clock.js';

const address = '127.78.0.1';

/** What the API says at the address. */
const ping = (): Promise<string> =>
  new Promise((resolve) => {
    const options = { agent: false, rejectUnauthorized: false, timeout: 10_000 };
    const request = get(`https://${address}:6443/ping`, options, (answer) => {
      answer.on('data', (data: Buffer) => resolve(data.toString()));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error: Error) => resolve(error.message));
  });

async function endpoint(): Promise<ApiEndpoint> {
  const cluster = { ca: await makeCa('test', Date.now()) } as Cluster;
  const names = [address];
  const made = new ApiEndpoint({
    cluster,
    names,
    serial: '03',
    ports: new Ports(systemRandom),
    now: Date.now,
    allowed: () => true,
  });
  onTestFinished(() => made.close());
  return made;
}

it('a server that wins an address before it has its certificate answers there all the same', async () => {
  const server = await endpoint();
  const opened = server.open(undefined);
  await server.hold(address);
  expect(await ping()).toBe('pong');
  await opened;
});

it('a server that loses an address before it has its certificate leaves it to others', async () => {
  const server = await endpoint();
  const held = server.hold(address);
  await server.letGo(address);
  await held;
  const other = await endpoint();
  await other.hold(address);
  expect(await ping()).toBe('pong');
});
