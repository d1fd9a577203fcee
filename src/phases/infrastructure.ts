import { chainSteps, from, known, type Later, type Step, type StepContext, valueIfKnown } from '../engine/index.js';
import type { InfrastructureIds, InfrastructureResource, CreatedResource, MachineRequest } from '../provider/port.js';
import type { PhaseContext } from './context.js';

export interface InfrastructurePlan {
  readonly steps: readonly Step[];
  /** Steps that must be done before this machine can be made. */
  needsFor(machine: MachineRequest): readonly Step[];
  /** Provider ids of all resources that exist by now. */
  made(context: StepContext): InfrastructureIds;
  /** The balancer in front of the API, where the provider has one. */
  readonly balancer: Later<CreatedResource> | undefined;
}

/** SSH key, network, firewall, placement groups and the API's balancer, whatever of it is missing or differs. */
export function planInfrastructure({ facts, tools, request }: PhaseContext): InfrastructurePlan {
  const handles = new Map<InfrastructureResource, Later<CreatedResource>>();
  const made = (context: StepContext): InfrastructureIds =>
    new Map(
      [...handles].flatMap(([{ id }, handle]) => {
        const resource = valueIfKnown(handle, context);
        return resource ? [[id, resource] as const] : [];
      }),
    );
  const isThere = ({ state, ready }: InfrastructureResource): boolean => state === 'present' && ready !== undefined;
  const steps = chainSteps(
    facts.resources.filter((resource) => !isThere(resource)),
    ({ needs }) => needs,
    (resource, needs): Step<CreatedResource> => ({
      id: `infrastructure:${resource.id}`,
      phase: 'Create infrastructure',
      target: resource.name || request.cluster.name,
      text: resource.text,
      changes: resource.state === 'differs',
      needs,
      apply: (context) => tools.provider.infrastructure.ensure(resource, made(context), context),
    }),
  );
  for (const resource of facts.resources) {
    const step = steps.get(resource);
    handles.set(resource, step ? from(step) : known(resource.ready!));
  }
  const balancer = facts.resources.find(({ role }) => role?.kind === 'api-balancer');
  return {
    steps: [...steps.values()],
    made,
    balancer: balancer && handles.get(balancer),
    needsFor: (machine) =>
      tools.provider.infrastructure.neededBy(machine, facts.resources).flatMap((resource) => steps.get(resource) ?? []),
  };
}
