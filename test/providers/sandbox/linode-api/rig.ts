import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Faults } from '../../../../providers/sandbox/hetzner-api/index.js';
import {
  LinodeCloud,
  type LinodeState,
  type ManagedHost,
  type ManagedNode,
} from '../../../../providers/sandbox/linode-api/index.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { checkedFetch, type CheckedFetch } from '../../../support/openapi.js';
import { loadLinodeApi } from '../../../support/openapi-linode.js';
import { BookkeepingHost, HandClock, profile } from '../hetzner-api/rig.js';

const document = loadLinodeApi();

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface WireInstance {
  readonly id: number;
  readonly label: string;
  readonly status: string;
  readonly ipv4: readonly string[];
  readonly tags: readonly string[];
  readonly has_user_data: boolean;
}

export interface Listed<T> {
  readonly data: readonly T[];
  readonly page: number;
  readonly pages: number;
  readonly results: number;
}

interface Reasons {
  readonly errors: readonly { readonly reason: string; readonly field?: string }[];
}

/** What LKE asked of the Kubernetes inside, which there is none of. */
export class BookkeepingKubernetes implements ManagedHost {
  readonly versions = new Map<number, string>();
  readonly nodes = new Map<string, ManagedNode>();
  #given = 0;

  create = (id: number, version: string): void => void this.versions.set(id, version);
  upgrade = this.create;
  delete = (id: number): void => void this.versions.delete(id);
  kubeconfig = (id: number) => ({ text: `kubeconfig ${id} ${this.#given}`, server: 'https://127.0.0.1:443' });
  regenerate = (): void => void (this.#given += 1);
  joined = (_id: number, node: ManagedNode): void => void this.nodes.set(node.name, node);
  silent = (_id: number, node: string): void => void this.nodes.delete(node);
  left = this.silent;
  marked = (_id: number, { pool, labels, taints }: Pick<ManagedNode, 'pool' | 'labels' | 'taints'>): void => {
    for (const [name, node] of this.nodes) if (node.pool === pool) this.nodes.set(name, { ...node, labels, taints });
  };
}

/** The sandbox's Linode behind a real HTTP server, with a clock in the test's hand. */
export class LinodeRig {
  readonly clock: HandClock;
  readonly host: BookkeepingHost;
  readonly kubernetes: BookkeepingKubernetes;
  readonly faults = new Faults();
  readonly cloud: LinodeCloud;
  readonly checked: CheckedFetch | undefined;
  base = '';
  #server: Server | undefined;

  constructor({
    clock = new HandClock(),
    host = new BookkeepingHost(),
    kubernetes = new BookkeepingKubernetes(),
  } = {}) {
    this.clock = clock;
    this.host = host;
    this.kubernetes = kubernetes;
    // What a test sends wrong on purpose is answered with an error, and only then not held to the document.
    this.checked = document && checkedFetch(document);
    this.cloud = new LinodeCloud({
      profile: () => profile,
      clock,
      host,
      probe: host,
      kubernetes,
      tokens: [
        { token: 'writer', access: 'read-write' },
        { token: 'reader', access: 'read-only' },
      ],
      random: systemRandom,
      faults: this.faults,
    });
  }

  async open(): Promise<this> {
    const server = createServer((request, response) => this.cloud.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Longer than a busy computer keeps a client waiting that has just taken a connection for open.
    server.keepAliveTimeout = 60_000;
    this.#server = server;
    this.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`;
    return this;
  }

  async close(): Promise<void> {
    this.cloud.close();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  /** One request; what goes over the wire is checked against the document wherever that is to be had. */
  async send<T>(method: string, path: string, body?: unknown, filter?: object, token = 'writer'): Promise<Answer<T>> {
    const response = await (this.checked?.fetch ?? fetch)(`${this.base}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(filter ? { 'X-Filter': JSON.stringify(filter) } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  get = <T>(path: string, filter?: object): Promise<Answer<T>> => this.send<T>('GET', path, undefined, filter);
  post = <T>(path: string, body?: unknown): Promise<Answer<T>> => this.send<T>('POST', path, body);
  put = <T>(path: string, body?: unknown): Promise<Answer<T>> => this.send<T>('PUT', path, body);
  delete = <T>(path: string): Promise<Answer<T>> => this.send<T>('DELETE', path);

  /** `status field: reason`, for what is to be refused. */
  async refusal(method: string, path: string, body?: unknown, filter?: object, token?: string): Promise<string> {
    const answer = await this.send<Reasons>(method, path, body, filter, token);
    const [first] = answer.body.errors;
    return `${answer.status} ${first?.field === undefined ? '' : `${first.field}: `}${first?.reason}`;
  }

  /** Time enough for whatever runs. */
  settle(): void {
    this.clock.advance(60_000);
  }

  async instance(label: string, more: object = {}): Promise<WireInstance> {
    const { status, body } = await this.post<WireInstance>('/linode/instances', {
      label,
      type: 'g6-standard-2',
      region: 'eu-central',
      image: 'linode/ubuntu24.04',
      authorized_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=='],
      ...more,
    });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    this.settle();
    return (await this.get<WireInstance>(`/linode/instances/${body.id}`)).body;
  }

  async vpc(label = 'net'): Promise<{ readonly id: number; readonly subnet: number }> {
    const { body } = await this.post<{ id: number; subnets: { id: number }[] }>('/vpcs', {
      label,
      region: 'eu-central',
      subnets: [{ label: 'machines', ipv4: '10.0.0.0/16' }],
    });
    return { id: body.id, subnet: body.subnets[0]!.id };
  }

  /** The same account as a new process would find it, over the same machines. */
  async reborn(): Promise<LinodeRig> {
    const state = JSON.parse(JSON.stringify(this.cloud.snapshot())) as LinodeState;
    await this.close();
    const next = await new LinodeRig({ clock: this.clock, host: this.host, kubernetes: this.kubernetes }).open();
    next.cloud.restore(state);
    return next;
  }
}
