import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CloudView, Persistent } from '../types.js';
import { ApiError } from './errors.js';
import { Faults } from './faults.js';
import { allowed, firewallRoutes } from './firewalls.js';
import { balancerRoutes, healthyTargets } from './load-balancers.js';
import { networkRoutes } from './networks.js';
import { Project, type ProjectOptions } from './project.js';
import { RateLimit } from './rate-limit.js';
import { type Answer, Router } from './router.js';
import { serverRoutes } from './servers.js';
import { smallRoutes } from './small-resources.js';

export interface Token {
  readonly token: string;
  readonly access: 'read-write' | 'read-only';
}

export interface CloudOptions extends ProjectOptions {
  readonly tokens: readonly Token[];
  /** Told after each answer and each action that ended, so that the state can be stored. */
  readonly changed?: () => void;
}

/** Hetzner's Cloud API over HTTP, for one project. */
export class Cloud implements CloudView, Persistent<unknown> {
  readonly faults = new Faults();
  readonly project: Project;
  readonly #router = new Router();
  readonly #rate: RateLimit;
  #calls = 0;

  constructor(private readonly options: CloudOptions) {
    this.project = new Project(options);
    this.#rate = new RateLimit(
      () => options.clock.now(),
      () => options.profile().timeScale,
    );
    serverRoutes(this.#router, this.project);
    networkRoutes(this.#router, this.project);
    firewallRoutes(this.#router, this.project);
    balancerRoutes(this.#router, this.project);
    smallRoutes(this.#router, this.project);
  }

  /** How many requests were answered, for measurements. */
  get calls(): number {
    return this.#calls;
  }

  /** Serves /v1/…; other paths are the caller's. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.serve(request, response, Buffer.concat(chunks).toString('utf8')));
  }

  private serve(request: IncomingMessage, response: ServerResponse, text: string): void {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const method = request.method ?? 'GET';
    const path = url.pathname.replace(/^\/v1/, '');
    this.#calls += 1;
    const fault = this.faults.for(method, path);
    if (fault && 'dropBefore' in fault) return void request.socket.destroy();
    const answer =
      fault && 'error' in fault
        ? failure(new ApiError(fault.error.status, fault.error.code, fault.error.message))
        : this.answer(method, path, url.searchParams, request.headers.authorization, text);
    this.options.changed?.();
    if (fault && 'drop' in fault) return void request.socket.destroy();
    const send = (): void => {
      const body = answer.body === undefined ? undefined : JSON.stringify(answer.body);
      response.writeHead(answer.status ?? 200, {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...this.#rate.headers(),
        'X-Correlation-Id': this.#calls.toString(16).padStart(16, '0'),
      });
      response.end(body);
    };
    const late = (): void => void (fault && 'delayMs' in fault ? setTimeout(send, fault.delayMs) : send());
    this.options.clock.after(this.options.profile().apiLatencyMs, late);
  }

  private answer(
    method: string,
    path: string,
    query: URLSearchParams,
    authorization: string | undefined,
    text: string,
  ): Answer {
    try {
      const token = this.options.tokens.find((one) => authorization === `Bearer ${one.token}`);
      if (!token) throw new ApiError(401, 'unauthorized', 'unable to authenticate');
      if (!this.#rate.take()) throw new ApiError(429, 'rate_limit_exceeded', 'limit of 3600 requests per hour reached');
      if (token.access === 'read-only' && method !== 'GET')
        throw new ApiError(401, 'token_readonly', 'the token is only allowed to perform GET requests');
      return this.#router.answer(method, path, query, parse(text));
    } catch (error) {
      if (error instanceof ApiError) return failure(error);
      throw error;
    }
  }

  allowed(serverId: number, port: number, source: string): boolean {
    return allowed(this.project, serverId, port, source);
  }

  resolve(fromServerId: number, address: string, port: number): readonly number[] {
    const networks = new Set(
      this.project.servers.byId
        .get(fromServerId)
        ?.nets.filter((net) => net.attached)
        .map((net) => net.network),
    );
    const here = (net: { network: number; ip: string }): boolean => networks.has(net.network) && net.ip === address;
    const server = this.project.servers
      .all()
      .find(({ nets, ipv4 }) => nets.some((net) => net.attached && here(net)) || ipv4 === address);
    if (server) return [server.id];
    const balancer = this.project.balancers.all().find(({ nets }) => nets.some(here));
    return balancer ? healthyTargets(this.project, balancer, port) : [];
  }

  server(id: number): ReturnType<CloudView['server']> {
    const server = this.project.servers.byId.get(id);
    return (
      server && {
        name: server.name,
        publicAddress: server.ipv4,
        privateAddress: server.nets.find((net) => net.attached)?.ip,
        type: server.type,
        location: server.location,
      }
    );
  }

  snapshot(): unknown {
    return this.project.snapshot();
  }

  restore(state: unknown): void {
    this.project.restore(state as Record<string, unknown>);
  }
}

const failure = (error: ApiError): Answer => ({ status: error.status, body: error.body() });

function parse(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // falls through to the answer below
  }
  throw new ApiError(400, 'json_error', 'invalid JSON in request body');
}
