import { slotLabel, type Machine, type DesiredMachine } from '../domain/index.js';
import { from, known, type Later, type Step, type StepContext } from '../engine/index.js';
import type { PhaseContext } from './context.js';
import { madeByMarks } from './made-by.js';
import type { LostNodes } from './lost-nodes.js';
import type { InfrastructurePlan } from './infrastructure.js';

export interface MachinePlan {
  readonly steps: readonly Step[];
  /** Every desired machine by slot label, existing or to come. */
  readonly machines: ReadonlyMap<string, Later<Machine>>;
}

/** What becomes of a creation that the account has no place for. */
export interface RoomMaker {
  guard<T>(create: () => Promise<T>, run: StepContext): Promise<T>;
}

/** What cloud-init gets to hand to the machine; holds no cluster secret. */
export type UserData = (machine: DesiredMachine) => Promise<string>;

/**
 * One step for each machine that is missing. Where the account's limit leaves room for some only, control planes take
 * it: workers are asked for once all servers were. What dead machines leave free is waited for.
 */
export function planMachines(
  context: PhaseContext,
  infrastructure: InfrastructurePlan,
  lostNodes: LostNodes,
  limit: RoomMaker,
  userData: UserData,
): MachinePlan {
  const { facts, tools } = context;
  const machines = new Map<string, Later<Machine>>();
  const steps: Step<Machine>[] = [];
  const freeing = [...lostNodes.machines.values()];
  const servers: Step[] = [];
  for (const machine of facts.comparison.current) machines.set(slotLabel(machine), known(machine));
  for (const desired of facts.comparison.missing) {
    const label = slotLabel(desired);
    const step: Step<Machine> = {
      id: `create:${desired.name}`,
      phase: 'Create machines',
      target: label,
      text: facts.previews.get(desired.name)!,
      needs: infrastructure.needsFor(desired),
      after: [...freeing, ...(desired.role === 'worker' ? servers : [])],
      apply: (run) =>
        limit.guard(async () => {
          const data = await userData(desired);
          const labels = { ...desired.labels, ...madeByMarks(facts, desired) };
          return tools.provider.machines.create({ ...desired, labels }, data, infrastructure.made(run), run);
        }, run),
    };
    if (desired.role === 'control-plane') servers.push(step);
    steps.push(step);
    machines.set(label, from(step));
  }
  return { steps, machines };
}
