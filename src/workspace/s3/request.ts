import type { HeaderReader } from '../../http/ask.js';

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Below the prefix; undefined asks the bucket itself. */
  readonly key: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Statuses that the caller knows what to do with; every other one above 299 is thrown as what it means. */
  readonly expects: readonly number[];
  /** Whether an answer that stays open is asked for again; else it is thrown at once, for the caller to look. */
  readonly repeatable: boolean;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: HeaderReader;
  readonly text: string;
}
