import { labelKeys, type Machine } from '../domain/index.js';
import type { Step, StepContext } from '../engine/index.js';
import { IncompleteError, refusedHalfWay } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterApi, ClusterFacts, PhaseContext, Tools } from './context.js';
import { deadlines } from './deadlines.js';
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
  const isServer = ({ role }: Machine): boolean => role === 'control-plane';
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
        apply: (run) => takeOut(context, api, node.name, node.controlPlane, run),
      },
    ]),
  );
  const machines = new Map(
    dead.map((machine): [string, Step] => [
      machine.name,
      {
        id: `remove:${machine.name}`,
        phase,
        target: machine.name,
        text: 'it is dead and not in the file: remove it from Kubernetes and from the provider',
        needs: [],
        limits: isServer(machine) ? ['join'] : [],
        destroys: true,
        apply: async (run) => {
          const node = await stillDead(tools, machine, api, run);
          // The machine first: one that wakes up in between would register again.
          await tools.provider.machines.delete(machine, run);
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
      ...dead.filter(isServer).map(({ name }) => machines.get(name)!),
    ],
    names,
    machines,
  };
}

/**
 * Nodes of pools of ours that have no machine any more. One that is Ready counts only when its name is about to be
 * given again: a node looks Ready for a while after its machine has gone, and otherwise it is not ours to judge.
 */
export function lostNodes({ comparison, nodes }: Pick<ClusterFacts, 'comparison' | 'nodes'>): readonly NodeFacts[] {
  const machines = new Set([...comparison.current, ...comparison.excess].map(({ name }) => name));
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
 * between the plan and its confirmation there is time to come back.
 * @returns its node, where there is one.
 * @throws IncompleteError code CAME_BACK when its host answers or its node is Ready.
 */
async function stillDead(
  tools: Tools,
  machine: Machine,
  { kube }: ClusterApi,
  run: StepContext,
): Promise<NodeFacts | undefined> {
  run.progress('looking whether it came back');
  const answers = await hostAnswers();
  const node = (await kube.nodes(run)).find(({ name }) => name === machine.name);
  if (!answers && !node?.ready) return node;
  const sign = answers ? 'its host answers' : 'its node is Ready';
  throw new IncompleteError(`${machine.name} came back: it was dead when this was planned, and now ${sign}.`, {
    code: 'CAME_BACK',
    hint: 'Run the same command again: it is then drained before it is removed.',
  });

  async function hostAnswers(): Promise<boolean> {
    try {
      await lookInside(tools, machine, run);
      return true;
    } catch {
      // Who shows another key is a stranger: what becomes of it, the provider decides.
      run.signal.throwIfAborted();
      return false;
    }
  }
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
