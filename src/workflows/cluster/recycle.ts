import {
  bySlot,
  type DesiredMachine,
  type Machine,
  planRecycle,
  plural,
  type RecycleRound,
  roundOf,
  type Rollout,
  selectForRecycle,
  slotLabel,
} from '../../domain/index.js';
import { IncompleteError, RefusedError, refusedHalfWay } from '../../errors/index.js';
import type { ClusterApi, ClusterFacts } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import { isUp } from '../../phases/is-up.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { type Change, confirmed } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { executing, type RunSteps } from '../run.js';
import { knownCluster } from './known-cluster.js';
import { keepLook } from './last-look.js';
import type { MonthlyPrice } from './price.js';
import { begin, draftChange, executeOrTakeBack } from './reconcile.js';
import {
  addressHolder,
  budgetsFor,
  draftRecycle,
  observeRound,
  type RecycleDraft,
  type RecycleInput,
} from './recycle-draft.js';
import { dropIntent, keepIntent } from './recycle-intent.js';
import { wavesText } from './recycle-shown.js';
import { candidatesOf, stateOf } from './recycle-state.js';

export interface Replacement {
  /** `web-1` */
  readonly slot: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly location: string;
}

export interface RecycleResult {
  readonly cluster: string;
  readonly provider: string;
  readonly dryRun: boolean;
  readonly steps: readonly StepInfo[];
  /** How many waves nodes are replaced in. */
  readonly waves: number;
  /** What was replaced by what; with `dryRun` nothing was. */
  readonly replaced: readonly Replacement[];
  /** Undefined where machines have no price. */
  readonly monthly: MonthlyPrice | undefined;
}

/** What would be replaced, without replacing it. */
export async function planRecycling(context: WorkflowContext, input: RecycleInput): Promise<RecycleResult> {
  const { record } = await knownCluster(context.workspace, input.spec.name);
  return resultOf(await draftRecycle(context, input, record, 'to show'), true, []);
}

/**
 * Replaces nodes by fresh machines, wave by wave. Each round is drafted by what is found then, so that addresses, the
 * balancer, the kubeconfig and etcd's members follow; killed anywhere, the same command goes on.
 */
export async function recycleCluster(
  context: WorkflowContext,
  input: RecycleInput,
  operation: string,
  retryCommand: string,
): Promise<RecycleResult> {
  const { folder, record } = await knownCluster(context.workspace, input.spec.name);
  const change: Change<RecycleDraft> = {
    folder,
    operation,
    retryCommand,
    draft: (looking, stage) => draftRecycle(looking, input, record, stage),
    confirmation: async (draft) => confirmationOf(input, draft),
  };
  return confirmed(context, change, async (draft, once, { admit }) => {
    await admit();
    const before = draft.change.seen.facts.machines;
    const rounds = new Rounds(once, input, record, draft);
    if (draft.steps.length > 0 || draft.intent) {
      const takeBack = await begin(input, draft.change);
      await executeOrTakeBack(
        () => executing(context, folder, operation, retryCommand, (run) => rounds.run(run), admit),
        takeBack,
      );
    }
    await keepLook(context, folder, operation, rounds.facts, 0);
    const { provider } = draft.change;
    const after = await provider.machines.list(record, { signal: context.signal });
    return resultOf(draft, false, replacedBetween(before, after));
  });
}

/** The rounds of a run, each drafted by what the one before it left. */
class Rounds {
  #round = 0;
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
    let next = change.steps.length > 0 ? nothing : await this.#next();
    for (; next !== undefined; next = await this.#next()) {
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
      if (error instanceof RefusedError && !isBegun) await dropIntent(this.#api.kube, { signal });
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
      return { round: nothing };
    const holder = await addressHolder(context, input, draft.change, seen);
    const { targets } = selectForRecycle(candidatesOf(facts, holder), input.scope, draft.intent);
    if (targets.length === 0) return { round: undefined };
    const state = stateOf(record, facts, distribution, targets);
    const { waves, blocked } = planRecycle(state, await budgetsFor(context, input, draft.change, targets));
    const [wave] = waves;
    if (wave === undefined) return { blocked: blocked! };
    note(context, `next: ${wave.tasks.map(({ name }) => name).join(', ')}, ${plural(targets.length, 'node')} left`);
    return { round: roundOf(wave) };
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

function confirmationOf(
  { spec: { name }, lose }: RecycleInput,
  { steps, change, waves, monthly }: RecycleDraft,
): Confirmation | undefined {
  const destroying = steps.filter((step) => step.destroys);
  if (destroying.length + change.seen.facts.comparison.missing.length === 0) return undefined;
  return {
    question: `Replace ${wavesText({ waves })} of ${name}?`,
    details: [
      ...destroying.flatMap(({ target, text, details = [] }) => [
        `${target}: ${text}`,
        ...details.map((line) => `  ${line}`),
      ]),
      ...[...lose].map((pod) => `lost with its node: the local data of ${pod}`),
      ...(monthly
        ? [
            `the cluster then costs about ${monthly.amount.toFixed(2)} ${monthly.currency} a month, net, where it costs ${monthly.now.total.toFixed(2)} now`,
          ]
        : []),
    ],
    flags: '--yes',
  };
}

/** Which machine is where another one was. */
const replacedBetween = (before: readonly Machine[], after: readonly Machine[]): readonly Replacement[] =>
  [...after].sort(bySlot).flatMap((machine): Replacement[] => {
    const { name: to, type, location, createdAt } = machine;
    const slot = slotLabel(machine);
    const former = before.find((one) => slotLabel(one) === slot && one.createdAt !== createdAt);
    const stayed = before.some((one) => slotLabel(one) === slot && one.createdAt === createdAt);
    return former && !stayed ? [{ slot, from: former.name, to, type, location }] : [];
  });

const resultOf = (
  { change, steps, waves, monthly }: RecycleDraft,
  dryRun: boolean,
  replaced: readonly Replacement[],
): RecycleResult => ({
  cluster: change.record.name,
  provider: change.provider.name,
  dryRun,
  steps,
  waves: waves.length,
  replaced,
  monthly,
});
