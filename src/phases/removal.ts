import { etcdHealth, type Machine } from '../domain/index.js';
import { needsOf, type Step, type StepContext, valueOf } from '../engine/index.js';
import { messageOf, RefusedError } from '../errors/index.js';
import { stopK3s } from '../k3s/index.js';
import type { PhaseContext } from './context.js';
import type { ControlPlanePlan } from './control-plane.js';
import { deadlines } from './deadlines.js';
import { openSession } from './session.js';

/** Machines that the file no longer asks for: drained, stopped, taken out of Kubernetes, deleted; servers one at a time. */
export function planRemoval(
  context: PhaseContext,
  controlPlane: ControlPlanePlan,
  arrivals: readonly string[],
): readonly Step[] {
  return context.facts.comparison.surplus.map((machine): Step => {
    const server = machine.role === 'control-plane';
    return {
      id: `remove:${machine.name}`,
      phase: 'Remove machines',
      target: machine.name,
      text: 'drain it, take it out of Kubernetes and delete it',
      // New capacity first: what is drained needs a place to go.
      needs: [...needsOf(controlPlane.api), ...arrivals],
      limits: server ? ['join', 'drain'] : ['drain'],
      destroys: true,
      apply: (run) => removeMachine(context, machine, controlPlane, run),
    };
  });
}

async function removeMachine(
  { tools, facts, cluster }: PhaseContext,
  machine: Machine,
  controlPlane: ControlPlanePlan,
  run: StepContext,
): Promise<void> {
  const { kube, watch } = valueOf(controlPlane.api, run);
  if (machine.role === 'control-plane') await refuseQuorumLoss(machine, await kube.nodes(run));
  const node = facts.nodes?.get(machine.name);
  if (node) {
    run.progress('draining');
    await kube.drain(machine.name, { ...run, deadlineMs: deadlines.drain });
  }
  // Stopped before its Node object goes, else it registers again. A host that no longer answers is deleted first instead.
  const stopped = await stopHost();
  if (!stopped) await deleteMachine();
  if (node) {
    run.progress('deleting the node');
    await kube.deleteNode(machine.name, run);
    await watch.until(machine.name, 'to be gone from Kubernetes', (found) => found === undefined, {
      ...run,
      deadlineMs: deadlines.nodeGone,
      hint: `See what holds it: kubectl get node ${machine.name} -o yaml`,
    });
  }
  if (stopped) await deleteMachine();
  await tools.folder.forgetMachine(machine.name);

  async function stopHost(): Promise<boolean> {
    try {
      run.progress('stopping k3s');
      const session = await openSession(tools, machine, deadlines.look, run);
      await session.run(stopK3s({ killPods: true, deadlineMs: deadlines.hostTask }), run);
      return true;
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof RefusedError) throw error;
      run.progress(`does not answer (${messageOf(error)}); deleting it as it is`);
      return false;
    }
  }

  async function deleteMachine(): Promise<void> {
    run.progress('deleting the machine');
    await tools.remote.disconnect(machine.name);
    await tools.provider.machines.delete(machine, run);
  }

  async function refuseQuorumLoss(
    leaving: Machine,
    nodes: readonly { name: string; controlPlane: boolean; ready: boolean; etcdVoter: boolean | undefined }[],
  ): Promise<void> {
    const others = nodes.filter((found) => found.controlPlane && found.name !== leaving.name);
    const voting = others.filter((found) => found.ready && found.etcdVoter === true).length;
    const health = etcdHealth(others.length, voting);
    if (others.length === 0 || health.spare < 0) {
      throw new RefusedError(
        `Taking away ${leaving.name} would leave ${voting} of ${others.length} servers voting, fewer than the ${health.needed} that etcd needs.`,
        { code: 'QUORUM', hint: `Bring the other servers back first: slipway cluster status ${cluster.name}` },
      );
    }
  }
}
