import { describe, expect, it } from 'vitest';

import { errorFromAnswer, UnreachableError } from '../../../../providers/hetzner/client/errors.js';
import { createNamed, whileBusy, type Timeouts } from '../../../../providers/hetzner/client/create-named.js';
import { FakeClock } from '../../../support/fake-clock.js';

const patience = (): Timeouts => ({ clock: new FakeClock(), timeScale: 1, signal: new AbortController().signal });
const cut = new UnreachableError('POST /servers', true, new Error('socket hang up'));
const apiError = (status: number, code: string) =>
  errorFromAnswer('POST /servers', status, JSON.stringify({ error: { code, message: code } }), undefined);

/** Throws or returns the answers one after another, and counts. */
function script<T>(...answers: (T | Error)[]): { run: () => Promise<T>; times: () => number } {
  let nth = 0;
  return {
    run: async () => {
      const answer = answers[Math.min(nth, answers.length - 1)];
      nth += 1;
      if (answer instanceof Error) throw answer;
      return answer as T;
    },
    times: () => nth,
  };
}

describe('creating something with a name', () => {
  it('takes what it finds after an answer that stayed open, and sends nothing twice', async () => {
    const create = script<string>(cut, 'second');
    const find = script<string | undefined>(undefined, undefined, 'first');
    expect(await createNamed(patience(), create.run, find.run)).toBe('first');
    expect([create.times(), find.times()]).toEqual([1, 3]);
  });

  it.each([500, 502, 503, 504])('looks it up after a %i, which may have come after the work', async (status) => {
    const create = script<string>(apiError(status, 'oops'), 'second');
    expect(await createNamed(patience(), create.run, script<string | undefined>('first').run)).toBe('first');
    expect(create.times()).toBe(1);
  });

  it.each([500, 503])(
    'makes it on the second try when the first was answered with a %i and not done',
    async (status) => {
      const create = script<string>(apiError(status, 'oops'), 'second');
      expect(await createNamed(patience(), create.run, script<string | undefined>(undefined).run)).toBe('second');
      expect(create.times()).toBe(2);
    },
  );

  it('sends again only after looking several times in vain', async () => {
    const create = script<string>(cut, 'second');
    const find = script<string | undefined>(undefined);
    expect(await createNamed(patience(), create.run, find.run)).toBe('second');
    expect([create.times(), find.times()]).toEqual([2, 5]);
  });

  it('finds the one whose name is taken, which another run may just be making', async () => {
    const create = script<string>(apiError(409, 'uniqueness_error'));
    const find = script<string | undefined>(undefined, 'theirs');
    expect(await createNamed(patience(), create.run, find.run)).toBe('theirs');
    expect(create.times()).toBe(1);
  });

  it('passes on a refusal without looking', async () => {
    const find = script<string | undefined>('other');
    await expect(
      createNamed(patience(), script<string>(apiError(412, 'resource_unavailable')).run, find.run),
    ).rejects.toMatchObject({
      apiCode: 'resource_unavailable',
    });
    expect(find.times()).toBe(0);
  });

  it('gives up after four answers that stayed open', async () => {
    const create = script<string>(cut);
    await expect(createNamed(patience(), create.run, script<string | undefined>(undefined).run)).rejects.toBe(cut);
    expect(create.times()).toBe(4);
  });
});

describe('something busy', () => {
  it('is asked again until it is free', async () => {
    const work = script<string>(apiError(423, 'locked'), apiError(423, 'locked'), 'done');
    expect(await whileBusy(patience(), ['locked'], work.run)).toBe('done');
  });

  it('is given up after three minutes', async () => {
    const own = patience();
    const started = own.clock.now();
    await expect(whileBusy(own, ['locked'], script<string>(apiError(423, 'locked')).run)).rejects.toMatchObject({
      apiCode: 'locked',
    });
    expect(own.clock.now() - started).toBeGreaterThanOrEqual(180_000);
    expect(own.clock.now() - started).toBeLessThan(200_000);
  });

  it('is told from something protected', async () => {
    const work = script<string>(apiError(423, 'protected'), 'done');
    await expect(whileBusy(patience(), ['locked'], work.run)).rejects.toMatchObject({ code: 'PROTECTED' });
  });
});
