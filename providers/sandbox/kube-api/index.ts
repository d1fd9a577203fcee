import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { reportFault } from '../report-fault.js';
import type { Persistent, SandboxClock } from '../types.js';
import type { ApiContext } from './api-context.js';
import { answer } from './api.js';
import { Controllers } from './controllers/index.js';
import type { Program } from './controllers/programs.js';
import { definitionOf, establish, k3sKinds, type KindForm } from './definitions.js';
import {
  aggregated,
  apiVersions,
  groupList,
  groupOf,
  openApiDocument,
  openApiPaths,
  resourceList,
} from './discovery.js';
import { parseObject, received } from './bodies.js';
import type { Obj } from './objects.js';
import { forbidden } from './forbidden.js';
import { forwardPort } from './port-forward.js';
import { Resources } from './resources.js';
import { type Identity, review, reviewAt } from './reviews.js';
import { badRequest, StatusError, tooLarge } from './status.js';
import { ObjectStore } from './store.js';
import { Tokens } from './tokens.js';
import { warningHeader } from './unenforced.js';

/** Parts that k3s brings unless it is told otherwise. */
const packaged = ['servicelb', 'local-storage'];

/** As the API server takes them. */
const bodyBytesAtMost = 3 * 2 ** 20;

export interface KubernetesServerOptions {
  /** `v1.36.5+k3s1` */
  readonly version: string;
  readonly clock: SandboxClock;
  readonly podStartMs: number;
  readonly podStopMs: number;
  readonly nodeLostMs: number;
  /** Whether a node's kubelet runs and reaches the API. Without a word all do. */
  readonly kubeletLives?: ((node: string) => boolean) | undefined;
  /** Source of uids. */
  readonly ids: () => string;
  /** Packaged parts that k3s was told to leave out. Without a word there are none. */
  readonly disabled?: readonly string[] | undefined;
  /** Kinds of its own that the distribution brings. Default: those of k3s. */
  readonly kinds?: 'none' | undefined;
  /** Programs that pods run, where they do more than serve. */
  readonly programs?: ((server: KubernetesServer) => readonly Program[]) | undefined;
}

export interface KubernetesSnapshot {
  readonly kubernetesVersion: string;
  readonly version: number;
  readonly objects: Obj[];
}

/** A Kubernetes API of frozen scope, with the few controllers without which it would only be a store. */
export class KubernetesServer implements Persistent<KubernetesSnapshot> {
  readonly store: ObjectStore;
  readonly controllers: Controllers;
  readonly #resources = new Resources();
  readonly #context: ApiContext;
  readonly #tokens: Tokens;
  readonly #disabled: readonly string[];
  readonly #kinds: readonly KindForm[];
  #version: string;

  constructor(options: KubernetesServerOptions) {
    const now = (): number => options.clock.now();
    this.#version = options.version;
    this.store = new ObjectStore(this.#resources, { now, uid: options.ids });
    const { disabled = packaged, programs } = options;
    this.#disabled = disabled;
    this.#kinds = options.kinds === 'none' ? [] : k3sKinds;
    this.controllers = new Controllers(this.store, {
      ...options,
      programs: programs?.(this) ?? [],
      serviceLoadBalancer: !disabled.includes('servicelb'),
    });
    this.#tokens = new Tokens(options.ids, now);
    this.#context = {
      store: this.store,
      controllers: this.controllers,
      now,
      tokens: this.#tokens,
      kubernetesVersion: () => this.#version,
    };
  }

