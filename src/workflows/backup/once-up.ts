import type { Clock } from '../../domain/index.js';
import { SlipwayError } from '../../errors/index.js';

const deadlineMs = 120_000;
const betweenMs = 3_000;

/**
 * Does what needs a server that is up, and waits for one for two minutes: where one was started anew a moment ago, it is
 * called Ready by its last heartbeat at first, and then not for some seconds.
 * @throws whatever `work` throws; of NODES_DOWN the last one
 */
export async function onceUp<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const until = clock.monotonic() + deadlineMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isDown = error instanceof SlipwayError && error.code === 'NODES_DOWN';
      if (!isDown || clock.monotonic() >= until) throw error;
    }
    await clock.sleep(betweenMs, signal);
  }
}
