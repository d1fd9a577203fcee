import type { Secret } from '../../../../src/domain/secret.js';
import { UsageError } from '../../../../src/errors/index.js';
import type { Layer } from '../types.js';

/**
 * The only place that reveals the token. It is missed by the first request, not before: a file can be read, and its
 * components rendered, without one.
 * @throws UsageError code TOKEN_MISSING
 */
export function auth(token: Secret | undefined): Layer {
  return (next) => (request) => {
    if (!token) {
      const hint =
        'Make one with read and write permission (Hetzner console, Security, API tokens) and set HCLOUD_TOKEN to it.';
      return Promise.reject(new UsageError('No Hetzner API token is set.', { code: 'TOKEN_MISSING', hint }));
    }
    return next({ ...request, headers: { ...request.headers, authorization: `Bearer ${token.reveal()}` } });
  };
}
