import type { Machine } from '../domain/index.js';
import { hostsAreGiven } from '../domain/spec/given-hosts.js';
import { type Later, needsOf, type Step, type StepContext, valueOf } from '../engine/index.js';
import { messageOf, RefusedError, refusedHalfWay } from '../errors/index.js';
import type { ClusterApi, PhaseContext } from './context.js';
import { deadlines } from './deadlines.js';
import { type LostNodes, takeOut } from './lost-nodes.js';
import { refuseQuorumLoss } from './quorum.js';
import { lookInside } from './session.js';

/** Machines that go while others are still to come. */
export interface EarlyLeavers {
  hasRemoved(machine: string): boolean;
  mayLeaveFirst(machine: string): boolean;
}

/** Machines that the file no longer asks for: drained, stopped, taken out of Kubernetes, deleted; servers one at a time. By machine name. */
export function planRemoval(
  context: PhaseContext,
  api: Later<ClusterApi>,
  arrivals: readonly Step[],
  lostNodes: LostNodes,
  early: EarlyLeavers,
): ReadonlyMap<string, Step> {
  const leaving = context.facts.comparison.excess.filter(({ name }) => !lostNodes.machines.has(name));
  const steps = leaving.map((machine): [string, Step] => {
    const server = machine.role === 'control-plane';
    const step: Step = {
      id: `remove:${machine.name}`,
      phase: 'Remove machines',
      target: machine.name,
      text: `drain it, remove it from Kubernetes and ${hostsAreGiven(context.spec) ? 'release it' : 'delete it'}`,
      ...(early.mayLeaveFirst(machine.name)
        ? { details: ['once the new machines are there; before them should the account have no room for more'] }
        : {}),
      // New capacity first: what is drained needs a place to go.
      needs: [...needsOf(api), ...arrivals],
      limits: server ? ['join', 'drain'] : ['drain'],
      destroys: true,
      apply: async (run) => {
        if (!early.hasRemoved(machine.name)) await removeMachine(context, machine, valueOf(api, run), run);
      },
    };
    return [machine.name, step];
  });
  return new Map(steps);
}

/**
 * @param api undefined: the cluster has never run, so that the machine is no node of it
 * @param options.uncordonAtDeadline whether it goes on taking pods where it cannot be emptied in time
 */
export async function removeMachine(
  context: PhaseContext,
  machine: Machine,
  api: ClusterApi | undefined,
  run: StepContext,
  { uncordonAtDeadline = false } = {},
): Promise<void> {
  const { tools, cluster, rules } = context;
  const server = machine.role === 'control-plane';
  // As they are now: a plan may be made while no API answers, and what is no node would go without being drained.
  const nodes = (await api?.kube.nodes(run)) ?? [];
  if (server && api && rules.membership) refuseQuorumLoss(rules.membership, machine.name, nodes, cluster.name);
  const node = nodes.find(({ name }) => name === machine.name);
  if (api && node) {
    run.progress('draining');
    await api.kube.drain(machine.name, { ...run, deadlineMs: deadlines.drain, uncordonAtDeadline });
  }
  await refusedHalfWay(takeAway);

  async function takeAway(): Promise<void> {
    if (api && node) await rules.membership?.leave(api, tools.clock, node, run);
    // Stopped before its Node object goes, else it registers again. A host that no longer answers is deleted first instead.
    const stopped = await stopHost();
    if (!stopped) await deleteMachine();
    if (api && node) await takeOut(context, api, machine.name, server, run);
    if (stopped) await deleteMachine();
    await tools.folder.forgetMachine(machine.name);
  }

  async function stopHost(): Promise<boolean> {
    try {
      run.progress('stopping it');
      const session = await lookInside(tools, machine, run);
      await session.run(rules.nodeExtras.stop(deadlines.hostTask), run);
      return true;
    } catch (error) {
      run.signal.throwIfAborted();
      // One that Slipway made is deleted by its id, whoever answers at its address; nothing is sent to a stranger.
      if (error instanceof RefusedError && machine.login) throw error;
      run.progress(`does not answer (${messageOf(error)}); deleting it as it is`);
      return false;
    }
  }

  async function deleteMachine(): Promise<void> {
    run.progress('deleting the machine');
    await tools.remote.disconnect(machine.name);
    await tools.provider.machines.delete(machine, run);
  }
}
