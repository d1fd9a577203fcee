import { z } from 'zod';

import type { Boundary } from '../../domain/boundary.js';
import type { Clock, Random } from '../../domain/clock.js';
import type { Secret } from '../../domain/secret.js';
import { jsonOrUndefined } from '../json.js';
import { allPages, EndlessList } from '../pages.js';
import type { ApiDialect, Query } from './dialect.js';
import { means, unexpectedAnswer } from './errors.js';
import { auth, boundaryPoint, concurrency, errorsFromBody, log, rateBudget, retry } from './layers.js';
import { socket } from './socket.js';
import { type ApiRequest, type Layer, nameOf, pipeline, type Send } from './types.js';

export interface ApiOptions {
  /** Base of the API with its version: `https://api.hetzner.cloud/v1`. */
  readonly endpoint: string;
  readonly token: Secret | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  /** Factor on every pause of ours: 1 against a real cloud, less against a faster one. */
  readonly timeScale: number;
  /** Told one line per request, without secrets. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Requests under way at once. A create takes about a second, so 200 machines are asked for in ten. */
const requestsAtOnce = 20;
const readDeadlineMs = 30_000;
const writeDeadlineMs = 60_000;

interface Call {
  readonly signal: AbortSignal;
  /** Of this request alone, such as what a list is filtered by. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

type Asked = Pick<ApiRequest, 'method' | 'path' | 'repeatable'> & Partial<Pick<ApiRequest, 'query' | 'body'>>;

/** A cloud's API with answers checked for shape. Knows no resource and no cloud; what is particular is its dialect. */
export class ApiClient {
  readonly #send: Send;

  constructor(
    private readonly dialect: ApiDialect,
    { endpoint, token, clock, random, boundary, timeScale, log: sink }: ApiOptions,
  ) {
    const logging: readonly Layer[] = sink ? [log(dialect, sink, clock)] : [];
    this.#send = pipeline(
      socket(dialect, endpoint),
      boundaryPoint(boundary),
      auth(dialect, token),
      ...logging,
      rateBudget(dialect, clock, timeScale),
      concurrency(requestsAtOnce),
      errorsFromBody(dialect),
      retry(clock, random, timeScale),
    );
  }

  async get<T>(path: string, shape: z.ZodType<T>, call: Call, query: Query = {}): Promise<T> {
    return this.#call({ method: 'GET', path, query: pairs(query), repeatable: true }, shape, call);
  }

  /** As `get`, with undefined when the path names nothing. */
  async find<T>(path: string, shape: z.ZodType<T>, call: Call): Promise<T | undefined> {
    return foundOrUndefined(this.get(path, shape, call));
  }

  /** All pages of a list; `key` is the field that holds the items. */
  async list<T>(path: string, key: string, item: z.ZodType<T>, call: Call, query: Query = {}): Promise<T[]> {
    const what = nameOf({ method: 'GET', path });
    const { pages } = this.dialect;
    try {
      return await allPages<T, number>(1, async (number) => {
        const asked = {
          method: 'GET',
          path,
          query: pairs({ ...query, ...pages.query(number) }),
          repeatable: true,
        } as const;
        const text = await this.#answer(asked, call);
        const answer = this.#checked(what, z.looseObject({}), valueOf(text));
        return {
          size: text.length,
          items: this.#checked(what, z.array(item), answer[key]),
          next: this.#checked(what, pages.next, answer),
        };
      });
    } catch (error) {
      throw error instanceof EndlessList ? unexpectedAnswer(this.dialect, what, error.message, [], error) : error;
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
    return foundOrUndefined(this.#call({ method: 'PUT', path, body, repeatable: true }, shape, call));
  }

  /** Undefined when there was nothing left to delete. */
  async delete<T>(path: string, shape: z.ZodType<T>, call: Call): Promise<T | undefined> {
    return foundOrUndefined(this.#call({ method: 'DELETE', path, repeatable: true }, shape, call));
  }

  async #call<T>(asked: Asked, shape: z.ZodType<T>, call: Call): Promise<T> {
    return this.#checked(nameOf(asked), shape, valueOf(await this.#answer(asked, call)));
  }

  async #answer(asked: Asked, call: Call): Promise<string> {
    const response = await this.#send({
      query: [],
      body: undefined,
      ...asked,
      headers: { accept: 'application/json', 'user-agent': 'slipway', ...call.headers },
      deadlineMs: asked.method === 'GET' ? readDeadlineMs : writeDeadlineMs,
      signal: call.signal,
    });
    return response.text;
  }

  #checked<T>(what: string, shape: z.ZodType<T>, value: unknown): T {
    const parsed = shape.safeParse(value);
    if (parsed.success) return parsed.data;
    const details = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw unexpectedAnswer(this.dialect, what, 'it has another form than documented', details);
  }
}

const valueOf = (text: string): unknown => (text === '' ? {} : jsonOrUndefined(text));

async function foundOrUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (means(error, 'not-found')) return undefined;
    throw error;
  }
}

function pairs(query: Query): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}
