import type { Secret } from '../../../../src/domain/secret.js';
import type { Layer } from '../types.js';

/** The only place that reveals the token. */
export function auth(token: Secret): Layer {
  return (next) => (request) =>
    next({ ...request, headers: { ...request.headers, authorization: `Bearer ${token.reveal()}` } });
}
