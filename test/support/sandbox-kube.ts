import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ScaledClock } from '../../providers/sandbox/clock.js';
import { KubernetesServer, type KubernetesServerOptions } from '../../providers/sandbox/kube-api/index.js';
import { type Boundary, openBoundary } from '../../src/domain/boundary.js';
import { type Clock, systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube, type KubeTuning } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';

/** Answers a request in the API's place; false lets the API answer. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean;

const admin = { user: 'system:admin', groups: ['system:masters'] };

/** The sandbox's Kubernetes API behind plain HTTP, on as many addresses as a test wants. */
export class SandboxKube {
  readonly api: KubernetesServer;
  /** `GET /api/v1/nodes?limit=500`, in order, of all servers. */
  readonly requests: string[] = [];
  intercept: Interceptor = () => false;
  readonly #servers: Server[] = [];
  readonly #open: Kube[] = [];

  private constructor(options: Partial<KubernetesServerOptions>) {
    this.api = new KubernetesServer({
      version: 'v1.36.5+k3s1',
      clock: new ScaledClock(0.01),
      podStartMs: 500,
      podStopMs: 500,
      nodeLostMs: 40_000,
      ids: randomUUID,
      ...options,
    });
    this.api.start();
  }

  static async start(servers = 1, options: Partial<KubernetesServerOptions> = {}): Promise<SandboxKube> {
    const made = new SandboxKube(options);
    for (let i = 0; i < servers; i++) await made.#listen();
    return made;
  }

  /** A client of all servers. */
  async client(options: { boundary?: Boundary; clock?: Clock; tuning?: KubeTuning } = {}): Promise<Kube> {
    const addresses = this.#servers.map((_, i) => this.address(i));
    const kube = await openKube(
      {
        kubeconfig: new Secret(kubeconfig(addresses)),
        boundary: options.boundary ?? openBoundary,
        clock: options.clock ?? systemClock,
      },
      options.tuning ?? {},
    );
    this.#open.push(kube);
    return kube;
  }

  address(server = 0): string {
    return `http://127.0.0.1:${(this.#servers[server]!.address() as AddressInfo).port}`;
  }

  /** A machine is gone: its connections break, and nothing listens. */
  async kill(server: number): Promise<void> {
    const dying = this.#servers[server]!;
    dying.closeAllConnections();
    await new Promise((done) => dying.close(done));
  }

  /** Cuts every connection; the servers go on. */
  cut(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  /** Puts an object there, past the API. */
  put(object: KubeObject): void {
    this.api.store.create(this.api.store.resource(object.apiVersion, object.kind), object as never);
  }

  async close(): Promise<void> {
    for (const kube of this.#open) kube.close();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    this.api.stop();
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      if (!this.intercept(request, response)) this.api.handle(request, response, admin);
    });
    server.on('upgrade', (request, socket, head) => this.api.upgrade(request, socket, head, admin));
    // Longer than a busy computer keeps a client waiting that has just taken a connection for open.
    server.keepAliveTimeout = 60_000;
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }
}

function kubeconfig(addresses: readonly string[]): string {
  return JSON.stringify({
    'current-context': 'c0',
    clusters: addresses.map((server, i) => ({ name: `s${i}`, cluster: { server } })),
    users: [{ name: 'admin', user: { token: 'admin' } }],
    contexts: addresses.map((_, i) => ({ name: `c${i}`, context: { cluster: `s${i}`, user: 'admin' } })),
  });
}

export const configMap = (name: string, data: Record<string, string> = {}, namespace = 'default'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

export const readyNode = (name: string, change: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/os': 'linux' }, ...change },
  spec: {},
  status: {
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    nodeInfo: { kubeletVersion: 'v1.36.5+k3s1' },
  },
});

/** Brings the kind `shop.example/v1 Order`. */
export const orderDefinition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'orders.shop.example' },
  spec: {
    group: 'shop.example',
    scope: 'Namespaced',
    names: { plural: 'orders', kind: 'Order' },
    versions: [{ name: 'v1', served: true, storage: true }],
  },
};
