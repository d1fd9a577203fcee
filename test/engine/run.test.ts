import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { limits, errorOf, from, known, needsOf, runSteps, type Step, valueOf } from '../../src/engine/index.js';
import { IncompleteError, InterruptedError, RefusedError } from '../../src/errors/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { RecordingReporter } from '../support/recording-reporter.js';

const step = <T>(
  id: string,
  needs: readonly Step[],
  apply: Step<T>['apply'],
  more: Partial<Step<T>> = {},
): Step<T> => ({
  id,
  phase: 'Phase',
  target: id,
  text: `do ${id}`,
  needs,
  apply,
  ...more,
});

const run = (steps: readonly Step[], limits = {}, signal = new AbortController().signal) => {
  const reporter = new RecordingReporter();
  return { reporter, result: runSteps(steps, { reporter, clock: new FakeClock(), signal, limits }) };
};

describe('the engine', () => {
  it('hands the output of a step to those that need it', async () => {
    const make = step('make', [], async () => 42);
    const use = step('use', [make], async (context) => valueOf(from(make), context) + valueOf(known(1), context));
    const result = await run([make, use]).result;
    expect(result.output(use)).toBe(43);
    expect(needsOf(from(make), known(1))).toEqual([make]);
  });

  it('refuses a step that reads what it does not need', async () => {
    const make = step('make', [], async () => 42);
    const use = step('use', [], async (context) => context.output(make));
    const result = await run([use, make]).result;
    expect(result.failures.map(({ error }) => error.code)).toEqual(['BAD_PLAN']);
  });

  it('lets the rest finish when one fails, and skips only what depends on it', async () => {
    const bad = step('bad', [], async () => Promise.reject(new IncompleteError('no disk', { code: 'DISK_FULL' })));
    const after = step('after', [bad], async () => {});
    const last = step('last', [after], async () => {});
    const other = step('other', [], async () => {});
    const soft = step('soft', [], async () => {}, { after: [bad] });
    const { result, reporter } = run([bad, after, last, other, soft]);
    const { done, failures, skipped } = await result;
    expect(done.map(({ id }) => id)).toEqual(['other', 'soft']);
    expect(failures.map(({ step: { id } }) => id)).toEqual(['bad']);
    expect(skipped.map(({ id }) => id)).toEqual(['after', 'last']);
    expect(reporter.lines()).toContain('step-skipped last');
  });

  it('starts nothing new once interrupted, and says how to go on', async () => {
    const controller = new AbortController();
    const first = step('first', [], async () => controller.abort());
    const second = step('second', [first], async () => {});
    const { result } = run([first, second], {}, controller.signal);
    const ended = await result;
    expect(ended.done.map(({ id }) => id)).toEqual(['first']);
    expect(errorOf(ended, 'slipway cluster create demo')).toMatchObject({
      exitCode: 130,
      hint: expect.stringContaining('slipway cluster create demo') as string,
    });
  });

  it('calls a step that Ctrl-C ended interrupted, and blames nobody for it', async () => {
    const controller = new AbortController();
    const reason = new InterruptedError('Interrupted.', { code: 'INTERRUPTED' });
    const stop = async () => {
      controller.abort(reason);
      throw new IncompleteError('the connection was closed', { code: 'SSH_LOST', cause: reason });
    };
    const broken = step('broken', [], async () =>
      Promise.reject(new IncompleteError('no disk', { code: 'DISK_FULL' })),
    );
    const first = step('first', [], async () => {});
    const cut = step('cut', [first], stop);
    const after = step('after', [cut], async () => {});
    const { result, reporter } = run([broken, first, cut, after], {}, controller.signal);
    const ended = await result;
    expect(ended.stopped.map(({ id }) => id)).toEqual(['cut']);
    expect(ended.failures.map(({ step: { id } }) => id)).toEqual(['broken']);
    expect(reporter.lines()).toContain('step-interrupted cut');
    expect(reporter.lines()).not.toContain('step-skipped after');
    expect(errorOf(ended, 'slipway cluster create demo')).toMatchObject({
      exitCode: 130,
      details: ['broken: no disk'],
    });
  });

  const idle = async (): Promise<void> => {};

  it('refuses a step that needs, or comes after, a step which is not part of the plan', async () => {
    const elsewhere = step('elsewhere', [], idle);
    const refusal = { code: 'BAD_PLAN', message: expect.stringContaining('a waits for elsewhere') as string };
    await expect(run([step('a', [elsewhere], idle)]).result).rejects.toMatchObject(refusal);
    await expect(run([step('a', [], idle, { after: [elsewhere] })]).result).rejects.toMatchObject(refusal);
  });

  it('refuses a copy of a step in the place of the step that others need', async () => {
    const first = step('first', [], idle);
    await expect(run([{ ...first }, step('second', [first], idle)]).result).rejects.toThrow('second waits for first');
  });

  it('refuses steps that wait for each other', async () => {
    const a = step('a', [], idle);
    const b = step('b', [a], idle);
    (a.needs as Step[]).push(b);
    await expect(run([a, b]).result).rejects.toThrow('wait for each other: a → b → a');
  });

  it('refuses two steps of one id', async () => {
    await expect(run([step('a', [], idle), step('a', [], idle)]).result).rejects.toThrow('two steps are called a');
  });

  it('never runs more steps of a limit at once than it allows, and each exactly once after its needs', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ needs: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), limited: fc.boolean() }), {
          maxLength: 25,
        }),
        fc.integer({ min: 1, max: 3 }),
        async (shapes, limit) => {
          const ended: string[] = [];
          let now = 0;
          let most = 0;
          const steps: Step[] = [];
          for (const [index, { needs, limited }] of shapes.entries()) {
            const earlier = [...new Set(needs.filter((need) => need < index))].map((need) => steps[need]!);
            steps.push(
              step(
                `s${index}`,
                earlier,
                async () => {
                  if (limited) most = Math.max(most, (now += 1));
                  await new Promise((resolve) => setImmediate(resolve));
                  if (limited) now -= 1;
                  ended.push(`s${index}`);
                },
                limited ? { limits: ['join'] } : {},
              ),
            );
          }
          const { done } = await run(steps, { join: limit }).result;
          expect(done).toHaveLength(steps.length);
          expect(new Set(ended).size).toBe(steps.length);
          expect(most).toBeLessThanOrEqual(limit);
          for (const { id, needs } of steps)
            for (const need of needs) expect(ended.indexOf(need.id)).toBeLessThan(ended.indexOf(id));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the end of a run', () => {
  const failing = (error: Error, ...ids: string[]) => ids.map((id) => step(id, [], async () => Promise.reject(error)));

  it('is exit 3 when every failure was a refusal, 4 otherwise', async () => {
    const refusal = new RefusedError('not ours', { code: 'HOST_KEY_MISMATCH' });
    expect(errorOf(await run(failing(refusal, 'a')).result, 'x')?.exitCode).toBe(3);
    const mixed = [...failing(refusal, 'a'), ...failing(new IncompleteError('late', { code: 'WAIT_TIMEOUT' }), 'b')];
    expect(errorOf(await run(mixed).result, 'x')?.exitCode).toBe(4);
  });

  it('is exit 4 when a refusal came after anything was changed, 3 after mere looks', async () => {
    const refusal = failing(new RefusedError('not ours', { code: 'HOST_KEY_MISMATCH' }), 'b');
    const changed = step('a', [], async () => {});
    const after = await run([changed, ...refusal]).result;
    expect(errorOf(after, 'x')).toMatchObject({ exitCode: 4, code: 'HOST_KEY_MISMATCH' });
    const looked = await run([{ ...changed, readOnly: true }, ...refusal]).result;
    expect(errorOf(looked, 'x')?.exitCode).toBe(3);
  });

  it('names one reason once, with everybody it hit', async () => {
    const error = new IncompleteError('the account’s limit is reached', { code: 'RESOURCE_LIMIT', hint: 'Raise it.' });
    const said = errorOf(await run(failing(error, 'cp-1', 'cp-2', 'cp-3')).result, 'slipway x');
    expect(said).toMatchObject({ code: 'RESOURCE_LIMIT' });
    expect(said?.details).toEqual(['cp-1: the account’s limit is reached (also cp-2, cp-3)', '  → Raise it.']);
  });
});

