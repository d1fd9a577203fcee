import {
  type DesiredMachine,
  planRecycle,
  plural,
  type RecycleRound,
  roundOf,
  type Rollout,
  selectForRecycle,
} from '../../../domain/index.js';
import { IncompleteError, RefusedError, refusedHalfWay } from '../../../errors/index.js';
import type { ClusterApi, ClusterFacts } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { isUp } from '../../../phases/is-up.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import { note, type WorkflowContext } from '../../context.js';
import type { RunSteps } from '../../run.js';
import { draftChange } from '../change-draft.js';
import { addressHolder, budgetsFor, observeRound, type RecycleDraft, type RecycleInput } from './draft.js';
import { dropIntent, keepIntent } from './intent.js';
import { candidatesOf, stateOf } from './state.js';

/** The rounds of a run, each drafted by what the one before it left. */
export class Rounds {
  #round = 0;
  /** How many waves were begun. */
  #waves = 0;
  /** By way of the servers that are there now: those of the start leave one after another. */
  #api: ClusterApi;
  #facts: ClusterFacts;

  constructor(
    private readonly context: WorkflowContext,
    private readonly input: RecycleInput,
    private readonly record: ClusterRecord,
    private readonly draft: RecycleDraft,
  ) {
    this.#api = draft.api;
    this.#facts = draft.change.seen.facts;
  }

  /** What the last look found. */
  get facts(): ClusterFacts {
    return this.#facts;
  }

  async run(runSteps: RunSteps): Promise<void> {
    const { signal } = this.context;
    const { intent, waves, change } = this.draft;
    // Each wave takes two rounds at most: one leaves, another comes.
    const atMost = 2 * waves.length + 2;
    // What the file asks for beside comes first.
    let next = change.steps.length > 0 ? this.#nothing : await this.#next();
    for (; next !== undefined; next = await this.#next()) {
      if (next.replacing.size > 0) this.#waves += 1;
      this.#round += 1;
      if (this.#round > atMost) throw noProgress(this.input.spec.name);
      await this.#play(next, runSteps);
    }
    if (intent) await dropIntent(this.#api.kube, { signal });
  }

  async #play(round: RecycleRound, runSteps: RunSteps): Promise<void> {
    const { signal } = this.context;
    const { intent, isBegun } = this.draft;
    const play = async (): Promise<void> => {
      const { lose } = this.input;
      const { steps } = await draftChange(this.context, this.input, this.record, 'to run', { round, lose });
      if (intent && round.replacing.size > 0) await keepIntent(this.#api.kube, intent, { signal });
      await runSteps(steps);
    };
    if (this.#round > 1) return refusedHalfWay(play);
    try {
      await play();
    } catch (error) {
      if (error instanceof RefusedError && intent && !isBegun) await dropIntent(this.#api.kube, { signal });
      throw error;
    }
  }

  /**
   * What the next round replaces: nothing where something is begun that has to be finished first. Undefined: all is done.
   * A node that is down for a moment is waited for.
   * @throws IncompleteError code ROLLOUT_STOPPED
   */
  async #next(): Promise<RecycleRound | undefined> {
    const { clock, signal } = this.context;
    const { soakMs = 0 } = this.input.between ?? {};
    if (this.#waves > 0 && soakMs > 0) await clock.sleep(soakMs, signal);
    const until = clock.monotonic() + deadlines.recovery;
    for (;;) {
      const found = await this.#look();
      if (!('blocked' in found)) return found.round;
      if (clock.monotonic() >= until) throw stopped(this.input.spec.name, found.blocked);
      await clock.sleep(lookAgainMs, signal);
    }
  }

  async #look(): Promise<{ readonly round: RecycleRound | undefined } | { readonly blocked: Rollout['blocked'] & {} }> {
    const { context, input, record, draft } = this;
    const seen = await observeRound(context, input, draft.change, nothing);
    const { facts, distribution } = seen;
    this.#facts = facts;
    if (!facts.api) return { blocked: { because: 'The Kubernetes API does not answer.', nodes: [] } };
    this.#api = facts.api;
    const { comparison } = facts;
    const isBegun = comparison.missing.length + comparison.excess.length > 0;
    if (isBegun || comparison.desired.some((machine: DesiredMachine) => !isUp(machine, facts, distribution)))
      return { round: this.#nothing };
    const holder = await addressHolder(context, input, draft.change, seen);
    const { targets } = selectForRecycle(candidatesOf(facts, holder), input.scope, draft.intent);
    const left = targets.map(({ name }) => name);
    const unserved = this.#waves > 0 ? await input.between?.served?.(context) : undefined;
    if (unserved !== undefined) return { blocked: { because: unserved, nodes: left } };
    if (targets.length === 0) return { round: undefined };
    const state = stateOf(record, facts, distribution, targets);
    const { waves, blocked } = planRecycle(state, await budgetsFor(context, input, draft.change, targets));
    const [wave] = waves;
    if (wave === undefined) return { blocked: blocked! };
    note(context, `next: ${wave.tasks.map(({ name }) => name).join(', ')}, ${plural(targets.length, 'node')} left`);
    return { round: { ...roundOf(wave), release: this.#nothing.release } };
  }

  /** What replaces nobody, and finishes what was begun. */
  get #nothing(): RecycleRound {
    const { scope } = this.input;
    return scope.kind === 'older' ? { ...nothing, release: scope.than } : nothing;
  }
}

/** Milliseconds between two looks at what is down. */
const lookAgainMs = 2_000;
const nothing: RecycleRound = { replacing: new Set(), leavingFirst: new Set() };

const stopped = (cluster: string, { because, nodes }: Rollout['blocked'] & {}): IncompleteError =>
  new IncompleteError(
    `${because} ${nodes.length === 0 ? 'So nothing more was begun.' : `So nothing was begun with ${nodes.join(', ')}.`}`,
    {
      code: 'ROLLOUT_STOPPED',
      hint: `See what is wrong: slipway cluster status ${cluster}`,
    },
  );

const noProgress = (cluster: string): IncompleteError =>
  new IncompleteError(`Nodes of ${cluster} were replaced, and others that are as old are there again.`, {
    code: 'ROLLOUT_STOPPED',
    hint: `See the nodes and their age: slipway cluster status ${cluster}`,
  });
