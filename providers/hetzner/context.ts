import type { Clock } from '../../src/domain/clock.js';
import type { ApiClient } from '../../src/http/api/client.js';
import type { Waits } from '../../src/provider/kit/waits.js';
import type { CallOptions } from '../../src/provider/port.js';
import type { Actions } from './actions.js';

/** What every part of this provider works with. */
export interface Hetzner {
  readonly api: ApiClient;
  readonly actions: Actions;
  readonly clock: Clock;
  readonly timeScale: number;
  /** Resources that one private network may have attached. */
  readonly networkLimit: number;
}

export const waits = ({ clock, timeScale }: Hetzner, { signal }: CallOptions): Waits => ({ clock, timeScale, signal });
