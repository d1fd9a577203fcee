import { z } from 'zod';
import { LinodeError, notFound } from './errors.js';
import type { World } from './world.js';

export interface LinodeRequest {
  /** The first number in the path; 0 where it has none. */
  readonly id: number;
  readonly subId: number;
  readonly lastId: number;
  /** The word in the path, where it has one. */
  readonly word: string;
  readonly query: URLSearchParams;
  /** The parsed JSON, or undefined without a body. */
  readonly body: unknown;
}

export interface LinodeAnswer {
  readonly body: object;
  readonly status?: number;
}

export type Handler = (world: World, request: LinodeRequest) => LinodeAnswer;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments; `{id}`, `{subId}` and `{lastId}` stand for numbers, `{word}` for anything. */
  readonly path: string;
  readonly handler?: Handler;
  /** Of a list: what it holds, and the fields by which it can be filtered. */
  readonly items?: (world: World, request: LinodeRequest) => readonly object[];
  readonly filterable?: readonly string[];
}

export const get = (path: string, handler: Handler): Route => ({ method: 'GET', path, handler });
export const post = (path: string, handler: Handler): Route => ({ method: 'POST', path, handler });
export const put = (path: string, handler: Handler): Route => ({ method: 'PUT', path, handler });
export const remove = (path: string, handler: Handler): Route => ({ method: 'DELETE', path, handler });

/** A list in pages. */
export const list = (path: string, filterable: readonly string[], items: NonNullable<Route['items']>): Route => ({
  method: 'GET',
  path,
  items,
  filterable,
});

export interface Found {
  readonly route: Route;
  readonly params: Pick<LinodeRequest, 'id' | 'subId' | 'lastId' | 'word'>;
}

export class Router {
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(
        `^${route.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'word' ? '(?<word>[^/]+)' : `(?<${name}>\\d+)`))}$`,
      ),
    }));
  }

  /** Whether the answer is a list in pages. */
  isList(method: string, path: string): boolean {
    return this.#routes.some(({ route, pattern }) => route.items && route.method === method && pattern.test(path));
  }

  /** @throws LinodeError 404, and 405 for a known path */
  find(method: string, path: string): Found {
    let known = false;
    for (const { route, pattern } of this.#routes) {
      const match = pattern.exec(path);
      if (!match) continue;
      known = true;
      if (route.method !== method) continue;
      const { id, subId, lastId, word = '' } = match.groups ?? {};
      const params = { id: Number(id ?? 0), subId: Number(subId ?? 0), lastId: Number(lastId ?? 0) };
      return { route, params: { ...params, word: decodeURIComponent(word) } };
    }
    throw known ? new LinodeError(405, [{ reason: 'Method Not Allowed' }]) : notFound();
  }
}

/**
 * Reads a body by its schema; a missing one counts as empty.
 * @throws LinodeError 400 naming every field that is wrong
 */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  throw new LinodeError(
    400,
    result.error.issues.map(({ path, message }) => {
      const field = path.join('.');
      return field === '' ? { reason: message } : { reason: message, field };
    }),
  );
}

/** Labels of instances and firewalls. */
export const labelShape = (longest: number) =>
  z
    .string()
    .min(3, `Length must be 3-${longest} characters`)
    .max(longest, `Length must be 3-${longest} characters`)
    .regex(/^[a-zA-Z0-9]((?!--|__|\.\.)[a-zA-Z0-9-_.])+$/, 'Label must start with an alphanumeric character');

export const tagsShape = z.array(
  z.string().min(3, 'Length must be 3-50 characters').max(50, 'Length must be 3-50 characters'),
);
