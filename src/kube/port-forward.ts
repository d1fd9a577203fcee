import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';

// By name: bundled, the package is CommonJS, which has no default.
import { type ClientOptions, WebSocket } from 'ws';

import type { Forwarded } from './types.js';

/** Kubernetes’ own protocol: each message begins with the number of its channel. */
export const forwardProtocol = 'v4.channel.k8s.io';
const dataChannel = 0;
/** Bytes that wait to be sent before no more is read. */
const waitingAtMost = 2 ** 20;

/**
 * A port of this computer that leads into a pod for one connection: what comes next finds it closed.
 * @param open opens the tunnel, for the connection alone
 */
export async function forwardOnce(open: () => Promise<WebSocket>): Promise<Forwarded> {
  // Opened before anybody is told, so that a pod that is not there is an error of the API’s and no closed connection.
  const tunnel = await open();
  const listener = createServer({ pauseOnConnect: true });
  let connected: Socket | undefined;
  listener.once('connection', (socket) => {
    listener.close();
    connected = socket;
    join(socket, tunnel);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    close: () => {
      listener.close();
      connected?.destroy();
      tunnel.terminate();
    },
  };
}

/** Each channel begins with the number of the port, in two bytes. */
const portBytes = 2;

function join(socket: Socket, tunnel: WebSocket): void {
  let toSkip = portBytes;
  tunnel.on('message', (data: Buffer) => {
    // What the other channel says is that nothing listens there: the connection ends then.
    if (data[0] !== dataChannel) return;
    const bytes = data.subarray(1 + Math.min(toSkip, data.length - 1));
    toSkip -= data.length - 1 - bytes.length;
    if (bytes.length === 0 || socket.write(bytes)) return;
    tunnel.pause();
    socket.once('drain', () => tunnel.resume());
  });
  tunnel.once('close', () => socket.end());
  socket.on('data', (bytes: Buffer) => {
    tunnel.send(Buffer.concat([Buffer.from([dataChannel]), bytes]), () => {
      if (socket.isPaused() && tunnel.bufferedAmount < waitingAtMost) socket.resume();
    });
    if (tunnel.bufferedAmount >= waitingAtMost) socket.pause();
  });
  socket.on('error', () => undefined);
  socket.once('close', () => tunnel.close());
  socket.resume();
  tunnel.resume();
}

/** What a server answers that opens no tunnel. */
export class NoTunnel extends Error {
  constructor(readonly response: IncomingMessage) {
    super(`no tunnel (HTTP ${response.statusCode ?? 0})`);
  }
}

/** @throws NoTunnel, or whatever kept the connection from standing */
export async function openTunnel(
  url: string,
  options: Pick<ClientOptions, 'agent' | 'headers' | 'handshakeTimeout'>,
): Promise<WebSocket> {
  const tunnel = new WebSocket(url, [forwardProtocol], { ...options, perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    tunnel.once('open', () => {
      // What the pod says first waits for somebody who listens.
      tunnel.pause();
      resolve(tunnel);
    });
    tunnel.once('unexpected-response', (_request, response: IncomingMessage) => reject(new NoTunnel(response)));
    tunnel.on('error', reject);
  });
}
