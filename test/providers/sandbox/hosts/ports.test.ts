import { createServer, type Server } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';

import { Ports } from '../../../../providers/sandbox/hosts/ports.js';
import { ApiPorts } from '../../../../providers/sandbox/k3s/api-ports.js';
import { systemClock } from '../../../../src/domain/clock.js';

/** Everyone whom it is handed to begins at the same place. */
const random = { bytes: (length: number) => Buffer.alloc(length, 1), fraction: () => 0.31 };

function listener(): Server {
  const server = createServer();
  onTestFinished(() => void server.close());
  return server;
}
/** Whether nobody listens at a port of 127.0.0.1. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)));
  });
const apis = (ports: Ports): ApiPorts =>
  new ApiPorts({ ports, random, clock: systemClock as never, cloud: undefined as never });

it('the port of an API that does not run yet goes to no other machine, be it of this sandbox or of another', async () => {
  const [mine, others] = [new Ports(random), new Ports(random)];
  const api = await apis(mine).of(1);
  const taken: number[] = [];
  for (const ports of [mine, others])
    for (let machine = 0; machine < 98; machine++) taken.push(await ports.listen(listener(), undefined));
  expect(taken).not.toContain(api);
  expect(new Set(taken).size).toBe(taken.length);
  const server = listener();
  expect(await mine.listen(server, api)).toBe(api);
});

it('two who ask for the port of a machine at once are told the same one', async () => {
  const ports = apis(new Ports(random));
  const told = await Promise.all([ports.of(1), ports.of(1), ports.of(2)]);
  expect(told[0]).toBe(told[1]);
  expect(told[2]).not.toBe(told[0]);
});

it('a sandbox with more machines than a row of ports has takes a further row', async () => {
  const ports = new Ports(random);
  const taken = new Set<number>();
  for (let machine = 0; machine < 120; machine++) taken.add(await ports.take());
  expect(taken.size).toBe(120);
});

it('a port that was given back is given away again only after those that were never used', async () => {
  const ports = new Ports(random);
  const port = await ports.take();
  ports.give(port);
  const next = [await ports.take(), await ports.take(), await ports.take()];
  expect(next).not.toContain(port);
});

it('a port at which another program listens is not given away', async () => {
  const ports = new Ports(random);
  const port = await ports.take();
  await new Promise<void>((resolve) => listener().listen({ port: port + 1, host: '127.0.0.1' }, resolve));
  expect(await ports.take()).toBe(port + 2);
});

it('ports of before a restart stay the sandbox’s, and so do their rows', async () => {
  const after = new Ports(random);
  // A row that is no other sandbox's just now.
  let row = 30_000;
  while (!(await isFree(row))) row -= 100;
  await after.keep([row + 1, row + 7]);
  expect(await isFree(row)).toBe(false);
  const taken = [await after.take(), await after.take()];
  expect(taken).toEqual([row + 2, row + 3]);
});
