import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import type { Identity } from '../kube-api/index.js';
import { listenAt, type Ports } from '../hosts/ports.js';
import { issue } from './certificates.js';
import type { Cluster } from './cluster.js';

export interface ApiEndpointOptions {
  readonly cluster: Pick<Cluster, 'ca' | 'kubernetes' | 'quorate'>;
  readonly names: readonly string[];
  readonly serial: string;
  readonly ports: Pick<Ports, 'listen'>;
  readonly now: () => number;
  /** Whether the firewalls let this computer in. */
  readonly allowed: () => boolean;
  /** Who a token stands for that no ServiceAccount was given; undefined: none does. */
  readonly bearer?: ((token: string) => Identity | undefined) | undefined;
}

const apiPort = 6443;

/** Port 6443 of one server machine, on a port of this computer. */
export class ApiEndpoint {
  #server: Server | undefined;
  #made: Promise<Server> | undefined;
  readonly #sockets = new Set<Socket>();

  /** Listeners at addresses that are held for a while. */
  readonly #held = new Map<string, TcpServer>();

  constructor(private readonly options: ApiEndpointOptions) {}

  async open(remembered: number | undefined): Promise<number> {
    const server = await this.server();
    const port = await this.options.ports.listen(server, remembered);
    server.unref();
    return port;
  }

  /** Port 6443 of an address of this computer. @throws Error EADDRINUSE, EADDRNOTAVAIL */
  async openAt(address: string): Promise<void> {
    const server = await this.server();
    await listenAt(server, address, apiPort);
    server.unref();
  }

  /** Answers at one more address. @throws Error EADDRINUSE, EADDRNOTAVAIL */
  async hold(address: string): Promise<void> {
    if (this.#held.has(address)) return;
    const endpoint = createTcpServer();
    this.#held.set(address, endpoint);
    // A server may win the address before it has its certificate: whoever came to it then would wait for ever.
    const server = await this.server();
    if (this.#held.get(address) !== endpoint) return;
    endpoint.on('connection', (socket) => server.emit('connection', socket));
    await listenAt(endpoint, address, apiPort);
    endpoint.unref();
    if (this.#held.get(address) !== endpoint) endpoint.close();
  }

  /** The address is free for another when this is done. */
  async letGo(address: string): Promise<void> {
    const endpoint = this.#held.get(address);
    this.#held.delete(address);
    const closed = endpoint && new Promise((resolve) => endpoint.close(resolve));
    for (const socket of this.#sockets) if (socket.localAddress === address) socket.destroy();
    await closed;
  }

  private server(): Promise<Server> {
    return (this.#made ??= this.make());
  }

  private async make(): Promise<Server> {
    const { cluster, names, serial, now } = this.options;
    const pair = await issue(
      cluster.ca,
      {
        name: 'O=k3s,CN=k3s',
        serial,
        use: 'server',
        names: ['127.0.0.1', 'localhost', 'kubernetes', 'kubernetes.default', ...names],
      },
      now(),
    );
    const server = createServer(
      { cert: pair.cert, key: pair.key, ca: cluster.ca.cert, requestCert: true, rejectUnauthorized: false },
      (request, response) => this.serve(request, response),
    );
    server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      const identity = this.admitted(request);
      if (identity === 'not at all') socket.destroy();
      else cluster.kubernetes.upgrade(request, socket, head, identity);
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', () => {});
    server.keepAliveTimeout = 60_000;
    this.#server = server;
    return server;
  }

  /** Ends everything at once, as a dead process does. */
  close(): void {
    this.#server?.close();
    for (const address of [...this.#held.keys()]) void this.letGo(address);
    for (const socket of this.#sockets) socket.destroy();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { cluster, allowed } = this.options;
    if (!allowed()) return void request.socket.destroy();
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/ping') return text(response, 200, 'pong');
    if (path === '/cacerts') return text(response, 200, cluster.ca.cert);
    if (!cluster.quorate()) return text(response, 503, 'etcdserver: no leader');
    cluster.kubernetes.handle(request, response, this.identified(request));
  }

  /** For what is no plain request: who asks, if the machine answers anybody. */
  private admitted(request: IncomingMessage): Identity | undefined | 'not at all' {
    const { cluster, allowed } = this.options;
    return allowed() && cluster.quorate() ? this.identified(request) : 'not at all';
  }

  private identified(request: IncomingMessage): Identity | undefined {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    return bearer === undefined
      ? identityOf(request.socket as TLSSocket)
      : (this.options.bearer?.(bearer) ?? this.options.cluster.kubernetes.identityOf(bearer));
  }
}

function text(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain' });
  response.end(body);
}

/** By client certificate: CN is the user, O the groups. */
function identityOf(socket: TLSSocket): Identity | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const all = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());
  return { user: all(subject.CN)[0] ?? '', groups: all(subject.O) };
}
