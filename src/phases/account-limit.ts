import type { Machine } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import { IncompleteError } from '../errors/index.js';
import type { PhaseContext } from './context.js';
import { isUp } from './is-up.js';
import type { LostNodes } from './lost-nodes.js';
import type { RoomMaker } from './machines.js';
import { type EarlyLeavers, removeMachine } from './removal.js';

/**
 * What becomes of a run that meets the account's limit. Excess machines leave after the new ones have come, so that
 * what is drained has a place to go; where the account has no place for a new one, an excess one makes it first. Pods that
 * then have nowhere to go, or whose budget keeps them, hold it until its deadline: it takes pods again, the next excess
 * machine is tried, and the same command goes on once they have room.
 */
export class AccountLimit implements RoomMaker, EarlyLeavers {
  readonly #removed = new Set<string>();
  readonly #leaving: Machine[];
  #met: IncompleteError | undefined;
  /** What kept an excess machine from making room. */
  #held: IncompleteError | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: PhaseContext,
    lostNodes: LostNodes,
    /** Whether no machine has ever been in the cluster, so that none has to be taken out of it. */
    neverRan: boolean,
  ) {
    this.#leaving = removableFirst(context, lostNodes, neverRan);
  }

  /** Whether a machine is gone already, to make room. */
  hasRemoved(name: string): boolean {
    return this.#removed.has(name);
  }

  /** Whether a machine leaves before new ones come should there be no room: no provider tells where the account ends. */
  mayLeaveFirst(name: string): boolean {
    const { tools, facts } = this.context;
    const arrivals = tools.provider.traits.ownsMachines
      ? facts.comparison.missing.filter(({ promotes }) => !promotes)
      : [];
    return arrivals.length > 0 && this.#leaving.some((machine) => machine.name === name);
  }

  /** Creates a machine, if need be in the place of an excess one. Once there is no room left, nothing more is asked for. */
  async guard<T>(create: () => Promise<T>, run: StepContext): Promise<T> {
    if (this.#met && this.#leaving.length === 0) throw this.#held ?? this.#met;
    for (;;) {
      try {
        return await create();
      } catch (error) {
        if (!(error instanceof IncompleteError) || error.code !== 'RESOURCE_LIMIT') throw error;
        this.#met ??= error;
        const machine = this.#leaving.shift();
        if (!machine) throw this.#held ?? error;
        await this.remove(machine, run);
      }
    }
  }

  /** One after the other: no two may leave etcd, or a pool, at the same moment. */
  private async remove(machine: Machine, run: StepContext): Promise<void> {
    const before = this.#turn;
    const turn = before.then(async () => {
      run.signal.throwIfAborted();
      const progress = (text: string): void =>
        run.progress(`the account’s limit is reached: removing ${machine.name} first (${text})`);
      try {
        const patience = { uncordonAtDeadline: true };
        await removeMachine(this.context, machine, this.context.facts.api, { ...run, progress }, patience);
        this.#removed.add(machine.name);
      } catch (error) {
        if (!(error instanceof IncompleteError) || error.code !== 'DRAIN_TIMEOUT') throw error;
        this.#held = noRoom(machine, error);
      }
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

const noRoom = ({ name }: Machine, error: IncompleteError): IncompleteError =>
  new IncompleteError(`The account’s limit is reached, and ${name} could not be emptied to make room.`, {
    code: 'DRAIN_TIMEOUT',
    hint: 'Ask the provider for a higher limit, or make room for these pods: fewer replicas, smaller requests, a looser PodDisruptionBudget. Then run the same command again; the node takes pods again meanwhile.',
    details: error.details,
    cause: error,
  });

/**
 * Excess machines that can leave before any other comes, workers first. Servers only where no other server is on its
 * way into etcd; without an API only what has never been in a cluster.
 */
function removableFirst({ facts, rules }: PhaseContext, lostNodes: LostNodes, neverRan: boolean): Machine[] {
  const { comparison, api } = facts;
  const leaving = comparison.excess.filter(({ name }) => !lostNodes.machines.has(name));
  const workers = leaving.filter(({ role }) => role === 'worker');
  if (!api) return neverRan ? workers : [];
  const serversSettled =
    lostNodes.servers.length === 0 &&
    comparison.desired.every((machine) => machine.role === 'worker' || isUp(machine, facts, rules));
  return [...workers, ...(serversSettled ? leaving.filter(({ role }) => role === 'control-plane') : [])];
}
