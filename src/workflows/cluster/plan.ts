import type { ClusterRef, DesiredMachine } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { DistributionPlan } from '../../distributions/port.js';
import type { Tools } from '../../phases/context.js';
import { type ComponentPlanInput, planComponents } from '../../phases/components.js';
import type { Observation } from './observe.js';

/** All steps of a plan, in the order a person reads them. */
export type PlannedCluster = Pick<DistributionPlan, 'steps' | 'tokenSources'>;

/** Every step between what was found and what the file asks for. */
export function planCluster(
  cluster: ClusterRef,
  spec: ClusterSpec,
  { facts, request, distribution }: Observation,
  tools: Tools,
  userData: (machine: DesiredMachine) => Promise<string>,
  components?: Omit<ComponentPlanInput, 'api'>,
  lose?: ReadonlySet<string>,
): PlannedCluster {
  const context = { cluster, spec, request, facts, tools, lose };
  const { steps, removals, api, tokenSources } = distribution.plan(context, userData);
  const layered = components ? planComponents({ ...components, api }) : [];
  return { steps: [...steps, ...layered, ...removals], tokenSources };
}
