import { UnexpectedError } from '../errors/index.js';
import type { Step } from './step.js';

/**
 * Checks that ids are unique, that whatever a step waits for is a step of this very plan, and that no step waits for itself.
 * @throws UnexpectedError code BAD_PLAN: a bug in a phase.
 */
export function checkGraph(steps: readonly Step[]): void {
  const ids = new Set<string>();
  for (const { id } of steps) {
    if (ids.has(id)) throw badPlan(`two steps are called ${id}`);
    ids.add(id);
  }
  const all = new Set(steps);
  const state = new Map<Step, 'open' | 'closed'>();
  const visit = (step: Step, path: readonly string[]): void => {
    if (state.get(step) === 'closed') return;
    if (state.get(step) === 'open') throw badPlan(`steps wait for each other: ${[...path, step.id].join(' → ')}`);
    state.set(step, 'open');
    for (const needed of waitsFor(step)) {
      if (!all.has(needed)) throw badPlan(`${step.id} waits for ${needed.id}, which is no step of this plan`);
      visit(needed, [...path, step.id]);
    }
    state.set(step, 'closed');
  };
  for (const step of steps) visit(step, []);
}

/** Every step that must have ended before this one starts, each once. */
export const waitsFor = ({ needs, after = [] }: Step): ReadonlySet<Step> => new Set([...needs, ...after]);

/**
 * A step for each of these things, made once the steps are there of those that it stands on; things on the way that are
 * none of these have none. In the order of `things`.
 * @throws UnexpectedError code BAD_PLAN where things stand on each other.
 */
export function chainSteps<K, S extends Step>(
  things: Iterable<K>,
  standsOn: (thing: K) => readonly K[],
  make: (thing: K, needs: readonly S[]) => S,
): ReadonlyMap<K, S> {
  const all = new Set(things);
  const made = new Map<K, S>();
  const visit = (thing: K, path: readonly K[]): S => {
    const found = made.get(thing);
    if (found) return found;
    if (path.includes(thing)) throw badPlan(`steps wait for each other: ${[...path, thing].join(' → ')}`);
    const needs = standsOn(thing)
      .filter((other) => all.has(other))
      .map((other) => visit(other, [...path, thing]));
    const step = make(thing, needs);
    made.set(thing, step);
    return step;
  };
  return new Map([...all].map((thing) => [thing, visit(thing, [])]));
}

const badPlan = (what: string): UnexpectedError =>
  new UnexpectedError(`The plan does not hold together: ${what}.`, {
    code: 'BAD_PLAN',
    hint: 'This is a bug in Slipway; please report it with the plan that it printed.',
  });
