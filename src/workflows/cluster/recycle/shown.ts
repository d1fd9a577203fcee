import { type Machine, plural, type Rollout, type RolloutTask, slotLabel } from '../../../domain/index.js';
import type { MachineProvider } from '../../../provider/port.js';
import type { StepInfo } from '../../../reporting/index.js';
import type { Observation } from '../observe.js';

/**
 * One line for each node that is replaced, wave by wave. Each round of the run is drafted anew by what the one before it
 * left, and shows its own steps.
 */
export function shownSteps(
  { waves }: Rollout,
  targets: readonly Machine[],
  { facts }: Observation,
  provider: Pick<MachineProvider, 'machines' | 'traits'>,
  held: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly StepInfo[] {
  const servers = facts.comparison.desired.filter(({ role }) => role === 'control-plane').length;
  const shown = (task: RolloutTask, wave: number): StepInfo => {
    const machine = targets.find(({ name }) => name === task.name)!;
    const preview = facts.previews.get(task.successor?.name ?? '');
    const take = provider.traits.ownsMachines && preview !== undefined ? preview : 'take a host';
    const leave = `drain ${machine.name} and ${provider.traits.ownsMachines ? 'delete' : 'release'} it`;
    return {
      id: `recycle:${machine.name}`,
      phase: `Replace ${machine.role === 'worker' ? 'workers' : 'servers'}`,
      target: slotLabel(machine),
      text: task.successor?.first ? `${take}, join it; ${leave}` : `${leave}; ${take} and join it`,
      needs: [],
      details: [
        `in wave ${wave} of ${waves.length}; lost: ${provider.machines.describeDeletion(machine)}`,
        ...(held.get(machine.name) ?? []),
        ...(machine.role === 'control-plane' && servers === 1 ? [whileTwo] : []),
      ],
      destroys: true,
    };
  };
  return waves.flatMap(({ tasks }, wave) => tasks.map((task) => shown(task, wave + 1)));
}

/** `5 nodes in 4 waves` */
export const wavesText = ({ waves }: Pick<Rollout, 'waves'>): string =>
  `${plural(waves.flatMap(({ tasks }) => tasks).length, 'node')} in ${plural(waves.length, 'wave')}`;

/** What is risked where the only server is replaced. */
const whileTwo =
  'between the vote of the one and the leave of the other etcd can lose neither: start neither anew meanwhile';
