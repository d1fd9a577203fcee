import { describe, expect, it } from 'vitest';

import { waitFor } from '../../src/domain/wait.js';
import { FakeClock } from '../support/fake-clock.js';

const { signal } = new AbortController();
const day = 86_400_000;

describe('waiting for something while the computer’s clock is set', () => {
  it.each([
    ['forward', day],
    ['back', -day],
  ])('a clock that is set a day %s neither ends nor lengthens the wait', async (_where, jump) => {
    const clock = new FakeClock();
    const started = clock.monotonic();
    let looks = 0;
    const wait = waitFor(
      {
        what: 'the moon',
        check: async () => {
          looks += 1;
          if (looks === 2) clock.jump(jump);
          return looks === 5 ? 'here' : undefined;
        },
      },
      { clock, signal, deadlineMs: 60_000, hint: 'look up' },
    );
    expect(await wait).toBe('here');
    expect(clock.monotonic() - started).toBeLessThan(60_000);
  });

  it('a wait in vain lasts as long as its deadline says, whatever the clock does meanwhile', async () => {
    const clock = new FakeClock();
    const started = clock.monotonic();
    const check = async (): Promise<undefined> => void clock.jump(-day);
    await expect(
      waitFor({ what: 'the moon', check }, { clock, signal, deadlineMs: 60_000, hint: 'look up' }),
    ).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    expect(clock.monotonic() - started).toBe(60_000);
  });
});
