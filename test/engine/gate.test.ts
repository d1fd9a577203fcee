import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { errorOf, gate, runSteps, type Step, type Verdict } from '../../src/engine/index.js';
import { IncompleteError } from '../../src/errors/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { RecordingReporter } from '../support/recording-reporter.js';

const stopped = new IncompleteError('web-2 is down since the change.', { code: 'STEPS_FAILED' });
const verdicts = {
  go: { answer: 'go' },
  stop: { answer: 'stop', error: stopped },
  'put back': { answer: 'put back', error: stopped },
} satisfies Record<string, Verdict>;

/** A little plan whose steps write down what they do; `fails` are ids of steps that fail. */
class World {
  readonly did: string[] = [];
  readonly controller = new AbortController();
  readonly reporter = new RecordingReporter();
  readonly #made = new Map<string, Step>();

  constructor(private readonly fails: readonly string[] = []) {}

  step(id: string, needs: readonly string[] = [], after: readonly string[] = [], apply?: Step['apply']): Step {
    const act = (what: string) => async (): Promise<void> => {
      if (this.fails.includes(what)) throw new IncompleteError(`${what} failed`, { code: 'NODE_TIMEOUT' });
      this.did.push(what);
    };
    return this.#kept({
      id,
      phase: 'Phase',
      target: id,
      text: `do ${id}`,
      needs: this.#of(needs),
      after: this.#of(after),
      apply: apply ?? act(id),
      putBack: act(`back ${id}`),
    });
  }

  gate(id: string, answer: keyof typeof verdicts, needs: readonly string[] = [], after: readonly string[] = []): Step {
    return this.#kept(
      gate({
        id,
        phase: 'Phase',
        target: id,
        text: 'judge',
        needs: this.#of(needs),
        after: this.#of(after),
        apply: () => Promise.resolve(verdicts[answer]),
      }),
    );
  }

  #of = (ids: readonly string[]): readonly Step[] => ids.map((id) => this.#made.get(id)!);

  #kept(step: Step): Step {
    this.#made.set(step.id, step);
    return step;
  }

  run(steps: readonly Step[]) {
    const { reporter, controller } = this;
    return runSteps(steps, { reporter, clock: new FakeClock(), signal: controller.signal, limits: {} });
  }
}

