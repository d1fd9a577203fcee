import {
  type DesiredMachine,
  type Machine,
  planRollout,
  type Role,
  type Rollout,
  type RolloutBudget,
  type RolloutNode,
  type RolloutState,
  successorsOf,
} from '../domain/index.js';
import { limits } from '../engine/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterFacts } from './context.js';
import { isUp, isUpNode } from './is-up.js';
import { isDead, lostNodes } from './lost-nodes.js';
import type { NodeRules } from './node-rules.js';

type Facts = Pick<ClusterFacts, 'comparison' | 'nodes'>;
type Rules = Pick<NodeRules, 'membership'>;

/** How many leave at once: servers one after another, since each changes who votes. */
const budgetOf = (role: Role): RolloutBudget => ({
  maxUnavailable: 0,
  maxSurge: role === 'control-plane' ? 1 : limits.drain,
  canary: 0,
  soakMs: 0,
});

/** Excess machines that are drained before they go; what is dead goes without. */
export const drained = ({ comparison, nodes }: Facts): readonly Machine[] =>
  comparison.excess.filter((machine) => !isDead(machine, nodes?.get(machine.name)));

/** Machines of one role that leave, and what takes their places. */
export class Leaving {
  readonly budget: RolloutBudget;
  readonly #successors: ReadonlyMap<string, DesiredMachine>;
  readonly #desired: readonly DesiredMachine[];

  constructor(
    private readonly facts: Facts,
    private readonly rules: Rules,
    private readonly role: Role,
    private readonly machines: readonly Machine[],
  ) {
    this.budget = budgetOf(role);
    this.#desired = facts.comparison.desired.filter((machine) => machine.role === role);
    const newcomers = this.#desired.filter((machine) => !isUp(machine, facts, rules));
    this.#successors = successorsOf(machines, this.#desired, newcomers);
  }

  successorOf = (machine: string): DesiredMachine | undefined => this.#successors.get(machine);

  /** Where every place of this role stands. @param there those of the machines that have not left */
  state(nodes: ReadonlyMap<string, NodeFacts>, there = this.machines): RolloutState {
    const isUpNow = (name: string): boolean => isUpNode(this.role, nodes.get(name), this.rules);
    const places = there.map(({ name }): RolloutNode => {
      const successor = this.#successors.get(name);
      const up = isUpNow(name);
      if (!successor) return { name, work: 'remove', up };
      const is = isUpNow(successor.name) ? 'up' : 'coming';
      return { name, work: 'replace', up, successor: { name: successor.name, is } };
    });
    const shared = new Set(places.map(({ successor }) => successor?.name));
    const others = this.#desired
      .filter(({ name }) => !shared.has(name))
      .map(({ name }): RolloutNode => ({ name, work: 'stay', up: isUpNow(name) }));
    return { nodes: [...others, ...places], members: this.#voters(nodes) };
  }

  /**
   * The waves in which they go, and why some may not. Servers that are lost or dead count first: they are taken out of
   * etcd before anybody joins or leaves.
   */
  rollout(): Rollout {
    const nodes = this.facts.nodes ?? new Map<string, NodeFacts>();
    const { nodes: places, members } = this.state(nodes);
    const gone = this.#gone(nodes).map((name): RolloutNode => ({ name, work: 'remove', up: false }));
    const all = [...gone, ...places.filter(({ name }) => !gone.some((one) => one.name === name))];
    const { waves, blocked } = planRollout(all, this.budget, members);
    // What is blocked is refused before anything is run: it is planned to be shown.
    if (blocked) return { ...planRollout(places, this.budget), blocked };
    const own = waves.map((wave) => ({
      ...wave,
      tasks: wave.tasks.filter((task) => this.machines.some(({ name }) => name === task.name)),
    }));
    return { waves: own.filter(({ tasks }) => tasks.length > 0) };
  }

  /** Undefined of workers, and while nobody tells who votes. */
  #voters(nodes: ReadonlyMap<string, NodeFacts>): RolloutState['members'] {
    const voters = this.role === 'control-plane' ? this.rules.membership?.voters(nodes.values()) : undefined;
    return voters?.length === 0 ? undefined : voters;
  }

  #gone(nodes: ReadonlyMap<string, NodeFacts>): readonly string[] {
    if (this.role !== 'control-plane' || nodes.size === 0) return [];
    const dead = this.facts.comparison.excess.filter(
      (machine) => machine.role === this.role && isDead(machine, nodes.get(machine.name)),
    );
    return [...lostNodes(this.facts).filter(({ controlPlane }) => controlPlane), ...dead].map(({ name }) => name);
  }
}
