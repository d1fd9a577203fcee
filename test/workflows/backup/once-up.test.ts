import { describe, expect, it } from 'vitest';

import { RefusedError } from '../../../src/errors/index.js';
import { onceUp } from '../../../src/workflows/backup/once-up.js';
import { FakeClock } from '../../support/fake-clock.js';

const { signal } = new AbortController();
const down = (): RefusedError => new RefusedError('No server of demo is Ready and votes.', { code: 'NODES_DOWN' });

/** Throws these, one at a time, then returns. */
function failing(errors: readonly Error[]): () => Promise<string> {
  const left = [...errors];
  return () => {
    const error = left.shift();
    return error ? Promise.reject(error) : Promise.resolve('done');
  };
}

describe('what needs a server that is up', () => {
  it('is done once one is up again after k3s was started anew', async () => {
    expect(await onceUp(new FakeClock(), signal, failing([down(), down(), down()]))).toBe('done');
  });

  it('is given up where none comes up for two minutes', async () => {
    const clock = new FakeClock();
    const began = clock.monotonic();
    await expect(onceUp(clock, signal, () => Promise.reject(down()))).rejects.toMatchObject({ code: 'NODES_DOWN' });
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(120_000);
    expect(clock.monotonic() - began).toBeLessThan(130_000);
  });

  it('is not tried again where something else is wrong', async () => {
    const clock = new FakeClock();
    const began = clock.monotonic();
    const other = new RefusedError('The bucket is outside the residency.', { code: 'OUTSIDE_RESIDENCY' });
    await expect(onceUp(clock, signal, failing([other]))).rejects.toBe(other);
    expect(clock.monotonic()).toBe(began);
  });
});
