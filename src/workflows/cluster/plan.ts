import type { DistributionPlan, PlanInput } from '../../distributions/port.js';
import { type ComponentPlanInput, planComponents } from '../../phases/components.js';
import type { Observation } from './observe.js';

/** All steps of a plan, in the order a person reads them. */
export type PlannedCluster = Pick<DistributionPlan, 'steps' | 'tokenSources'>;

/** Every step between what was found and what the file asks for. */
export function planCluster(
  seen: Pick<Observation, 'plan'>,
  input: PlanInput,
  components?: Omit<ComponentPlanInput, 'api'>,
): PlannedCluster {
  const { steps, removals, api, tokenSources } = seen.plan(input);
  const layered = components ? planComponents({ ...components, api }) : [];
  return { steps: [...steps, ...layered, ...removals], tokenSources };
}
