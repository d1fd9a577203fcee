import { labelKeys, type Machine } from '../domain/index.js';
import type { Step, StepContext } from '../engine/index.js';
import { IncompleteError, refusedHalfWay } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';
import { canPowerOff } from '../provider/port.js';
import type { ClusterApi, ClusterFacts, PhaseContext, Tools } from './context.js';
import { deadlines } from './deadlines.js';
import { freeNode } from './out-of-service.js';
import { refuseQuorumLoss } from './quorum.js';
import { lookInside } from './session.js';

const phase = 'Remove lost nodes';

export interface LostNodes {
  readonly steps: readonly Step[];
  /** Steps after which no lost server is a member any more: a new one may join then. */
  readonly servers: readonly Step[];
  /** The step that frees a node's name, by that name. */
  readonly names: ReadonlyMap<string, Step>;
  /** The step that deals with an excess machine, by the machine's name. */
  readonly machines: ReadonlyMap<string, Step>;
}

/**
 * Nodes whose machine is gone, and excess machines that are dead. They go before anything joins: a dead server counts
 * against the quorum for as long as it is a member, and a new machine may not join under the name of an old node.
 */
export function planLostNodes(context: PhaseContext): LostNodes {
  const { facts, tools } = context;
  const { api, nodes } = facts;
  if (!api || !nodes) return { steps: [], servers: [], names: new Map(), machines: new Map() };

  const lost = lostNodes(facts);
  const dead = facts.comparison.excess.filter((machine) => isDead(machine, nodes.get(machine.name)));
  const isServer = ({ role }: Pick<Machine, 'role'>): boolean => role === 'control-plane';
  const names = new Map(
    lost.map((node): [string, Step] => [
      node.name,
      {
        id: `forget:${node.name}`,
        phase,
        target: node.name,
        text: 'its machine is gone: remove the node from Kubernetes',
        needs: [],
        limits: node.controlPlane ? ['join'] : [],
        apply: async (run) => {
          // Of a host that its owner only took away nobody knows that it is off.
          if (tools.provider.traits.ownsMachines) await freeLost(context, api, node, run);
          await takeOut(context, api, node.name, node.controlPlane, run);
        },
      },
    ]),
  );
  const freed = planFreed(context, api);
  for (const step of freed) names.set(step.target, step);
  const machines = new Map(
    dead.map((machine): [string, Step] => [
      machine.name,
      {
        id: `remove:${machine.name}`,
        phase,
        target: machine.name,
        text: 'it is dead: remove it from Kubernetes and from the provider',
        needs: [],
        limits: isServer(machine) ? ['join'] : [],
        destroys: true,
        apply: async (run) => {
          const lost = context.lost?.get(machine.name);
          const node = await stillDead(context, machine, api, run, lost);
          const isOff = (await cutPower(tools, machine, run)) || lost === 'off';
          if (isOff) await freeLost(context, api, { name: machine.name, controlPlane: isServer(machine) }, run);
          // The machine before its node: one that wakes up in between would register again.
          await tools.provider.machines.delete(machine, { ...run, isOff: lost === 'off' });
          if (node) await refusedHalfWay(() => takeOut(context, api, machine.name, isServer(machine), run));
          await tools.folder.forgetMachine(machine.name);
        },
      },
    ]),
  );
  return {
    steps: [...names.values(), ...machines.values()],
    servers: [
      ...lost.filter((node) => node.controlPlane).flatMap(({ name }) => names.get(name)!),
      ...freed.filter(({ target }) => facts.comparison.missing.some((one) => one.name === target && isServer(one))),
      ...dead.filter(isServer).map(({ name }) => machines.get(name)!),
    ],
    names,
    machines,
  };
}

/** What lost machines held whose nodes somebody deleted already: a new node of that name would find its pods and volumes. */
function planFreed({ facts, lost, tools }: PhaseContext, api: ClusterApi): readonly Step[] {
  if (!lost || !tools.provider.traits.ownsMachines) return [];
  const names = [...lost].flatMap(([name, how]) => (how === 'gone' && !facts.nodes?.has(name) ? [name] : []));
  return names.map((name) => ({
    id: `free:${name}`,
    phase,
    target: name,
    text: 'its machine and its node are gone: free the pods and volumes that it had',
    needs: [],
    apply: (run) => freeNode(api, tools.clock, name, run),
  }));
}

/**
 * Nodes of pools of ours that have no machine any more. One that is Ready counts only when its name is about to be
 * given again: a node looks Ready for a while after its machine has gone, and otherwise it is not ours to judge.
 */
