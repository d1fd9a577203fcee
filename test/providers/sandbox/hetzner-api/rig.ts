import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Cloud, type CloudOptions, type CloudState } from '../../../../providers/sandbox/hetzner-api/index.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import type {
  MachineHost,
  MachineSpec,
  PortProbe,
  SandboxClock,
  SandboxProfile,
} from '../../../../providers/sandbox/types.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { checkedFetch, loadOpenApi, type CheckedFetch } from '../../../support/openapi.js';

/** A clock that stands until it is told to go on. */
export class HandClock implements SandboxClock {
  #now = Date.parse('2026-11-21T10:00:00Z');
  #timers: { at: number; work: () => void }[] = [];

  /** Real milliseconds for one of a real cloud. */
  constructor(readonly scale = 1) {}

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms * this.scale, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** How many timers stand. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets `ms` real milliseconds go by, with all that becomes due in them, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = until;
  }
}

/** Computers that do nothing but keep the books: who has power, what was asked, and which ports listen while powered. */
export class BookkeepingHost implements MachineHost, PortProbe {
  readonly calls: string[] = [];
  readonly specs = new Map<number, MachineSpec>();
  readonly powered = new Set<number>();
  readonly ports = new Map<number, Set<number>>();

  create(spec: MachineSpec): void {
    if (this.specs.has(spec.id)) throw new Error(`machine ${spec.id} exists already`);
    this.calls.push(`create ${spec.name}`);
    this.specs.set(spec.id, spec);
    this.powered.add(spec.id);
  }
  disk(): undefined {
    return undefined;
  }
  powerOn(id: number): void {
    this.note('powerOn', id);
    this.powered.add(id);
  }
  powerOff(id: number): void {
    this.note('powerOff', id);
    this.powered.delete(id);
  }
  shutdown(id: number): void {
    this.note('shutdown', id);
    this.powered.delete(id);
  }
  reboot(id: number): void {
    this.note('reboot', id);
  }
  delete(id: number): void {
    this.note('delete', id);
    this.specs.delete(id);
    this.powered.delete(id);
  }
  attach(id: number, _network: number, address: string): void {
    this.note(`attach ${address} to`, id);
  }
  detach(id: number): void {
    this.note('detach', id);
  }
  listen(id: number, port: number): void {
    this.ports.set(id, new Set([...(this.ports.get(id) ?? []), port]));
  }
  listening(id: number, port: number): boolean {
    return this.powered.has(id) && this.ports.get(id)?.has(port) === true;
  }

  /** A machine that was never made can't be asked for anything. */
  private note(what: string, id: number): void {
    const spec = this.specs.get(id);
    if (!spec) throw new Error(`${what}: there is no machine ${id}`);
    this.calls.push(`${what} ${spec.name}`);
  }
}

/** The parts of answers that tests look at. */
export interface WireAction {
  readonly id: number;
  readonly command: string;
  readonly status: 'running' | 'success' | 'error';
  readonly progress: number;
  readonly finished: string | null;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
}
export interface WireServer {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly locked: boolean;
  readonly public_net: {
    readonly ipv4: { readonly id: number; readonly ip: string } | null;
    readonly ipv6: { readonly id: number; readonly ip: string } | null;
    readonly firewalls: readonly { readonly id: number; readonly status: string }[];
  };
  readonly private_net: readonly {
    readonly network: number;
    readonly ip: string;
    readonly alias_ips: readonly string[];
  }[];
  readonly server_type: { readonly name: string };
  readonly volumes: readonly number[];
  readonly placement_group: { readonly id: number } | null;
  readonly load_balancers: readonly number[];
}
export interface Created {
  readonly server: WireServer;
  readonly action: WireAction;
  readonly next_actions: readonly WireAction[];
  readonly root_password: string | null;
}
export interface WireError {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: {
      readonly fields?: readonly { readonly name: string; readonly messages?: readonly string[] }[];
    } | null;
  };
}
export interface Meta {
  readonly meta: { readonly pagination: Readonly<Record<string, number | null>> };
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Small numbers of a real cloud: what a test waits for is easy to see. Answers come at once. */
export const profile: SandboxProfile = {
  ...defaultProfile,
  timeScale: 1,
  apiLatencyMs: 0,
  serverCreateMs: 9_000,
  serverDeleteMs: 3_000,
  actionMs: 1_000,
};

const openApi = loadOpenApi();

/** A cloud behind a real HTTP server, with a clock in the test's hand. */
export class Rig {
  readonly clock: HandClock;
  readonly host: BookkeepingHost;
  readonly cloud: Cloud;
  readonly checked: CheckedFetch | undefined;
  base = '';
  #server: Server | undefined;

