import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { PassThrough } from 'node:stream';

import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SandboxKube } from '../support/sandbox-kube.js';

const { signal } = new AbortController();
const large = Buffer.alloc(5 * 2 ** 20, 'slipway ');

/** Greets first, as NATS does, then says back what it hears. */
function echo(): Server {
  return createServer((socket) => {
    socket.write('hello ');
    socket.pipe(socket);
    socket.on('error', () => undefined);
  });
}

async function said(port: number, text: Buffer | string, bytes: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = Buffer.alloc(0);
  socket.write(text);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    heard = Buffer.concat([heard, chunk]);
    if (heard.length >= bytes) break;
  }
  socket.destroy();
  return heard.toString('utf8');
}

describe('a way into a pod', () => {
  let sandbox: SandboxKube;
  let server: Server;
  beforeAll(async () => {
    sandbox = await SandboxKube.start(2);
    server = echo().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    sandbox.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'nats-0',
        namespace: 'default',
        annotations: { 'sandbox.slipway.dev/port-4222': `127.0.0.1:${port}` },
      },
      spec: { containers: [{ name: 'nats', image: 'nats' }] },
    });
  });
  afterAll(async () => {
    server.close();
    await sandbox.close();
  });

  it('carries what both sides say, from the first word of the pod on', async () => {
    const kube = await sandbox.client();
    const { host, port, close } = await kube.forward('default', 'nats-0', 4222, { signal });
    expect(host).toBe('127.0.0.1');
    expect(await said(port, large, large.length + 6)).toBe(`hello ${large.toString('utf8')}`);
    close();
  });

  it('is open to one connection, and closed to the next', async () => {
    const kube = await sandbox.client();
    const { port, close } = await kube.forward('default', 'nats-0', 4222, { signal });
    expect(await said(port, '', 6)).toBe('hello ');
    await expect(said(port, '', 6)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    close();
  });

  it('ends at once where nothing listens in the pod', async () => {
    const kube = await sandbox.client();
    const { port, close } = await kube.forward('default', 'nats-0', 8222, { signal });
    expect(await said(port, '', 1)).toBe('');
    close();
  });

  it('is refused for a pod that is not there, in the API’s words', async () => {
    const kube = await sandbox.client();
    await expect(kube.forward('default', 'nats-1', 4222, { signal })).rejects.toThrow(/nats-1/);
  });

  it('leads through another server when the first is gone', async () => {
    const kube = await sandbox.client();
    await sandbox.kill(0);
    const { port, close } = await kube.forward('default', 'nats-0', 4222, { signal });
    expect(await said(port, 'again', 11)).toBe('hello again');
    close();
  });

  it('of the sandbox is one to the official client, too', async () => {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'c', server: sandbox.address(1), skipTLSVerify: true }],
      users: [{ name: 'u' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    const [input, output] = [new PassThrough(), new PassThrough()];
    const tunnel = await new PortForward(config).portForward('default', 'nats-0', [4222], output, null, input);
    input.write('official');
    let heard = '';
    for await (const chunk of output as AsyncIterable<Buffer>) {
      heard += chunk.toString('utf8');
      if (heard.length >= 14) break;
    }
    expect(heard).toBe('hello official');
    if ('close' in tunnel) tunnel.close();
  });
});
