import type { DistributionPlan, PlanInput } from '../../distributions/port.js';
import { planComponents } from '../../phases/components.js';
import { planTenants } from '../../phases/tenants.js';
import type { ComponentsToPlan } from '../component/planned.js';
import type { Observation } from './observe.js';

/** All steps of a plan, in the order a person reads them. */
export type PlannedCluster = Pick<DistributionPlan, 'steps' | 'tokenSources'>;

/** Every step between what was found and what the file asks for. */
export function planCluster(
  seen: Pick<Observation, 'plan'>,
  input: PlanInput,
  components?: ComponentsToPlan,
): PlannedCluster {
  const { steps, removals, api, tokenSources } = seen.plan(input);
  const layered = components ? planComponents({ ...components, api }) : [];
  const tenants = components ? planTenants(components.tenants, { ...components, api }, layered) : [];
  return { steps: [...steps, ...layered, ...tenants, ...removals], tokenSources };
}
