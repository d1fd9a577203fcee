import type { RolloutBudget, RolloutNode, RolloutTask, Voter, Wave } from '../../src/domain/index.js';
import { judgeWave, placesDown, planRollout, quorum } from '../../src/domain/index.js';

export interface Place {
  readonly name: string;
  readonly work: RolloutNode['work'];
}

/** Where chance decides: whether a step fails, a node dies, the run is interrupted, which of several moves. */
export interface Fate {
  /** True: what is named goes wrong. */
  strikes(what: 'step' | 'death' | 'interruption'): boolean;
  pick(below: number): number;
}

interface Machine {
  up: boolean;
  /** Carries what the rollout brings. */
  isNew: boolean;
}

/**
 * A cluster that obeys what clusters obey: a server counts in etcd from its join until it leaves, whatever becomes of it
 * meanwhile. Throws where a rollout takes down more than its budget, costs the quorum, or has more successors than it may.
 */
export class Simulator {
  readonly machines = new Map<string, Machine>();
  readonly #members: Set<string> | undefined;

  constructor(
    private readonly places: readonly Place[],
    private readonly budget: RolloutBudget,
    private readonly fate: Fate,
    servers: boolean,
  ) {
    for (const { name } of places) this.machines.set(name, { up: true, isNew: false });
    if (servers) this.#members = new Set(this.machines.keys());
  }

  /** What somebody has to bring back who can: machines that stay, and servers once too few of them vote. */
  heal(): void {
    const back = this.places.flatMap(({ name, work }) => (work === 'stay' ? [name] : []));
    for (const name of [...back, ...(this.#hasQuorum() ? [] : this.#members!)]) this.machines.get(name)!.up = true;
  }

  /** What is seen from outside, and all that a plan is made from. */
  nodes(): readonly RolloutNode[] {
    return this.places.flatMap(({ name, work }): RolloutNode[] => {
      const old = this.machines.get(name);
      const next = this.machines.get(successorOf(name));
      if (work === 'stay') return [{ name, work, up: old!.up }];
      if (work === 'remove') return old ? [{ name, work, up: old.up }] : [];
      if (work === 'in-place') return [{ name, work: old!.isNew && old!.up ? 'stay' : 'in-place', up: old!.up }];
      if (old) {
        const is = next === undefined ? 'absent' : next.up ? 'up' : 'coming';
        return [{ name, work, up: old.up, successor: { name: successorOf(name), is } }];
      }
      // The old one has gone, so that its place is empty until its successor is up.
      return [{ name: successorOf(name), work: next?.up ? 'stay' : 'in-place', up: next?.up ?? false }];
    });
  }

  members(): readonly Voter[] | undefined {
    return this.#members && [...this.#members].map((name) => ({ name, voting: this.machines.get(name)?.up ?? false }));
  }

  /** Plans and plays one run; true when all was done, else why not. */
  run(): true | string {
    const { waves, blocked } = planRollout(this.nodes(), this.budget, this.members());
    const downAtFirst = placesDown(this.nodes());
    const extras = this.#extras();
    let before: Wave | undefined;
    for (const wave of waves) {
      if (this.fate.strikes('interruption')) return 'interrupted';
      if (before) {
        const state = { nodes: this.nodes(), members: this.members() };
        const judgement = judgeWave(before, wave, state, this.budget, downAtFirst);
        if (judgement.answer !== 'go') return judgement.because;
      }
      const ended = this.#play(wave, Math.max(extras, this.budget.maxSurge));
      if (!ended) return 'failed';
      this.#soak();
      before = wave;
    }
    return blocked === undefined ? true : blocked.because;
  }

  /** All tasks of a wave at once, their steps in any order; false when one failed or all were interrupted. */
  #play({ tasks }: Wave, extrasAtMost: number): boolean {
    const moving = tasks.map((task) => this.#steps(task));
    let ok = true;
    while (moving.some((steps) => steps.length > 0)) {
      if (this.fate.strikes('interruption')) return false;
      const open = moving.filter((steps) => steps.length > 0);
      const steps = open[this.fate.pick(open.length)]!;
      if (this.fate.strikes('step')) {
        steps.length = 0;
        ok = false;
      } else this.#watched(steps.shift()!, extrasAtMost);
    }
    return ok;
  }

  #steps({ name, work, successor }: RolloutTask): (() => void)[] {
    const arrive = [
      () => void this.machines.set(successor!.name, this.machines.get(successor!.name) ?? { up: false, isNew: true }),
      () => this.#bringUp(successor!.name),
    ];
    const leave = [() => void this.#members?.delete(name), () => void this.machines.delete(name)];
    if (work === 'remove') return leave;
    if (work === 'replace') return successor!.first ? [...arrive, ...leave] : [...leave, ...arrive];
    if (!this.machines.has(name)) this.machines.set(name, { up: false, isNew: true });
    return [() => void (this.machines.get(name)!.up = false), () => this.#bringUp(name)];
  }

  #bringUp(name: string): void {
    this.machines.set(name, { up: true, isNew: true });
    this.#members?.add(name);
  }

  #soak(): void {
    for (const machine of this.machines.values()) if (this.fate.strikes('death')) machine.up = false;
  }

  #extras = (): number =>
    this.places.filter(({ name }) => this.machines.has(name) && this.machines.has(successorOf(name))).length;

  #watched(step: () => void, extrasAtMost: number): void {
    const [down, hadQuorum] = [placesDown(this.nodes()), this.#hasQuorum()];
    const isLone = this.#members?.size === 1;
    step();
    const now = placesDown(this.nodes());
    if (now > down && now > this.budget.maxUnavailable) throw new Error(`${now} places are down`);
    if (hadQuorum && !this.#hasQuorum() && !isLone) throw new Error('the quorum is lost');
    if (this.#extras() > extrasAtMost) throw new Error(`${this.#extras()} successors at once`);
  }

  #hasQuorum(): boolean {
    const members = this.members();
    return members === undefined || members.filter(({ voting }) => voting).length >= quorum(members.length);
  }
}

export const successorOf = (name: string): string => `${name}'`;
