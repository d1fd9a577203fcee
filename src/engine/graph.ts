import { UnexpectedError } from '../errors/index.js';
import type { Step } from './step.js';

/**
 * Checks that ids are unique and needs lead to earlier steps' ids without a circle, and drops needs on steps that
 * were not planned because what they make exists already.
 * @throws UnexpectedError code BAD_PLAN: a bug in a phase.
 */
export function checkGraph(steps: readonly Step[]): void {
  const byId = new Map<string, Step>();
  for (const step of steps) {
    if (byId.has(step.id)) throw badPlan(`two steps are called ${step.id}`);
    byId.set(step.id, step);
  }
  const state = new Map<string, 'open' | 'closed'>();
  const visit = (step: Step, path: readonly string[]): void => {
    if (state.get(step.id) === 'closed') return;
    if (state.get(step.id) === 'open') throw badPlan(`steps wait for each other: ${[...path, step.id].join(' → ')}`);
    state.set(step.id, 'open');
    for (const id of [...step.needs, ...(step.after ?? [])]) {
      const needed = byId.get(id);
      if (!needed) throw badPlan(`${step.id} needs ${id}, which is no step of this plan`);
      visit(needed, [...path, step.id]);
    }
    state.set(step.id, 'closed');
  };
  for (const step of steps) visit(step, []);
}

const badPlan = (what: string): UnexpectedError =>
  new UnexpectedError(`The plan does not hold together: ${what}.`, {
    code: 'BAD_PLAN',
    hint: 'This is a bug in Slipway; please report it with the plan that it printed.',
  });
