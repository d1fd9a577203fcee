import type { ActionProblem, ActionRecord } from './actions.js';
import { balancerEffects } from './balancers.js';
import type { EffectHandler, EffectHandlers } from './effect-handler.js';
import type { Effect } from './effects.js';
import { firewallEffects } from './firewall-uses.js';
import { imageEffects } from './images.js';
import { serverEffects } from './server-effects.js';
import { volumeEffects } from './volumes.js';
import type { World } from './world.js';

const handlers: EffectHandlers = {
  ...serverEffects,
  ...imageEffects,
  ...firewallEffects,
  ...balancerEffects,
  ...volumeEffects,
};

/** Lets an action's change happen. The kind of an effect says which handler takes it; the table's type keeps that true. */
export function applyEffect(
  world: World,
  phase: 'begin' | 'end',
  effect: Effect,
  action: ActionRecord,
): ActionProblem | undefined {
  const handler = handlers[effect.kind] as EffectHandler<Effect>;
  return handler[phase]?.(world, effect, action);
}
