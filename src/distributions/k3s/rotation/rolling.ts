import { type Machine, planRollout, type Role, type RolloutState, slotLabel } from '../../../domain/index.js';
import type { Step, StepContext } from '../../../engine/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { isUpNode } from '../../../phases/is-up.js';
import { rolloutSteps } from '../../../phases/rollout.js';
import { openSession } from '../../../phases/session.js';
import type { Session } from '../../../remote/types.js';
import type { RollingRequest } from '../../rotations.js';
import { checkServer, type K3sRole, restartK3s } from '../host/index.js';
import { inOrderOf, lastHolder, refuseBlocked, stateOf } from '../node-rollout.js';
import { k3sRules } from '../rules.js';

/** A change that nodes are taken through one after another. */
export interface RollingChange {
  readonly context: Omit<PhaseContext, 'rules'>;
  /** Undefined: the API lets nobody in. Then nodes follow one another, and only their hosts tell whether they are up. */
  readonly api: ClusterApi | undefined;
  readonly request: RollingRequest;
  /** What ids of its steps begin with. */
  readonly id: string;
  readonly phase: string;
  /** What is done to a node, in words. */
  readonly text: (machine: Machine) => string;
  /** Names of the machines that it is done to; undefined: all of the role. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Does it, and waits until the node is up again. What was done by a run that was killed is found done. */
  readonly work: (machine: Machine, run: StepContext) => Promise<void>;
  /** Keeps new pods off one whose turn comes later; undefined where they run on. */
  readonly later?: ((machine: Machine) => Step | undefined) | undefined;
}

export const k3sRole = ({ role }: Pick<Machine, 'role'>): K3sRole => (role === 'control-plane' ? 'server' : 'agent');

/**
 * The steps that take all nodes of a role through a change: servers one at a time, the one that holds the API's address last;
 * workers in waves behind a first one. Each wave begins once those before it are up; the first that fails is the last.
 * @param needs what comes before all of them
 * @throws RefusedError code QUORUM for servers, NODES_DOWN for workers
 */
export function rollingSteps(change: RollingChange, role: Role, needs: readonly Step[]): readonly Step[] {
  const { context, api, request, only } = change;
  const own = context.facts.machines.filter((machine) => machine.role === role);
  const group = own.filter(({ name }) => only?.has(name) ?? true);
  const machines = lastHolder(group, request.addressHolder);
  if (machines.length === 0) return [];
  if (!api) {
    const chain: Step[] = [];
    for (const machine of machines) chain.push(nodeStep(change, machine, [...needs, ...chain.slice(-1)]));
    return chain;
  }
  const isServer = role === 'control-plane';
  const names = new Set(machines.map(({ name }) => name));
  const machineOf = (name: string): Machine => machines.find((machine) => machine.name === name)!;
  const state = (nodes: ReadonlyMap<string, NodeFacts>): RolloutState => {
    const found = stateOf(own, role, names, nodes);
    return { ...found, nodes: inOrderOf(machines, found.nodes) };
  };
  const maxUnavailable = isServer ? 1 : request.maxUnavailable;
  const budget = { maxUnavailable, maxSurge: 0, canary: isServer ? 0 : 1, soakMs: 0 };
  const atFirst = state(context.facts.nodes ?? new Map<string, NodeFacts>());
  const rollout = planRollout(atFirst.nodes, budget, atFirst.members);
  refuseBlocked(context.cluster.name, role, own.length, rollout);
  return rolloutSteps(rollout, atFirst, {
    phase: change.phase,
    target: isServer ? 'servers' : 'workers',
    round: change.id,
    cluster: context.cluster.name,
    budget,
    clock: context.tools.clock,
    stopsAtFailure: true,
    step: ({ name }, opening) => nodeStep(change, machineOf(name), [...needs, ...opening]),
    cordon: ({ name }) => change.later?.(machineOf(name)),
    look: async (run) => state(new Map((await api.kube.nodes(run)).map((node) => [node.name, node]))),
  });
}

const nodeStep = (change: RollingChange, machine: Machine, needs: readonly Step[]): Step => ({
  id: `${change.id}:${machine.name}`,
  phase: change.phase,
  target: slotLabel(machine),
  text: change.text(machine),
  changes: true,
  lasts: true,
  needs,
  ...(machine.role === 'control-plane' ? { limits: ['join' as const] } : {}),
  apply: (run) => change.work(machine, run),
});

/**
 * Work that has k3s of a node started anew; its pods run on.
 * @param prepare what is done on the host before
 */
export const startingAnew =
  (
    { context, api }: Pick<RollingChange, 'context' | 'api'>,
    prepare: (session: Session, machine: Machine, run: StepContext) => Promise<void>,
  ): RollingChange['work'] =>
  async (machine, run) => {
    const session = await openSession(context.tools, machine, deadlines.ssh, run);
    await prepare(session, machine, run);
    const role = k3sRole(machine);
    run.progress('starting k3s anew');
    const deadlineMs = role === 'server' ? deadlines.serverStart : deadlines.agentStart;
    await session.run(restartK3s({ role, deadlineMs }), run);
    if (role === 'server') await session.run(checkServer(), run);
    await isUpAgain({ context, api }, machine, run);
  };

/** Waits until a node is Ready and, of a server, votes. */
export async function isUpAgain(
  { context, api }: Pick<RollingChange, 'context' | 'api'>,
  machine: Machine,
  run: StepContext,
): Promise<void> {
  const isServer = machine.role === 'control-plane';
  await api?.watch.until(
    machine.name,
    isServer ? 'to be Ready and vote' : 'to be Ready',
    (node) => isUpNode(machine.role, node, k3sRules),
    {
      ...run,
      deadlineMs: deadlines.nodeReady,
      hint: `Look at it with \`slipway cluster ssh ${context.cluster.name} ${machine.name}\` and \`journalctl -u ${isServer ? 'k3s' : 'k3s-agent'}\`.`,
    },
  );
}
