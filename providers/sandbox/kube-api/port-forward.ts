import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import type { Identity } from './reviews.js';
import type { Obj } from './objects.js';

/**
 * `sandbox.slipway.dev/port-4222: 127.0.0.1:40123`: what of this computer listens on a port of a pod. On a namespace it is meant for
 * all of its pods that do not say it themselves.
 */
const portAnnotation = 'sandbox.slipway.dev/port-';
const protocol = 'v4.channel.k8s.io';
const channels = { data: 0, error: 1 } as const;
const pathForm = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/portforward$/;

const tunnels = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
});

/** A way into a pod, as `kubectl port-forward` asks for one. */
export function forwardPort(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  identity: Identity | undefined,
  look: {
    pod(namespace: string, name: string): Obj | undefined;
    namespace(name: string): Obj | undefined;
  },
): void {
  const url = new URL(request.url ?? '/', 'http://pod');
  const [, namespace = '', name = ''] = pathForm.exec(url.pathname) ?? [];
  const port = Number(url.searchParams.get('ports'));
  const of = decodeURIComponent(namespace);
  const pod = of === '' ? undefined : look.pod(of, decodeURIComponent(name));
  if (!identity) return refuse(socket, 401, 'Unauthorized', 'Unauthorized');
  if (!identity.groups.includes('system:masters')) return refuse(socket, 403, 'Forbidden', 'pods is forbidden');
  if (!pod) return refuse(socket, 404, 'NotFound', `pods "${name}" not found`);
  if (!Number.isInteger(port) || port < 1) return refuse(socket, 400, 'BadRequest', 'port is required');
  tunnels.handleUpgrade(request, socket, head, (tunnel) => join(tunnel, pod, look.namespace(of), port));
}

function join(tunnel: WebSocket, { metadata }: Obj, namespace: Obj | undefined, port: number): void {
  const say = (channel: number, bytes: Buffer): void => tunnel.send(Buffer.concat([Buffer.from([channel]), bytes]));
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  for (const channel of Object.values(channels)) say(channel, number);
  const annotation = `${portAnnotation}${port}`;
  const listener = metadata.annotations?.[annotation] ?? namespace?.metadata.annotations?.[annotation] ?? '';
  const [host = '', at = ''] = listener.split(':');
  const refused = (): void => {
    say(channels.error, Buffer.from(`error forwarding port ${port} to pod ${metadata.name}: connection refused\n`));
    tunnel.close();
  };
  if (host === '') return refused();
  const inside = connect(Number(at), host);
  inside.on('data', (bytes: Buffer) => say(channels.data, bytes));
  inside.once('close', () => tunnel.close());
  inside.once('error', refused);
  tunnel.on('message', (data: Buffer) => {
    if (data[0] === channels.data) inside.write(data.subarray(1));
  });
  tunnel.once('close', () => inside.destroy());
  tunnel.on('error', () => inside.destroy());
}

function refuse(socket: Duplex, code: number, reason: string, message: string): void {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code });
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
