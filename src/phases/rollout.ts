import {
  type Clock,
  cordonedAnnotation,
  judgeWave,
  placesDown,
  type Rollout,
  type RolloutBudget,
  type RolloutState,
  type RolloutTask,
  type Wave,
} from '../domain/index.js';
import { gate, type Step, type StepContext, type Verdict } from '../engine/index.js';
import { IncompleteError } from '../errors/index.js';
import type { ClusterApi } from './context.js';
import { deadlines } from './deadlines.js';

/** Milliseconds between two looks of a gate. */
const lookAgainMs = 2_000;

/** What a rollout's waves are made into. */
export interface RolloutParts {
  /** Where its steps stand in the plan. */
  readonly phase: string;
  /** What rolls out, as its gates show it: `workers`. */
  readonly target: string;
  /** Tells the gates of one rollout from those of another with the same target. */
  readonly round?: string | undefined;
  readonly cluster: string;
  readonly budget: RolloutBudget;
  readonly clock: Clock;
  /** Does a task, once these are done. */
  step(task: RolloutTask, needs: readonly Step[]): Step;
  /**
   * Keeps new pods off a node that is emptied in a later wave: evicted pods would go there, to be evicted again. Undefined
   * where it is not emptied.
   */
  cordon(task: RolloutTask): Step | undefined;
  /** Whether a wave of which something failed is the last. */
  readonly stopsAtFailure?: boolean | undefined;
  /** How things are now. */
  look(run: StepContext): Promise<RolloutState>;
  /** Why users are not served as before, asked once the nodes are well; undefined: they are. */
  readonly served?: ((run: StepContext) => Promise<string | undefined>) | undefined;
}

/**
 * The steps of a rollout: each wave begins once a gate behind the one before it answers go. What is emptied later is
 * cordoned from the first.
 */
export function rolloutSteps({ waves }: Rollout, atFirst: RolloutState, parts: RolloutParts): readonly Step[] {
  const later = new Map(
    waves.slice(1).flatMap(({ tasks }) =>
      tasks.flatMap((task) => {
        const cordoned = parts.cordon(task);
        return cordoned ? [[task.name, cordoned] as const] : [];
      }),
    ),
  );
  const steps: Step[] = [...later.values()];
  let before: { readonly wave: Wave; readonly steps: readonly Step[] } | undefined;
  let opening: Step | undefined;
  for (const [number, wave] of waves.entries()) {
    if (before) opening = gateStep(before, { wave, opening, number }, atFirst, parts);
    const needs = (name: string): readonly Step[] => [opening, later.get(name)].filter((step) => step !== undefined);
    const own = wave.tasks.map((task) => parts.step(task, needs(task.name)));
    steps.push(...(opening ? [opening] : []), ...own);
    before = { wave, steps: own };
  }
  return steps;
}

function gateStep(
  before: { readonly wave: Wave; readonly steps: readonly Step[] },
  next: { readonly wave: Wave; readonly opening: Step | undefined; readonly number: number },
  atFirst: RolloutState,
  parts: RolloutParts,
): Step {
  return gate({
    id: `gate:${parts.target}:${parts.round === undefined ? '' : `${parts.round}:`}${next.number}`,
    phase: parts.phase,
    target: parts.target,
    text: `see that the others are up before ${next.wave.tasks.length} more ${verbOf(next.wave)}`,
    needs: [...(next.opening ? [next.opening] : []), ...(parts.stopsAtFailure ? before.steps : [])],
    // What failed is told by its own step; whether others may go is judged by what it left.
    ...(parts.stopsAtFailure ? {} : { after: before.steps }),
    apply: (run) => judge(before.wave, next.wave, placesDown(atFirst.nodes), parts, run),
  });
}

/** What the tasks of a wave do, after `2 more`. */
function verbOf({ tasks }: Wave): string {
  const isChange = tasks.every(({ work }) => work === 'in-place');
  if (isChange) return tasks.length === 1 ? 'is changed' : 'are changed';
  return tasks.length === 1 ? 'goes' : 'go';
}

/** Looks for a while where it does not like what it sees: a kubelet that starts anew is no reason to stop. */
async function judge(
  before: Wave,
  next: Wave,
  downAtFirst: number,
  { budget, clock, cluster, ...parts }: RolloutParts,
  run: StepContext,
): Promise<Verdict> {
  if (before.soakMs > 0) await clock.sleep(before.soakMs, run.signal);
  const until = clock.monotonic() + deadlines.recovery;
  for (;;) {
    let judgement = judgeWave(before, next, await parts.look(run), budget, downAtFirst);
    if (judgement.answer === 'go') {
      const because = await parts.served?.(run);
      if (because === undefined) return judgement;
      judgement = { answer: 'stop', because };
    }
    if (clock.monotonic() >= until) {
      const names = next.tasks.map(({ name }) => name).join(', ');
      const error = new IncompleteError(`${judgement.because} So nothing was begun with ${names}.`, {
        code: 'ROLLOUT_STOPPED',
        hint: `See what is wrong: slipway cluster status ${cluster}`,
      });
      return { answer: judgement.answer, error };
    }
    run.progress(`waiting: ${judgement.because}`);
    await clock.sleep(lookAgainMs, run.signal);
  }
}

/** Cordons a node with a mark that it was us. One that somebody else had cordoned stays as it is, afterwards too. */
export async function cordon({ kube }: ClusterApi, name: string, run: StepContext): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (!node?.schedulable) return;
  await kube.patchNode(name, { unschedulable: true, annotations: { [cordonedAnnotation]: 'rollout' } }, run);
}

/** Lets a node take pods again that carries our mark. */
export async function uncordon({ kube }: ClusterApi, name: string, run: Pick<StepContext, 'signal'>): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (node?.annotations[cordonedAnnotation] === undefined) return;
  await kube.patchNode(name, { unschedulable: false, annotations: { [cordonedAnnotation]: null } }, run);
}
