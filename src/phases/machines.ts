import { slotLabel, type Machine, type WantedMachine } from '../domain/index.js';
import { from, known, type Later, type Step } from '../engine/index.js';
import { IncompleteError } from '../errors/index.js';
import type { PhaseContext } from './context.js';
import type { FoundationPlan } from './foundation.js';

export interface MachinePlan {
  readonly steps: readonly Step[];
  /** Every wanted machine by slot label, existing or to come. */
  readonly machines: ReadonlyMap<string, Later<Machine>>;
}

/** What cloud-init gets to hand to the machine; holds no cluster secret. */
export type UserData = (machine: WantedMachine) => Promise<string>;

/** One step for each machine that is missing. They have no order among themselves. */
export function planMachines(context: PhaseContext, foundation: FoundationPlan, userData: UserData): MachinePlan {
  const { facts, tools } = context;
  const machines = new Map<string, Later<Machine>>();
  const steps: Step<Machine>[] = [];
  const quota = new QuotaStop();
  for (const machine of facts.comparison.kept) machines.set(slotLabel(machine), known(machine));
  for (const wanted of facts.comparison.missing) {
    const label = slotLabel(wanted);
    const step: Step<Machine> = {
      id: `create:${label}`,
      phase: 'Create machines',
      target: label,
      text: facts.intents.get(wanted.name) ?? `create ${wanted.types[0]!} in ${wanted.location}`,
      needs: foundation.needsFor(wanted),
      apply: (run) =>
        quota.guard(wanted.name, async () => {
          const data = await userData(wanted);
          return tools.provider.machines.create(wanted, data, foundation.made(run), run);
        }),
    };
    steps.push(step);
    machines.set(label, from(step));
  }
  return { steps, machines };
}

/** After the account's limit was met once, asks for nothing more: the answer is known and the rest would only cost calls. */
class QuotaStop {
  #met: IncompleteError | undefined;

  async guard<T>(name: string, create: () => Promise<T>): Promise<T> {
    if (this.#met) throw this.#met;
    try {
      return await create();
    } catch (error) {
      if (error instanceof IncompleteError && error.code === 'RESOURCE_LIMIT') this.#met ??= error;
      throw error;
    }
  }
}
