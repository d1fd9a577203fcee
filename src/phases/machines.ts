import { slotLabel, type Machine, type DesiredMachine } from '../domain/index.js';
import { from, known, type Later, type Step, type StepContext } from '../engine/index.js';
import { canRelabel } from '../provider/port.js';
import type { PhaseContext } from './context.js';
import { madeByMarks } from './made-by.js';
import { hostTarget } from './session.js';
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
 * One step for each machine that is missing; a standby takes its place where there is one. Where the account's limit leaves room for some only, control planes take
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
    if (desired.promotes) {
      const step = promotion(context, desired, desired.promotes);
      steps.push(step);
      machines.set(label, from(step));
      continue;
    }
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
      outcome: (machine) => (tools.provider.traits.ownsMachines ? taken(facts, desired, machine) : undefined),
    };
    if (desired.role === 'control-plane') servers.push(step);
    steps.push(step);
    machines.set(label, from(step));
  }
  return { steps, machines };
}

/** What was made, where that is not what the plan said: other types and locations may have had to be tried. */
function taken(
  { previews }: Pick<PhaseContext['facts'], 'previews'>,
  { name }: DesiredMachine,
  { type, location }: Machine,
): string | undefined {
  const made = `create ${type} in ${location}`;
  const planned = previews.get(name) ?? '';
  if (planned === made || planned.startsWith(`${made},`)) return undefined;
  return `${made}, as nothing that comes before it was to be had`;
}

/**
 * A standby gets the name and the labels of the place that it takes. What is known of its host goes before it, so that a run
 * that is killed gets in under either name.
 */
function promotion({ facts, tools }: PhaseContext, desired: DesiredMachine, standby: Machine): Step<Machine> {
  const { folder, provider, remote } = tools;
  return {
    id: `promote:${desired.name}`,
    phase: 'Create machines',
    target: slotLabel(desired),
    text: `promote the standby ${standby.name} (${standby.type} in ${standby.location})`,
    needs: [],
    apply: async (run) => {
      if (!canRelabel(provider)) throw new Error('a provider without this ability has no standbys');
      await hostTarget(tools, standby, run);
      const isSwapped = await folder.hostKeySwapped(standby.name);
      for (const pin of await folder.pins(standby.name)) {
        if (isSwapped) await folder.onlyPin(desired.name, pin);
        else await folder.addPin(desired.name, pin);
      }
      await remote.disconnect(standby.name);
      const labels = { ...desired.labels, ...madeByMarks(facts, desired) };
      const machine = await provider.relabel(standby, { name: desired.name, labels }, run);
      await folder.forgetMachine(standby.name);
      return machine;
    },
  };
}
