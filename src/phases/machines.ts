import { slotLabel, type Machine, type WantedMachine } from '../domain/index.js';
import { from, known, type Later, type Step, type StepContext } from '../engine/index.js';
import type { PhaseContext } from './context.js';
import type { Departures } from './departures.js';
import type { FoundationPlan } from './foundation.js';

export interface MachinePlan {
  readonly steps: readonly Step[];
  /** Every wanted machine by slot label, existing or to come. */
  readonly machines: ReadonlyMap<string, Later<Machine>>;
}

/** What becomes of a creation that the account has no place for. */
export interface RoomMaker {
  guard<T>(create: () => Promise<T>, run: StepContext): Promise<T>;
}

/** What cloud-init gets to hand to the machine; holds no cluster secret. */
export type UserData = (machine: WantedMachine) => Promise<string>;

/**
 * One step for each machine that is missing. Where the account's limit leaves room for some only, control planes take
 * it: workers are asked for once all servers were. What dead machines leave free is waited for.
 */
export function planMachines(
  context: PhaseContext,
  foundation: FoundationPlan,
  departures: Departures,
  limit: RoomMaker,
  userData: UserData,
): MachinePlan {
  const { facts, tools } = context;
  const machines = new Map<string, Later<Machine>>();
  const steps: Step<Machine>[] = [];
  const freeing = [...departures.machines.values()];
  const servers: string[] = [];
  for (const machine of facts.comparison.kept) machines.set(slotLabel(machine), known(machine));
  for (const wanted of facts.comparison.missing) {
    const label = slotLabel(wanted);
    const step: Step<Machine> = {
      id: `create:${label}`,
      phase: 'Create machines',
      target: label,
      text: facts.intents.get(wanted.name) ?? `create ${wanted.types[0]!} in ${wanted.location}`,
      needs: foundation.needsFor(wanted),
      after: [...freeing, ...(wanted.role === 'worker' ? servers : [])],
      apply: (run) =>
        limit.guard(async () => {
          const data = await userData(wanted);
          return tools.provider.machines.create(wanted, data, foundation.made(run), run);
        }, run),
    };
    if (wanted.role === 'control-plane') servers.push(step.id);
    steps.push(step);
    machines.set(label, from(step));
  }
  return { steps, machines };
}
