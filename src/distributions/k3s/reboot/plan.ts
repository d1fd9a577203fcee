import { type Machine, slotLabel } from '../../../domain/index.js';
import type { Step, StepContext } from '../../../engine/index.js';
import { refusedHalfWay } from '../../../errors/index.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { leftAtNode, markLater, releaseNode, upgradingAnnotation } from '../../../phases/upgrade-marks.js';
import { rebootHost } from '../../../remote/reboot-host.js';
import type { RebootRequest } from '../../reboots.js';
import { parseUpdates, readUpdates } from '../host/index.js';
import { isUpAgain, type RollingChange, rollingSteps, startingAnew } from '../rotation/rolling.js';

type Context = Omit<PhaseContext, 'rules'>;

/** Servers first, one at a time; then a first worker, and the others in waves. Where pods can go elsewhere, they do so first. */
export function planReboots(context: Context, api: ClusterApi, request: RebootRequest): readonly Step[] {
  const reboots = new RebootPlan(context, api, request);
  const servers = rollingSteps(reboots.change('Reboot servers'), 'control-plane', []);
  const workers = rollingSteps(reboots.change('Reboot workers'), 'worker', servers.slice(-1));
  return [...reboots.left(), ...servers, ...workers];
}

class RebootPlan {
  constructor(
    private readonly context: Context,
    private readonly api: ClusterApi,
    private readonly request: RebootRequest,
  ) {}

  change(phase: string): RollingChange {
    const { context, api, request } = this;
    return {
      context,
      api,
      request,
      id: 'reboot',
      phase,
      only: request.machines,
      text: (machine) =>
        this.#isDrained(machine) ? 'drain it, and reboot it' : 'reboot it; its pods are away meanwhile',
      work: (machine, run) => this.#reboot(machine, run),
      later: (machine) => (this.#isDrained(machine) ? this.#later(phase, machine) : undefined),
    };
  }

  /** What a run that was stopped left at nodes that wait for no reboot. */
  left(): readonly Step[] {
    const { facts } = this.context;
    return facts.machines.flatMap((machine): Step[] => {
      const node = facts.nodes?.get(machine.name);
      if (!node || !leftAtNode(node) || this.request.machines.has(machine.name)) return [];
      return [
        {
          id: `tidy:${machine.name}`,
          phase: 'Finish what was stopped',
          target: slotLabel(machine),
          text: 'have it take pods as before',
          changes: true,
          needs: [],
          apply: async (run) => {
            await isUpAgain({ context: this.context, api: this.api }, machine, run);
            await releaseNode(this.api, machine.name, run);
          },
        },
      ];
    });
  }

  /** Where there is another node of its kind, or a worker. */
  #isDrained({ role }: Machine): boolean {
    return this.context.facts.machines.filter((one) => role === 'control-plane' || one.role === role).length > 1;
  }

  #later(phase: string, machine: Machine): Step | undefined {
    // Where there are workers, servers take none of what leaves others.
    const takesPods = machine.role === 'worker' || this.context.facts.machines.every(({ role }) => role !== 'worker');
    if (!takesPods) return undefined;
    return {
      id: `later:${machine.name}:reboot`,
      phase,
      target: slotLabel(machine),
      text: 'have evicted pods avoid it until it is its turn',
      changes: true,
      needs: [],
      apply: (run) => markLater(this.api, machine.name, run),
      putBack: (run) => releaseNode(this.api, machine.name, run),
    };
  }

  async #reboot(machine: Machine, run: StepContext): Promise<void> {
    const { context, api } = this;
    const { name } = machine;
    // A node may be taken for Ready until it is missed: what has come up is asked of its host.
    const started = startingAnew({ context, api }, async (session) => {
      const { bootId, waiting } = parseUpdates(await session.run(readUpdates({ deadlineMs: deadlines.hostTask }), run));
      if (waiting === undefined) return;
      const version = context.facts.nodes?.get(name)?.version ?? '';
      await api.kube.patchNode(name, { annotations: { [upgradingAnnotation]: version } }, run);
      if (this.#isDrained(machine)) await this.#drain(name, run);
      run.progress('rebooting it');
      await session.run(rebootHost(bootId), run);
    });
    await started(machine, run);
    await releaseNode(api, name, run);
  }

  /** Its own data stay where they are: who keeps some on its disk waits for it. */
  async #drain(name: string, run: StepContext): Promise<void> {
    run.progress('draining');
    const options = { ...run, deadlineMs: deadlines.drain, allowLocalData: true, uncordonAtDeadline: true };
    try {
      await refusedHalfWay(() => this.api.kube.drain(name, options));
    } catch (error) {
      if (!run.signal.aborted) await releaseNode(this.api, name, run);
      throw error;
    }
  }
}
