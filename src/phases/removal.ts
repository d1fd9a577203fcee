import { lostClaims, type Machine, type Role, slotLabel } from '../domain/index.js';
import { type Later, needsOf, type Step, type StepContext, valueOf } from '../engine/index.js';
import { messageOf, RefusedError, refusedHalfWay } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterApi, PhaseContext } from './context.js';
import { deadlines } from './deadlines.js';
import { Leaving } from './leaving.js';
import { type LostNodes, takeOut } from './lost-nodes.js';
import { refuseQuorumLoss } from './quorum.js';
import { cordon, rolloutSteps, uncordon } from './rollout.js';
import { lookInside } from './session.js';

/** Machines that go while others are still to come. */
export interface EarlyLeavers {
  hasRemoved(machine: string): boolean;
  mayLeaveFirst(machine: string): boolean;
}

/** Steps after which a slot's machine is in service, by slot label; none for one that is already. */
type Joined = ReadonlyMap<string, readonly Step[]>;

export interface RemovalPlan {
  readonly steps: readonly Step[];
  /** The step that removes a machine, by the machine's name. */
  readonly removals: ReadonlyMap<string, Step>;
}

/**
 * Machines that the file no longer asks for: drained, stopped, taken out of Kubernetes, deleted. Each waits for what takes
 * its place and for its wave, not for everything that is to come.
 */
export function planRemoval(
  context: PhaseContext,
  api: Later<ClusterApi>,
  joined: Joined,
  lostNodes: LostNodes,
  early: EarlyLeavers,
): RemovalPlan {
  const leaving = context.facts.comparison.excess.filter(({ name }) => !lostNodes.machines.has(name));
  const plans = (['control-plane', 'worker'] as const).flatMap((role) => {
    const own = leaving.filter((machine) => machine.role === role);
    return own.length === 0 ? [] : [new Removal(context, role, own, api, joined, early).plan()];
  });
  return {
    steps: plans.flatMap(({ steps }) => steps),
    removals: new Map(plans.flatMap(({ removals }) => [...removals])),
  };
}

/** The removal of machines of one role, wave by wave. */
class Removal {
  readonly #leaving: Leaving;

  constructor(
    private readonly context: PhaseContext,
    private readonly role: Role,
    private readonly leaving: readonly Machine[],
    private readonly api: Later<ClusterApi>,
    private readonly joined: Joined,
    private readonly early: EarlyLeavers,
  ) {
    this.#leaving = new Leaving(context.facts, context.rules, role, leaving);
  }

  plan(): RemovalPlan {
    const removals = new Map<string, Step>();
    const { facts, tools, cluster } = this.context;
    const nodes = facts.nodes ?? new Map<string, NodeFacts>();
    const steps = rolloutSteps(this.#leaving.rollout(), this.#leaving.state(nodes), {
      phase: 'Remove machines',
      target: this.role === 'worker' ? 'workers' : 'servers',
      cluster: cluster.name,
      budget: this.#leaving.budget,
      clock: tools.clock,
      step: ({ name }, needs) => {
        const step = this.#removal(this.#machine(name), needs);
        removals.set(name, step);
        return step;
      },
      cordon: ({ name }) => this.#cordon(this.#machine(name)),
      look: async (run) => {
        const found = await valueOf(this.api, run).kube.nodes(run);
        const now = new Map(found.map((node) => [node.name, node]));
        return this.#leaving.state(
          now,
          this.leaving.filter(({ name }) => now.has(name)),
        );
      },
    });
    return { steps, removals };
  }

  #machine = (name: string): Machine => this.leaving.find((machine) => machine.name === name)!;

  #removal(machine: Machine, needs: readonly Step[]): Step {
    const { context, api, early } = this;
    const details = [
      ...(early.mayLeaveFirst(machine.name)
        ? ['once the new machines are there; before them should the account have no room for more']
        : []),
      ...(context.held?.get(machine.name) ?? []),
    ];
    return {
      id: `remove:${machine.name}`,
      phase: 'Remove machines',
      target: slotLabel(machine),
      text: `drain ${machine.name}, remove it from Kubernetes and ${context.tools.provider.traits.ownsMachines ? 'delete it' : 'release it'}`,
      ...(details.length > 0 ? { details } : {}),
      needs: [...needsOf(api), ...this.#arrival(machine), ...needs],
      limits: this.role === 'control-plane' ? ['join', 'drain'] : ['drain'],
      destroys: true,
      apply: async (run) => {
        if (!early.hasRemoved(machine.name)) await removeMachine(context, machine, valueOf(api, run), run);
      },
    };
  }

  #cordon(machine: Machine): Step {
    const { api } = this;
    return {
      id: `cordon:${machine.name}`,
      phase: 'Remove machines',
      target: slotLabel(machine),
      text: `cordon ${machine.name} until it is its turn`,
      changes: true,
      needs: [...needsOf(api), ...this.#arrival(machine)],
      apply: (run) => cordon(valueOf(api, run), machine.name, run),
      putBack: (run) => uncordon(valueOf(api, run), machine.name, run),
    };
  }

  /** New capacity first: what is drained needs a place to go. */
  #arrival({ name }: Machine): readonly Step[] {
    const successor = this.#leaving.successorOf(name);
    return (successor && this.joined.get(slotLabel(successor))) ?? [];
  }
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
  const { tools, cluster, rules, lose } = context;
  const server = machine.role === 'control-plane';
  // As they are now: a plan may be made while no API answers, and what is no node would go without being drained.
  const nodes = (await api?.kube.nodes(run)) ?? [];
  if (server && api && rules.membership) refuseQuorumLoss(rules.membership, machine.name, nodes, cluster.name);
  const node = nodes.find(({ name }) => name === machine.name);
  if (api && node) {
    if (lose) await giveUpClaims(api, machine.name, lose, run);
    run.progress('draining');
    await api.kube.drain(machine.name, { ...run, deadlineMs: deadlines.drain, uncordonAtDeadline, lose });
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
      // One that Slipway made is deleted by its id, whoever answers at its address; nothing is sent to an unknown machine.
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

/**
 * Deletes claims whose data stays behind with the node: bound to its disk they would keep their pods from starting anywhere
 * else. A claim in use goes once its pod has.
 */
async function giveUpClaims(
  { kube }: ClusterApi,
  node: string,
  lose: ReadonlySet<string>,
  run: StepContext,
): Promise<void> {
  for (const claim of lostClaims([node], await kube.drainView([node], run), lose)) {
    const [namespace = '', name = ''] = claim.split('/');
    run.progress(`deleting the claim ${claim}, whose data stays behind`);
    await kube.delete({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name } }, run);
  }
}
