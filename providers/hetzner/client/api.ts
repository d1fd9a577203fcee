import { z } from 'zod';

import type { Boundary } from '../../../src/domain/boundary.js';
import type { Clock, Random } from '../../../src/domain/clock.js';
import type { Secret } from '../../../src/domain/secret.js';
import { allPages, EndlessList } from '../../../src/http/pages.js';
import { hasCode, oddAnswer } from './errors.js';
import { auth } from './layers/auth.js';
import { boundaryPoint } from './layers/boundary.js';
import { rateBudget } from './layers/budget.js';
import { concurrency } from './layers/concurrency.js';
import { errorsFromBody } from './layers/errors.js';
import { log } from './layers/log.js';
import { retry } from './layers/retry.js';
import { socket } from './socket.js';
import { pipeline, type ApiRequest, type Layer, type Send } from './types.js';

export interface ApiOptions {
  readonly endpoint: string;
  readonly token: Secret | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  /** Factor on every pause of ours: 1 against the real cloud, less against a faster one. */
  readonly pace: number;
  readonly log?: ((line: string) => void) | undefined;
}

/** Requests under way at once. A create takes about a second, so 200 machines are asked for in ten. */
const requestsAtOnce = 20;
const pageSize = 50;
const readDeadlineMs = 30_000;
const writeDeadlineMs = 60_000;

export type Query = Readonly<Record<string, string | number | readonly (string | number)[]>>;

interface Call {
  readonly signal: AbortSignal;
}

const page = z.looseObject({
  meta: z.object({ pagination: z.object({ next_page: z.number().nullable() }) }).optional(),
});

/** Hetzner's API with answers checked for shape. Knows no resource; see the files beside this folder. */
export class HetznerApi {
  readonly #send: Send;

  constructor(options: ApiOptions) {
    const logging: readonly Layer[] = options.log ? [log(options.log, options.clock)] : [];
    this.#send = pipeline(
      socket(options.endpoint),
      boundaryPoint(options.boundary),
      auth(options.token),
      ...logging,
      rateBudget(options.clock, options.pace),
      concurrency(requestsAtOnce),
      errorsFromBody,
      retry(options.clock, options.random, options.pace),
    );
  }

  async get<T>(path: string, shape: z.ZodType<T>, call: Call, query: Query = {}): Promise<T> {
    return this.#call({ method: 'GET', path, query: pairs(query), repeatable: true }, shape, call);
  }

  /** As `get`, with undefined when the path names nothing. */
  async find<T>(path: string, shape: z.ZodType<T>, call: Call): Promise<T | undefined> {
    try {
      return await this.get(path, shape, call);
    } catch (error) {
      if (hasCode(error, 'not_found')) return undefined;
      throw error;
    }
  }

  /** All pages of a list; `key` is the field that holds the items. */
  async list<T>(path: string, key: string, item: z.ZodType<T>, call: Call, query: Query = {}): Promise<T[]> {
    const what = `GET ${path}`;
    try {
      return await allPages<T, number>(1, async (number) => {
        const answer = await this.get(path, page, call, { ...query, page: number, per_page: pageSize });
        const next = answer.meta?.pagination.next_page ?? undefined;
        return { items: checked(what, z.array(item), answer[key]), next };
      });
    } catch (error) {
      throw error instanceof EndlessList ? oddAnswer(what, error.message, [], error) : error;
    }
  }

  /** Sends once when the answer stays open; the caller looks before it decides. */
  async post<T>(path: string, body: unknown, shape: z.ZodType<T>, call: Call): Promise<T> {
    return this.#call({ method: 'POST', path, body, repeatable: false }, shape, call);
  }

  /** For a POST that does the same when it arrives twice. */
  async postAgain<T>(path: string, body: unknown, shape: z.ZodType<T>, call: Call): Promise<T> {
    return this.#call({ method: 'POST', path, body, repeatable: true }, shape, call);
  }

  /** Undefined when there was nothing to change. */
  async put<T>(path: string, body: unknown, shape: z.ZodType<T>, call: Call): Promise<T | undefined> {
    try {
      return await this.#call({ method: 'PUT', path, body, repeatable: true }, shape, call);
    } catch (error) {
      if (hasCode(error, 'not_found')) return undefined;
      throw error;
    }
  }

  /** Undefined when there was nothing left to delete. */
  async delete<T>(path: string, shape: z.ZodType<T>, call: Call): Promise<T | undefined> {
    try {
      return await this.#call({ method: 'DELETE', path, repeatable: true }, shape, call);
    } catch (error) {
      if (hasCode(error, 'not_found')) return undefined;
      throw error;
    }
  }

  async #call<T>(
    request: Pick<ApiRequest, 'method' | 'path' | 'repeatable'> & Partial<Pick<ApiRequest, 'query' | 'body'>>,
    shape: z.ZodType<T>,
    call: Call,
  ): Promise<T> {
    const response = await this.#send({
      query: [],
      body: undefined,
      ...request,
      headers: { accept: 'application/json', 'user-agent': 'slipway' },
      deadlineMs: request.method === 'GET' ? readDeadlineMs : writeDeadlineMs,
      signal: call.signal,
    });
    return checked(`${request.method} ${request.path}`, shape, response.text === '' ? {} : parse(response.text));
  }
}

function checked<T>(what: string, shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw oddAnswer(what, 'it has another form than documented', details);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function pairs(query: Query): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}