export function lostNodes({ comparison, nodes }: Pick<ClusterFacts, 'comparison' | 'nodes'>): readonly NodeFacts[] {
  const machines = new Set(
    [...comparison.current, ...comparison.excess, ...(comparison.held ?? [])].map(({ name }) => name),
  );
  const awaited = new Set(comparison.missing.map(({ name }) => name));
  return [...(nodes?.values() ?? [])].filter(
    (node) =>
      node.labels[labelKeys.pool] !== undefined && !machines.has(node.name) && (!node.ready || awaited.has(node.name)),
  );
}

/** Neither the provider nor Kubernetes sees it alive, so that nothing can be drained from it. */
export function isDead(machine: Pick<Machine, 'status'>, node: Pick<NodeFacts, 'ready'> | undefined): boolean {
  return (machine.status === 'unknown' || machine.status === 'off') && !node?.ready;
}

/**
 * Looks once more before a machine is released without being drained: a silent host may just have been starting anew, and
 * between the plan and its confirmation there is time to come back. Of one whose provider can cut its power the provider is
 * asked, of others the host.
 * @param lost of one that hangs only the node counts: its machine runs
 * @returns its node, where there is one.
 * @throws IncompleteError code CAME_BACK when its machine runs, its host answers or its node is Ready.
 */
async function stillDead(
  { cluster, tools }: PhaseContext,
  machine: Machine,
  { kube }: ClusterApi,
  run: StepContext,
  lost: 'off' | 'hanging' | 'gone' | undefined,
): Promise<NodeFacts | undefined> {
  run.progress('looking whether it came back');
  const life = lost === 'hanging' ? undefined : await signOfLife();
  const node = (await kube.nodes(run)).find(({ name }) => name === machine.name);
  const sign = node?.ready ? 'its node is Ready' : life;
  if (sign === undefined) return node;
  throw new IncompleteError(`${machine.name} came back: it was dead when this was planned, and now ${sign}.`, {
    code: 'CAME_BACK',
    hint: 'Run the same command again: it is then drained before it is removed.',
  });

  async function signOfLife(): Promise<string | undefined> {
    if (!canPowerOff(tools.provider)) return (await hostAnswers()) ? 'its host answers' : undefined;
    const now = (await tools.provider.machines.list(cluster, run)).find(({ id }) => id === machine.id);
    return now?.status === 'running' || now?.status === 'starting' ? 'its machine runs' : undefined;
  }

  async function hostAnswers(): Promise<boolean> {
    try {
      await lookInside(tools, machine, run);
      return true;
    } catch {
      // Who shows another key is unknown: what becomes of it, the provider decides.
      run.signal.throwIfAborted();
      return false;
    }
  }
}

/** Whether the provider has made sure that the machine is off. */
async function cutPower({ provider }: Tools, machine: Machine, run: StepContext): Promise<boolean> {
  if (!canPowerOff(provider)) return false;
  run.progress('making sure that it is off');
  await provider.powerOff(machine, run);
  return true;
}

/** Frees what a lost node holds, unless it has to stay. @throws RefusedError code QUORUM */
async function freeLost(
  { cluster, rules: { membership }, tools }: PhaseContext,
  api: ClusterApi,
  { name, controlPlane }: Pick<NodeFacts, 'name' | 'controlPlane'>,
  run: StepContext,
): Promise<void> {
  if (controlPlane && membership) refuseQuorumLoss(membership, name, await api.kube.nodes(run), cluster.name);
  await freeNode(api, tools.clock, name, run);
}

/** @throws RefusedError code QUORUM; IncompleteError code NODE_TIMEOUT */
export async function takeOut(
  { cluster, rules: { membership, nodeExtras } }: Pick<PhaseContext, 'cluster' | 'rules'>,
  { kube, watch }: ClusterApi,
  node: string,
  server: boolean,
  run: StepContext,
): Promise<void> {
  if (server && membership) {
    const nodes = await kube.nodes(run);
    refuseQuorumLoss(membership, node, nodes, cluster.name);
    const patch = membership.beforeDeletion(nodes.find(({ name }) => name === node));
    if (patch) await kube.patchNode(node, patch, run);
  }
  run.progress('deleting the node');
  await kube.deleteNode(node, run);
  await nodeExtras.forget(kube, node, run);
  await watch.until(node, 'to be gone from Kubernetes', (found) => found === undefined, {
    ...run,
    deadlineMs: deadlines.nodeGone,
    hint: `See what holds it: kubectl get node ${node} -o yaml`,
  });
}