it('steps name only limits that there are: a slip of the pen is no limit of its own', () => {
  const named: Pick<Step, 'limits'>[] = [
    { limits: ['join', 'drain'] },
    // @ts-expect-error -- no limit is called so
    { limits: ['joins'] },
  ];
  expect(named[0]!.limits!.every((name) => name in limits)).toBe(true);
});

describe('a run that must be admitted before each step', () => {
  const taken = new IncompleteError('demo was taken over', { code: 'KUBE_CONFLICT', hint: 'See who.' });

  it('begins nothing more once it is not, lets finish what runs, and names no step as failed', async () => {
    const log: string[] = [];
    let isLost = false;
    let finish = (): void => {};
    const slow = step('slow', [], () => new Promise<void>((resolve) => (finish = resolve)));
    const quick = step('quick', [], async () => void (isLost = true), {
      putBack: async () => void log.push('put back'),
    });
    const next = step('next', [quick], async () => void log.push('next'));
    const other = step('other', [slow], async () => void log.push('other'));
    const reporter = new RecordingReporter();
    const admit = async (): Promise<void> => {
      if (!isLost) return;
      finish();
      throw taken;
    };
    const { signal } = new AbortController();
    const result = await runSteps([slow, quick, next, other], {
      reporter,
      clock: new FakeClock(),
      signal,
      limits,
      admit,
    });
    expect(log).toEqual([]);
    expect(result.done.map(({ id }) => id)).toEqual(['slow', 'quick']);
    expect(result.skipped.map(({ id }) => id)).toEqual(['next', 'other']);
    expect(result.failures).toEqual([]);
    expect(errorOf(result, 'slipway cluster apply demo')).toMatchObject({
      exitCode: 4,
      code: 'KUBE_CONFLICT',
      message: 'demo was taken over',
      hint: 'See who. Then run it again to finish: slipway cluster apply demo',
    });
    expect(reporter.lines().some((line) => line.includes('failed'))).toBe(false);
  });

  it('begins no step that was admitted while it was interrupted', async () => {
    const controller = new AbortController();
    const only = step('only', [], async () => Promise.reject(new Error('it was begun')));
    const result = await runSteps([only], {
      reporter: new RecordingReporter(),
      clock: new FakeClock(),
      signal: controller.signal,
      limits,
      admit: async () => controller.abort(new InterruptedError('Interrupted.', { code: 'INTERRUPTED' })),
    });
    expect(result).toMatchObject({ interrupted: true, failures: [] });
    expect(result.skipped.map(({ id }) => id)).toEqual(['only']);
  });
});
