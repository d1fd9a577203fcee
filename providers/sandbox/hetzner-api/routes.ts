import { z } from 'zod';
import { invalidInput, methodNotAllowed, notFound } from './errors.js';
import type { Page } from './paging.js';
import type { World } from './world.js';

export interface ApiRequest {
  /** The number in the path; 0 where it has none. */
  readonly id: number;
  /** The second number in the path. */
  readonly subId: number;
  readonly query: URLSearchParams;
  /** The parsed JSON, or undefined without a body. */
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: object;
  /** Says what the `Link` header is made of. */
  readonly page?: Page<unknown>;
}

export type Handler = (world: World, request: ApiRequest) => ApiAnswer;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments; `{id}` and `{subId}` stand for numbers. */
  readonly path: string;
  readonly handler: Handler;
}

export const get = (path: string, handler: Handler): Route => ({ method: 'GET', path, handler });
export const post = (path: string, handler: Handler): Route => ({ method: 'POST', path, handler });
export const put = (path: string, handler: Handler): Route => ({ method: 'PUT', path, handler });
export const remove = (path: string, handler: Handler): Route => ({ method: 'DELETE', path, handler });

interface Found {
  readonly route: Route;
  readonly id: number;
  readonly subId: number;
}

/** Finds the route of a request. Fixed segments win over numbers, by the order of nothing but their form. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>\\d+)')}$`),
    }));
  }

  /** @throws ApiError not_found for an unknown path, method_not_allowed for a known one. */
  find(method: string, path: string): Found {
    let known = false;
    for (const { route, pattern } of this.#routes) {
      const match = pattern.exec(path);
      if (!match) continue;
      known = true;
      if (route.method !== method) continue;
      return { route, id: Number(match.groups?.id ?? 0), subId: Number(match.groups?.subId ?? 0) };
    }
    throw known ? methodNotAllowed() : notFound();
  }
}

/**
 * Reads a body by its schema; a missing one counts as empty.
 * @throws ApiError invalid_input naming every field that is wrong.
 */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const problems = new Map<string, string[]>();
  for (const issue of result.error.issues) {
    const field = issue.path.join('.') || 'body';
    problems.set(field, [...(problems.get(field) ?? []), issue.message]);
  }
  throw invalidInput([...problems].map(([name, messages]) => ({ name, messages })));
}

export const idShape = z.number().int().min(1);
export const idOrName = z.union([idShape, z.string().min(1)]);
export const labelsShape = z.record(z.string(), z.string());

/** A thing by its id or its name; a name made of digits is an id, as clients send them. */
export function byIdOrName<T extends { readonly id: number; readonly name: string | null }>(
  items: Iterable<T>,
  desired: number | string,
): T | undefined {
  const number = typeof desired === 'number' ? desired : /^\d+$/.test(desired) ? Number(desired) : undefined;
  for (const item of items) if (number === undefined ? item.name === desired : item.id === number) return item;
  return undefined;
}
