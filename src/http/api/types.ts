import type { HeaderReader } from '../ask.js';

/** A request as the layers see it. Values only, so that a layer can send it again. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Without the base: `/servers/4711`. */
  readonly path: string;
  /** Repeated names are allowed: `id=1&id=2`. */
  readonly query: readonly [name: string, value: string][];
  /** Sent as JSON when not undefined. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether sending it a second time does no harm when the first may have arrived. */
  readonly repeatable: boolean;
  /** Milliseconds until the answer must be complete. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** An answer, read to its end. Any status. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: HeaderReader;
  readonly text: string;
}

export type Send = (request: ApiRequest) => Promise<ApiResponse>;
export type Layer = (next: Send) => Send;

/** Innermost first: errors are made before retries decide about them. */
export const pipeline = (socket: Send, ...layers: readonly Layer[]): Send =>
  layers.reduce((send, layer) => layer(send), socket);

/** `?id=1&id=2`, or nothing. */
export function queryString(query: ApiRequest['query']): string {
  const text = new URLSearchParams(query).toString();
  return text && `?${text}`;
}

/** What a request is called in messages: `GET /servers`. */
export const nameOf = ({ method, path }: Pick<ApiRequest, 'method' | 'path'>): string => `${method} ${path}`;
