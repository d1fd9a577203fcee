import type { ActionProblem, ActionRecord } from './actions.js';
import type { Effect } from './effects.js';
import type { World } from './world.js';

export interface EffectHandler<E extends Effect> {
  /** When the action begins; a problem ends it in error. */
  begin?(world: World, effect: E, action: ActionRecord): ActionProblem | undefined;
  end?(world: World, effect: E, action: ActionRecord): ActionProblem | undefined;
}

export type EffectHandlers = { readonly [K in Effect['kind']]: EffectHandler<Extract<Effect, { kind: K }>> };