  constructor(
    options: Partial<Omit<CloudOptions, 'clock' | 'host'>> & {
      readonly clock?: HandClock;
      readonly host?: BookkeepingHost;
    } = {},
  ) {
    this.clock = options.clock ?? new HandClock();
    this.host = options.host ?? new BookkeepingHost();
    this.checked = openApi && checkedFetch(openApi);
    this.cloud = new Cloud({
      profile,
      tokens: [
        { token: 'writer', access: 'read-write' },
        { token: 'reader', access: 'read-only' },
      ],
      random: systemRandom,
      realClock: this.clock,
      probe: this.host,
      ...options,
      clock: this.clock,
      host: this.host,
    });
  }

  async open(): Promise<this> {
    const server = createServer((request, response) => this.cloud.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#server = server;
    this.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    return this;
  }

  async close(): Promise<void> {
    this.cloud.close();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  /** One request; what goes over the wire is checked against the document wherever that is to be had. */
  async send<T>(method: string, path: string, body?: unknown, token = 'writer'): Promise<Answer<T>> {
    const response = await (this.checked?.fetch ?? fetch)(`${this.base}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    };
  }

  get = <T>(path: string): Promise<Answer<T>> => this.send<T>('GET', path);
  post = <T>(path: string, body?: unknown): Promise<Answer<T>> => this.send<T>('POST', path, body);
  put = <T>(path: string, body?: unknown): Promise<Answer<T>> => this.send<T>('PUT', path, body);
  delete = <T>(path: string): Promise<Answer<T>> => this.send<T>('DELETE', path);

  /** `status code`, for what is to be refused. */
  async refusal(method: string, path: string, body?: unknown, token?: string): Promise<string> {
    const answer = await this.send<WireError>(method, path, body, token);
    return `${answer.status} ${answer.body.error.code}`;
  }

  /** Time enough for whatever runs. */
  settle(): void {
    this.clock.advance(60_000);
  }

  async server(name: string, more: object = {}): Promise<WireServer> {
    const { status, body } = await this.post<Created>('/servers', {
      name,
      server_type: 'cx23',
      image: 'ubuntu-24.04',
      location: 'fsn1',
      ...more,
    });
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
    this.settle();
    return (await this.get<{ server: WireServer }>(`/servers/${body.server.id}`)).body.server;
  }

  async network(name = 'net', more: object = {}): Promise<number> {
    const { status, body } = await this.post<{ network: { id: number } }>('/networks', {
      name,
      ip_range: '10.0.0.0/16',
      subnets: [{ type: 'cloud', network_zone: 'eu-central', ip_range: '10.0.0.0/24' }],
      ...more,
    });
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body.network.id;
  }

  /** The same cloud as a new process would find it, over the same machines. */
  async reborn(): Promise<Rig> {
    const state = JSON.parse(JSON.stringify(this.cloud.snapshot())) as CloudState;
    await this.close();
    const next = await new Rig({ clock: this.clock, host: this.host }).open();
    next.cloud.restore(state);
    return next;
  }
}

/** A real ed25519 public key, never anybody's. */
export const publicKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f someone@example';
