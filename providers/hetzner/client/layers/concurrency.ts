import pLimit from 'p-limit';

import type { Layer } from '../types.js';

/** At most `limit` requests under way. A request that was aborted while it waited is not sent. */
export function concurrency(limit: number): Layer {
  const slots = pLimit(limit);
  return (next) => (request) =>
    slots(() => {
      request.signal.throwIfAborted();
      return next(request);
    });
}
