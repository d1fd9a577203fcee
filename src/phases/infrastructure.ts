import { from, known, type Later, type Step, type StepContext, valueOf } from '../engine/index.js';
import type { InfrastructureIds, InfrastructureResource, CreatedResource, MachineRequest } from '../provider/port.js';
import type { PhaseContext } from './context.js';

export interface InfrastructurePlan {
  readonly steps: readonly Step[];
  /** Ids of steps that must be done before this machine can be made. */
  needsFor(machine: MachineRequest): string[];
  /** Provider ids of all pieces that exist by now. */
  made(context: StepContext): InfrastructureIds;
  /** The balancer in front of the API, where the provider has one. */
  readonly balancer: Later<CreatedResource> | undefined;
}

/** SSH key, network, firewall, placement groups and the API's balancer, whatever of it is missing or differs. */
export function planInfrastructure({ facts, tools, request }: PhaseContext): InfrastructurePlan {
  const pieces = new Map(facts.pieces.map((piece) => [piece.id, piece]));
  const handles = new Map<string, Later<CreatedResource>>();
  const steps: Step<CreatedResource>[] = [];
  const made = (context: StepContext): InfrastructureIds => {
    const resources = new Map<string, CreatedResource>();
    for (const [id, handle] of handles) {
      const resource = 'from' in handle ? context.outputIfDone(handle.from) : valueOf(handle, context);
      if (resource) resources.set(id, resource);
    }
    return resources;
  };
  for (const piece of facts.pieces) {
    if (piece.state === 'present' && piece.ready) {
      handles.set(piece.id, known(piece.ready));
      continue;
    }
    const step = ensureStep(piece, stepIds(piece.needs, handles), (context) =>
      tools.provider.infrastructure.ensure(piece, made(context), context),
    );
    steps.push(step);
    handles.set(piece.id, from(step));
  }
  const balancerPiece = [...pieces.keys()].find((id) => id === 'api-balancer');
  return {
    steps,
    made,
    balancer: balancerPiece === undefined ? undefined : handles.get(balancerPiece),
    needsFor: (machine) => {
      const ids = tools.provider.infrastructure.neededBy(machine, facts.pieces);
      return stepIds(ids, handles);
    },
  };

  function ensureStep(
    piece: InfrastructureResource,
    needs: string[],
    apply: (context: StepContext) => Promise<CreatedResource>,
  ): Step<CreatedResource> {
    return {
      id: `infrastructure:${piece.id}`,
      phase: 'Create infrastructure',
      target: piece.name || request.cluster.name,
      text: piece.text,
      changes: piece.state === 'differs',
      needs,
      apply,
    };
  }
}

/** Step ids behind pieces; pieces that exist already need no step. */
const stepIds = (ids: readonly string[], handles: ReadonlyMap<string, Later<unknown>>): string[] =>
  ids.flatMap((id) => {
    const handle = handles.get(id);
    return handle && 'from' in handle ? [handle.from.id] : [];
  });
