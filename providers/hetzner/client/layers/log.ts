import type { Clock } from '../../../../src/domain/clock.js';
import { messageOf } from '../../../../src/errors/index.js';
import { correlationIdOf } from './errors.js';
import { queryString, type Layer } from '../types.js';

/** Fields whose values must not be written down. User data holds the host's first key. */
const hiddenFields = new Set(['user_data', 'root_password', 'public_key', 'private_key', 'password', 'token']);

/** A copy of a body that can be shown: hidden fields keep their name and lose their value. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, hiddenFields.has(key) ? '[hidden]' : redact(inner)]),
  );
}

/** Writes one line per request to `sink`. It stands inside of auth, so headers never pass through it. */
export function log(sink: (line: string) => void, clock: Clock): Layer {
  return (next) => async (request) => {
    const started = clock.monotonic();
    const body = request.body === undefined ? '' : ` ${JSON.stringify(redact(request.body))}`;
    const what = `${request.method} ${request.path}${queryString(request.query)}${body}`;
    try {
      const response = await next(request);
      const id = correlationIdOf(response.headers);
      sink(`${what} → ${response.status} in ${clock.monotonic() - started} ms${id ? ` [${id}]` : ''}`);
      return response;
    } catch (error) {
      sink(`${what} → ${messageOf(error)} after ${clock.monotonic() - started} ms`);
      throw error;
    }
  };
}
