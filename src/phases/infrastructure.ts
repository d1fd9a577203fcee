import { chainSteps, from, known, type Later, type Step, type StepContext, valueIfKnown } from '../engine/index.js';
import type { InfrastructureIds, InfrastructureResource, CreatedResource, MachineRequest } from '../provider/port.js';
import type { PhaseContext } from './context.js';

export interface InfrastructurePlan {
  readonly steps: readonly Step[];
  /** Steps that must be done before this machine can be made. */
  needsFor(machine: MachineRequest): readonly Step[];
  /** Provider ids of all pieces that exist by now. */
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
    facts.pieces.filter((piece) => !isThere(piece)),
    ({ needs }) => needs,
    (piece, needs): Step<CreatedResource> => ({
      id: `infrastructure:${piece.id}`,
      phase: 'Create infrastructure',
      target: piece.name || request.cluster.name,
      text: piece.text,
      changes: piece.state === 'differs',
      needs,
      apply: (context) => tools.provider.infrastructure.ensure(piece, made(context), context),
    }),
  );
  for (const piece of facts.pieces) {
    const step = steps.get(piece);
    handles.set(piece, step ? from(step) : known(piece.ready!));
  }
  const balancer = facts.pieces.find(({ role }) => role?.kind === 'api-balancer');
  return {
    steps: [...steps.values()],
    made,
    balancer: balancer && handles.get(balancer),
    needsFor: (machine) =>
      tools.provider.infrastructure.neededBy(machine, facts.pieces).flatMap((piece) => steps.get(piece) ?? []),
  };
}
