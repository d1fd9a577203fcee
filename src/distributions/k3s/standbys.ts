import {
  type DesiredMachine,
  labelKeys,
  type Machine,
  machineLabels,
  preparedMark,
  slotLabel,
} from '../../domain/index.js';
import { from, known, type Later, needsOf, type Step } from '../../engine/index.js';
import type { InfrastructurePlan } from '../../phases/infrastructure.js';
import { type MachinePlan, type UserData } from '../../phases/machines.js';
import { madeByMarks } from '../../phases/made-by.js';
import { canRelabel } from '../../provider/port.js';
import type { K3sContext } from './context.js';
import { installOn, loginStep } from './hosts.js';

const phase = 'Prepare standbys';

/**
 * Machines that stand by for their pools: made after all that is to join, given what a node needs, and marked at their provider
 * with the release that they are prepared for, so that one list tells who could be promoted. Those that are too many go.
 */
export function planStandbys(
  context: K3sContext,
  infrastructure: InfrastructurePlan,
  machines: MachinePlan,
  userData: UserData,
): readonly Step[] {
  const { facts } = context;
  const { missing, current, excess } = facts.comparison.standbys;
  const mark = preparedMark(facts.newcomerVersion);
  return [
    ...missing.flatMap((desired) => {
      const create = creation(context, infrastructure, machines, desired, userData);
      return [create, ...preparation(context, desired, from(create))];
    }),
    ...current.filter(({ standby }) => standby !== mark).flatMap((one) => preparation(context, one, known(one))),
    ...excess.map((machine) => removal(context, machine)),
  ];
}

function creation(
  { facts, tools }: K3sContext,
  infrastructure: InfrastructurePlan,
  machines: MachinePlan,
  desired: DesiredMachine,
  userData: UserData,
): Step<Machine> {
  return {
    id: `create:${desired.name}`,
    phase,
    target: slotLabel(desired),
    text: `${facts.previews.get(desired.name)!}, to stand by`,
    needs: infrastructure.needsFor(desired),
    // Who is to carry pods comes first.
    after: machines.steps,
    apply: async (run) => {
      const labels = { ...desired.labels, ...madeByMarks(facts, desired) };
      return tools.provider.machines.create(
        { ...desired, labels },
        await userData(desired),
        infrastructure.made(run),
        run,
      );
    },
  };
}

function preparation(
  context: K3sContext,
  standby: Pick<DesiredMachine, 'name' | 'pool' | 'role' | 'slot' | 'generation' | 'standby'>,
  later: Later<Machine>,
): readonly Step[] {
  const { cluster, facts, spec, tools } = context;
  const version = facts.newcomerVersion;
  const login = { ...loginStep(context, standby, later), phase };
  const prepare: Step = {
    id: `prepare:${standby.name}`,
    phase,
    target: slotLabel(standby),
    text: `install k3s ${version} and its images, and stand by`,
    needs: [...needsOf(later), login],
    apply: async (run) => {
      const { provider } = tools;
      if (!canRelabel(provider)) throw new Error('a provider without this ability has no standbys');
      const host = run.output(login);
      await installOn(context, host, version, run, { images: true });
      const { labels } = host.machine;
      const place = { ...standby, standby: preparedMark(version) };
      const own = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== labelKeys.standby));
      const as = { ...own, ...machineLabels(cluster, place, spec.kubernetes.distribution) };
      await provider.relabel(host.machine, { name: standby.name, labels: as }, run);
    },
  };
  return [login, prepare];
}

/** It is no node, and holds nothing. */
function removal({ tools }: K3sContext, machine: Machine): Step {
  return {
    id: `remove:${machine.name}`,
    phase,
    target: slotLabel(machine),
    text: `delete the standby ${machine.name}, which carries nothing`,
    needs: [],
    destroys: true,
    apply: async (run) => {
      await tools.remote.disconnect(machine.name);
      await tools.provider.machines.delete(machine, run);
      await tools.folder.forgetMachine(machine.name);
    },
  };
}