describe('a gate', () => {
  it('lets what needs it begin when it answers go, and puts nothing back', async () => {
    const world = new World();
    const result = await world.run([world.step('a'), world.gate('gate', 'go', ['a']), world.step('b', ['gate'])]);
    expect(world.did).toEqual(['a', 'b']);
    expect(result).toMatchObject({ failures: [], skipped: [], putBack: [] });
  });

  it('skips what needs it when it answers stop, and keeps what was done before it', async () => {
    const world = new World();
    const steps = [
      world.step('a'),
      world.gate('gate', 'stop', ['a']),
      world.step('b', ['gate']),
      world.step('c', ['b']),
    ];
    const result = await world.run(steps);
    expect(world.did).toEqual(['a']);
    expect(result.skipped.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(errorOf(result, 'slipway cluster apply demo')).toMatchObject({ message: stopped.message, exitCode: 4 });
  });

  it('puts back what only prepared for steps that a stop skips: their nodes take pods again', async () => {
    const world = new World();
    const result = await world.run([
      world.step('remove:a'),
      world.step('cordon:b'),
      world.step('cordon:c'),
      world.gate('gate', 'stop', [], ['remove:a']),
      world.step('remove:b', ['gate', 'cordon:b']),
      world.step('remove:c', ['gate', 'cordon:c']),
    ]);
    expect(world.did.slice(-2)).toEqual(['back cordon:c', 'back cordon:b']);
    expect(result.done.map(({ id }) => id)).toEqual(['remove:a']);
    expect(result.putBack.map(({ id }) => id)).toEqual(['cordon:b', 'cordon:c']);
    expect(world.reporter.lines()).toContain('step-put-back cordon:b');
  });

  it('keeps what lasts, although nothing of what needs it ever began', async () => {
    const world = new World();
    const changed = world.step('upgrade:a');
    const steps = [{ ...changed, lasts: true }];
    const judged = { ...world.gate('gate', 'stop'), needs: steps };
    const next = { ...world.step('upgrade:b'), needs: [judged, ...steps] };
    const result = await world.run([...steps, judged, next]);
    expect(world.did).toEqual(['upgrade:a']);
    expect(result.done.map(({ id }) => id)).toEqual(['upgrade:a']);
    expect(result.skipped.map(({ id }) => id)).toEqual(['upgrade:b']);
  });

  it('counts as done what had no need to be put back', async () => {
    const world = new World();
    const steps = [{ ...world.step('upgrade:a'), lasts: true, putBack: () => Promise.resolve(false as const) }];
    const result = await world.run([...steps, { ...world.gate('gate', 'put back'), needs: steps }]);
    expect(result.done.map(({ id }) => id)).toEqual(['upgrade:a']);
    expect(result.putBack).toEqual([]);
  });

  it('puts back what it waited for when it answers put back, the last first', async () => {
    const world = new World(['b']);
    const result = await world.run([
      world.step('other'),
      world.step('a'),
      world.step('b'),
      world.step('c', ['a']),
      world.gate('gate', 'put back', [], ['a', 'b', 'c']),
      world.step('next', ['gate']),
    ]);
    expect(world.did.slice(-2)).toEqual(['back c', 'back a']);
    expect(result.skipped.map(({ id }) => id)).toEqual(['next']);
    expect(result.done.map(({ id }) => id)).toEqual(['other']);
  });

  it('tells of what could not be put back beside why', async () => {
    const world = new World(['back cordon:b']);
    const steps = [world.step('cordon:b'), world.gate('gate', 'stop'), world.step('remove:b', ['gate', 'cordon:b'])];
    const result = await world.run(steps);
    expect(result.failures.map(({ step, error }) => `${step.id}: ${error.message}`)).toEqual([
      `gate: ${stopped.message}`,
      'cordon:b: back cordon:b failed',
    ]);
    expect(result.done.map(({ id }) => id)).toEqual(['cordon:b']);
  });

  it('puts back after Ctrl-C too what prepared for steps that will not begin', async () => {
    const world = new World();
    const cordon = world.step('cordon:b');
    const interrupt = world.step('interrupt', [], ['cordon:b'], async () => world.controller.abort());
    const steps = [cordon, interrupt, world.step('remove:b', ['cordon:b', 'interrupt'])];
    expect(await world.run(steps)).toMatchObject({ interrupted: true, failures: [] });
    expect(world.did).toEqual(['cordon:b', 'back interrupt', 'back cordon:b']);
  });
});

describe('a run with gates and failures', () => {
  const shapes = fc.array(
    fc.record({
      kind: fc.constantFrom('step', 'step', 'go', 'stop', 'put back'),
      needs: fc.array(fc.nat(30), { maxLength: 2 }),
      after: fc.array(fc.nat(30), { maxLength: 2 }),
      fails: fc.boolean(),
    }),
    { maxLength: 15 },
  );

  it('begins nothing that needs what did not go well, and puts back exactly what is of no use', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (all) => {
        const earlier = (index: number, ids: readonly number[]) =>
          [...new Set(ids.filter((id) => id < index))].map((id) => `s${id}`);
        const failing = all.flatMap(({ kind, fails }, i) => (kind === 'step' && fails ? [`s${i}`] : []));
        const world = new World(failing);
        const steps = all.map(({ kind, needs, after }, i) => {
          const waits = [`s${i}`, earlier(i, needs), earlier(i, after)] as const;
          return kind === 'step' ? world.step(...waits) : world.gate(waits[0], kind, waits[1], waits[2]);
        });
        const { done, failures, skipped, putBack } = await world.run(steps);
        const ids = (some: readonly Step[]) => new Set(some.map(({ id }) => id));
        const [isDone, isSkipped, isBack] = [ids(done), ids(skipped), ids(putBack)];
        expect(done.length + failures.length + skipped.length + putBack.length).toBe(steps.length);
        const orders = steps.filter(({ id }, i) => all[i]!.kind === 'put back' && !isSkipped.has(id));
        for (const step of steps) {
          const wentWell = ({ id }: Step) => isDone.has(id) || isBack.has(id);
          expect(isSkipped.has(step.id)).toBe(!step.needs.every(wentWell));
          const followers = steps.filter(({ needs }) => needs.includes(step));
          const isUseless = followers.length > 0 && followers.every(({ id }) => isSkipped.has(id));
          const isOrdered = orders.some(({ needs, after = [] }) => [...needs, ...after].includes(step));
          if (wentWell(step)) expect(isBack.has(step.id)).toBe(step.putBack !== undefined && (isUseless || isOrdered));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
