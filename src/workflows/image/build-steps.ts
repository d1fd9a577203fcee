import {
  type DesiredMachine,
  imagePool,
  labelKeys,
  type Machine,
  newStandby,
  sealedStandby,
  slotLabel,
} from '../../domain/index.js';
import { known, type Later, needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import type { PreparedImage } from '../../provider/images.js';
import type {
  CallOptions,
  ClusterRequest,
  CreatedResource,
  InfrastructureIds,
  InfrastructureResource,
} from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import type { ImageMaker } from './images.js';

export const phase = 'Build image';

/** What the machine is made by, and for whom. */
export interface Builder {
  readonly context: WorkflowContext;
  readonly provider: ImageMaker;
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly desired: DesiredMachine;
}

export interface Infrastructure {
  readonly steps: readonly Step[];
  readonly made: (run: StepContext) => InfrastructureIds;
  /** Ids at the provider of what is there for this machine alone, and goes with it. */
  readonly own: (run: StepContext) => readonly string[];
}

/** What the machine stands on: the cluster's, and what a pool that no file has needs beside. */
export async function planInfrastructure(
  { provider, desired }: Builder,
  request: ClusterRequest,
  options: CallOptions,
): Promise<Infrastructure> {
  const [usual, all] = await Promise.all([
    provider.infrastructure.plan(request, options),
    provider.infrastructure.plan({ ...request, machines: [...request.machines, desired] }, options),
  ]);
  const needed = provider.infrastructure.neededBy(desired, all);
  const steps = new Map<string, Step<CreatedResource>>();
  const there = ({ id, ready }: InfrastructureResource, run: StepContext): CreatedResource | undefined => {
    const step = steps.get(id);
    return step ? run.outputIfDone(step) : ready;
  };
  const made = (run: StepContext): InfrastructureIds =>
    new Map(
      needed.flatMap((resource) => {
        const found = there(resource, run);
        return found ? [[resource.id, found] as const] : [];
      }),
    );
  for (const resource of needed.filter(({ ready }) => ready === undefined)) {
    steps.set(resource.id, {
      id: `infrastructure:${resource.id}`,
      phase,
      target: resource.name,
      text: resource.text,
      needs: [],
      apply: (run) => provider.infrastructure.ensure(resource, made(run), run),
    });
  }
  const alone = needed.filter(({ id }) => !usual.some((one) => one.id === id));
  return {
    steps: [...steps.values()],
    made,
    own: (run) => alone.flatMap((resource) => there(resource, run)?.id ?? []),
  };
}

/** Powers the machine off and makes the image of its disk. */
export function keeping(
  { provider }: Builder,
  later: Later<Machine>,
  name: string,
  base: string,
  prepared: readonly Step[],
): Step<PreparedImage> {
  return {
    id: `image:${name}`,
    phase,
    target: name,
    text: 'power the machine off and keep its disk',
    needs: [...needsOf(later), ...prepared],
    apply: async (run) => {
      const machine = valueOf(later, run);
      // From here on the disk is all that is needed: a run that is stopped goes on with it.
      const labels = { ...machine.labels, [labelKeys.standby]: sealedStandby };
      await provider.relabel(machine, { name: machine.name, labels }, run);
      await provider.powerOff(machine, run);
      return provider.images.create({ name, base, machine }, run);
    },
  };
}

export function discarding(builder: Builder, machine: Machine): Step {
  return {
    ...deletion(builder, known(machine), [], undefined),
    id: `discard:${machine.name}`,
    text: `delete ${machine.name}, which a run that was stopped left unfinished`,
  };
}

/** @param ground undefined: another machine is made on it at once */
export function deletion(
  { provider, folder, record, context }: Builder,
  later: Later<Machine>,
  after: readonly Step[],
  ground: Infrastructure | undefined,
): Step {
  return {
    id: `remove:${imagePool}`,
    phase,
    target: slotLabel({ pool: imagePool, slot: 1, standby: newStandby }),
    text: 'delete the machine',
    needs: [...needsOf(later), ...after],
    apply: async (run) => {
      const machine = valueOf(later, run);
      await context.remote.disconnect(machine.name);
      await provider.machines.delete(machine, run);
      await folder.forgetMachine(machine.name);
      const own = ground?.own(run) ?? [];
      if (own.length === 0) return;
      for (const item of await provider.infrastructure.list(record, run))
        if (own.includes(item.id)) await provider.infrastructure.remove(item, run);
    },
  };
}
