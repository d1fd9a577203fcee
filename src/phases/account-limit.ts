import type { Machine } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import { IncompleteError } from '../errors/index.js';
import type { PhaseContext } from './context.js';
import { isUp } from './hosts.js';
import { mayHoldData } from './control-plane.js';
import type { Departures } from './departures.js';
import type { RoomMaker } from './machines.js';
import { removeMachine } from './removal.js';

/**
 * What becomes of a run that meets the account's limit. Excess machines leave after the new ones have come, so that
 * what is drained has a place to go; where the account has no place for a new one, an excess one makes it first.
 */
export class AccountLimit implements RoomMaker {
  readonly #removed = new Set<string>();
  readonly #leaving: Machine[];
  #met: IncompleteError | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: PhaseContext,
    departures: Departures,
  ) {
    this.#leaving = removableFirst(context, departures);
  }

  /** Whether a machine is gone already, to make room. */
  hasRemoved = (name: string): boolean => this.#removed.has(name);

  /** Creates a machine, if need be in the place of an excess one. Once there is no room left, nothing more is asked for. */
  async guard<T>(create: () => Promise<T>, run: StepContext): Promise<T> {
    if (this.#met && this.#leaving.length === 0) throw this.#met;
    for (;;) {
      try {
        return await create();
      } catch (error) {
        if (!(error instanceof IncompleteError) || error.code !== 'RESOURCE_LIMIT') throw error;
        this.#met ??= error;
        const machine = this.#leaving.shift();
        if (!machine) throw error;
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
      await removeMachine(this.context, machine, this.context.facts.api, { ...run, progress });
      this.#removed.add(machine.name);
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

/**
 * Excess machines that can leave before any other comes, workers first. Servers only where no other server is on its
 * way into etcd; without an API only what has never been in a cluster.
 */
function removableFirst({ facts }: PhaseContext, departures: Departures): Machine[] {
  const { comparison, api, kubeconfig } = facts;
  const leaving = comparison.surplus.filter(({ name }) => !departures.machines.has(name));
  const workers = leaving.filter(({ role }) => role === 'worker');
  if (!api) {
    const servers = facts.machines.filter(({ role }) => role === 'control-plane');
    const neverRan = kubeconfig === undefined && !servers.some(({ name }) => mayHoldData(name, facts));
    return neverRan ? workers : [];
  }
  const serversSettled =
    departures.servers.length === 0 &&
    comparison.wanted.every((machine) => machine.role === 'worker' || isUp(machine, facts));
  return [...workers, ...(serversSettled ? leaving.filter(({ role }) => role === 'control-plane') : [])];
}
