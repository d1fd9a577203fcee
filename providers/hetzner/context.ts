import type { Clock } from '../../src/domain/clock.js';
import type { CallOptions } from '../../src/provider/port.js';
import type { Actions } from './actions.js';
import type { HetznerApi } from './client/api.js';
import type { Timeouts } from './client/create-named.js';

/** What every part of this provider works with. */
export interface Hetzner {
  readonly api: HetznerApi;
  readonly actions: Actions;
  readonly clock: Clock;
  readonly pace: number;
  /** Resources that one private network may have attached. */
  readonly networkLimit: number;
}

export const patience = ({ clock, pace }: Hetzner, { signal }: CallOptions): Timeouts => ({
  clock,
  timeScale: pace,
  signal,
});
