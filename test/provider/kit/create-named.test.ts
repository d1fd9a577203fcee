import { describe, expect, it } from 'vitest';

import { UnreachableError } from '../../../src/http/api/errors.js';
import { createNamed } from '../../../src/provider/kit/create-named.js';
import type { Waits } from '../../../src/provider/kit/waits.js';
import { whileBusy } from '../../../src/provider/kit/while-busy.js';
import { exampleDialect, refused } from '../../http/api/example-cloud.js';
import { FakeClock } from '../../support/fake-clock.js';

const waits = (): Waits => ({ clock: new FakeClock(), timeScale: 1, signal: new AbortController().signal });
const cut = new UnreachableError(exampleDialect, 'POST /machines', true, new Error('socket hang up'));

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
    expect(await createNamed(waits(), create.run, find.run)).toBe('first');
    expect([create.times(), find.times()]).toEqual([1, 3]);
  });

  it.each([500, 502, 503, 504])('looks it up after a %i, which may have come after the work', async (status) => {
    const create = script<string>(refused(status), 'second');
    expect(await createNamed(waits(), create.run, script<string | undefined>('first').run)).toBe('first');
    expect(create.times()).toBe(1);
  });

  it.each([500, 503])(
    'makes it on the second try when the first was answered with a %i and not done',
    async (status) => {
      const create = script<string>(refused(status), 'second');
      expect(await createNamed(waits(), create.run, script<string | undefined>(undefined).run)).toBe('second');
      expect(create.times()).toBe(2);
    },
  );

  it('sends again only after looking several times in vain', async () => {
    const create = script<string>(cut, 'second');
    const find = script<string | undefined>(undefined);
    expect(await createNamed(waits(), create.run, find.run)).toBe('second');
    expect([create.times(), find.times()]).toEqual([2, 5]);
  });

  it('finds the one whose name is taken, which another run may just be making', async () => {
    const create = script<string>(refused(400, 'The name must be unique'));
    const find = script<string | undefined>(undefined, 'theirs');
    expect(await createNamed(waits(), create.run, find.run)).toBe('theirs');
    expect(create.times()).toBe(1);
  });

  it('passes on a refusal without looking', async () => {
    const find = script<string | undefined>('other');
    await expect(createNamed(waits(), script<string>(refused(412, 'Sold out')).run, find.run)).rejects.toMatchObject({
      status: 412,
    });
    expect(find.times()).toBe(0);
  });

  it('gives up after four answers that stayed open', async () => {
    const create = script<string>(cut);
    await expect(createNamed(waits(), create.run, script<string | undefined>(undefined).run)).rejects.toBe(cut);
    expect(create.times()).toBe(4);
  });
});

describe('something busy', () => {
  it('is asked again until it is free', async () => {
    const work = script<string>(refused(400, 'It is busy'), refused(400, 'It is busy'), 'done');
    expect(await whileBusy(waits(), ['busy'], work.run)).toBe('done');
  });

  it('is given up after three minutes', async () => {
    const own = waits();
    const started = own.clock.now();
    await expect(whileBusy(own, ['busy'], script<string>(refused(400, 'It is busy')).run)).rejects.toMatchObject({
      apiCode: 'busy',
    });
    expect(own.clock.now() - started).toBeGreaterThanOrEqual(180_000);
    expect(own.clock.now() - started).toBeLessThan(200_000);
  });

  it('is told from something protected', async () => {
    const work = script<string>(refused(423, 'It is protected'), 'done');
    await expect(whileBusy(waits(), ['busy'], work.run)).rejects.toMatchObject({ status: 423 });
  });
});