  /** Makes what every cluster has, unless it was restored, and starts the controllers, where there are any. */
  start(controllers = true): void {
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
      const namespaces = this.store.resource('v1', 'Namespace');
      if (!this.store.find(namespaces, '', name)) {
        this.store.create(namespaces, {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
          status: { phase: 'Active' },
        });
      }
    }
    this.bring();
    if (controllers) this.controllers.start();
  }

  /** What the distribution itself puts into a cluster. */
  private bring(): void {
    const definitions = this.store.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    for (const form of this.#kinds) {
      const definition = definitionOf(form);
      if (!this.store.look(definitions, '', definition.metadata.name))
        establish(this.store, this.store.create(definitions, definition));
    }
    const classes = this.store.resource('storage.k8s.io/v1', 'StorageClass');
    if (!this.#disabled.includes('local-storage') && !this.store.look(classes, '', 'local-path')) {
      this.store.create(classes, {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'rancher.io/local-path',
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'WaitForFirstConsumer',
      });
    }
  }

  stop(): void {
    this.controllers.stop();
  }

  setVersion(version: string): void {
    this.#version = version;
  }

  /** Who a bearer token of a ServiceAccount stands for; undefined when it is unknown or has run out. */
  identityOf(token: string): Identity | undefined {
    return this.#tokens.identity(token);
  }

  nodeHeartbeat(name: string): void {
    this.controllers.heartbeat(name);
  }

  handle(request: IncomingMessage, response: ServerResponse, identity: Identity | undefined): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bodyBytesAtMost) chunks.push(chunk);
    });
    request.on('end', () => {
      try {
        if (size > bodyBytesAtMost) throw tooLarge();
        this.serve(request, response, identity, Buffer.concat(chunks));
      } catch (error) {
        if (!(error instanceof StatusError)) reportFault(`${request.method} ${request.url}`, error);
        const status =
          error instanceof StatusError
            ? error
            : new StatusError(500, 'InternalError', error instanceof Error ? error.message : String(error));
        // A watch that began has told its status already.
        if (response.headersSent) response.destroy();
        else send(response, status.code, status.body());
      }
    });
  }

  /** What a client asks for that wants to speak another protocol than HTTP from here on. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, identity: Identity | undefined): void {
    forwardPort(request, socket, head, identity, {
      pod: (namespace, name) => this.store.look(this.store.resource('v1', 'Pod'), namespace, name),
      namespace: (name) => this.store.look(this.store.resource('v1', 'Namespace'), '', name),
    });
  }

  private serve(
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity | undefined,
    body: Buffer,
  ): void {
    const url = urlOf(request.url ?? '/');
    if (!identity) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    if (reviewAt(url.pathname) !== undefined) {
      const asked = received(body, request.headers['content-type'] ?? '');
      const given = parseObject(asked.text, asked.type, reviewAt(url.pathname)!);
      return send(response, 201, review(url.pathname, request.method ?? 'GET', identity, given));
    }
    if (!identity.groups.includes('system:masters'))
      throw forbidden(identity.user, request.method ?? 'GET', url, this.#resources);
    const known = this.discovery(url, request.headers.accept ?? '');
    if (known !== undefined) return send(response, 200, known);
    const reply = answer(this.#context, request, response, url, body);
    if (reply) send(response, reply.code, reply.body, reply.warnings);
  }

  private discovery(url: URL, accept: string): unknown {
    const path = url.pathname.replace(/\/$/, '');
    const wholeAtOnce = accept.includes('as=APIGroupDiscoveryList');
    if (['/readyz', '/livez', '/healthz', '/readyz/etcd'].includes(path)) return 'ok';
    if (path === '/version') return versionInfo(this.#version);
    if (path === '/api') return wholeAtOnce ? aggregated(this.#resources, true) : apiVersions();
    if (path === '/apis') return wholeAtOnce ? aggregated(this.#resources, false) : groupList(this.#resources);
    if (path === '/openapi/v3') return openApiPaths(this.#resources);
    if (path.startsWith('/openapi/v3/')) return openApiDocument(this.#resources, path.slice('/openapi/v3/'.length));
    const [, root, ...rest] = path.split('/');
    if (root === 'apis' && rest.length === 1) return groupOf(this.#resources, rest[0]!);
    if (root === 'api' && rest.length === 1) return resourceList(this.#resources, '', rest[0]!);
    if (root === 'apis' && rest.length === 2) return resourceList(this.#resources, rest[0]!, rest[1]!);
    return undefined;
  }

  snapshot(): KubernetesSnapshot {
    return { kubernetesVersion: this.#version, ...this.store.snapshot() };
  }

  restore(state: KubernetesSnapshot): void {
    this.#version = state.kubernetesVersion;
    this.store.restore(state);
  }
}

/** @throws StatusError 400 */
function urlOf(path: string): URL {
  if (!URL.canParse(path, 'https://sandbox'))
    throw badRequest(`parse ${JSON.stringify(path)}: invalid URI for request`);
  return new URL(path, 'https://sandbox');
}

function versionInfo(gitVersion: string): unknown {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    gitVersion,
    gitCommit: 'sandbox',
    gitTreeState: 'clean',
    buildDate: '2026-10-01T00:00:00Z',
    goVersion: 'go1.26',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

function send(response: ServerResponse, code: number, body: unknown, warnings: readonly string[] = []): void {
  const text = typeof body === 'string';
  response.writeHead(code, {
    'Content-Type': text ? 'text/plain' : aggregatedType(body),
    'Cache-Control': 'no-cache, private',
    ...(warnings.length > 0 ? { Warning: warnings.map(warningHeader) } : {}),
  });
  response.end(text ? body : JSON.stringify(body));
}

const aggregatedType = (body: unknown): string =>
  (body as { kind?: string }).kind === 'APIGroupDiscoveryList'
    ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    : 'application/json';

export { conditionOf, isRenewal, setReady } from './controllers/index.js';
export type { Obj } from './objects.js';
export type { Identity } from './reviews.js';
export type { ObjectStore } from './store.js';
