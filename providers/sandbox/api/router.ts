import { ApiError } from './errors.js';

export interface Call {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  /** The n-th part of the path as a number. */
  id(index?: number): number;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

export type Handler = (call: Call) => Answer;

/** Paths with `:` parts, by method. */
export class Router {
  readonly #routes: { method: string; pattern: RegExp; handler: Handler }[] = [];

  on(method: string, path: string, handler: Handler): void {
    this.#routes.push({ method, pattern: new RegExp(`^${path.replaceAll(/:[a-z]+/g, '([^/]+)')}$`), handler });
  }

  /** @throws ApiError 404 for unknown paths, 405 for known ones with another method */
  answer(method: string, path: string, query: URLSearchParams, body: Record<string, unknown>): Answer {
    const hits = this.#routes.filter(({ pattern }) => pattern.test(path));
    const route = hits.find((hit) => hit.method === method);
    if (!route) {
      throw hits.length > 0
        ? new ApiError(405, 'method_not_allowed', `${method} is not allowed here`)
        : new ApiError(404, 'not_found', 'the requested path does not exist');
    }
    const params = route.pattern.exec(path)!.slice(1).map(decodeURIComponent);
    const id = (index = 0): number => {
      const value = Number(params[index]);
      if (!Number.isInteger(value)) throw new ApiError(404, 'not_found', `${params[index] ?? ''} is no ID`);
      return value;
    };
    return route.handler({ params, query, body, id });
  }
}
