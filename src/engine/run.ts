import type { Clock } from '../domain/index.js';
import { InterruptedError, messageOf, SlipwayError, UnexpectedError } from '../errors/index.js';
import type { Reporter } from '../reporting/index.js';
import { checkGraph, waitsFor } from './graph.js';
import type { Limit } from './limits.js';
import type { Step, StepContext, Verdict } from './step.js';

/** Milliseconds that a run which was interrupted takes to put back one step. */
const putBackMs = 5_000;

export interface EngineOptions {
  readonly reporter: Pick<Reporter, 'emit'>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C: nothing new starts, what runs is told to stop. */
  readonly signal: AbortSignal;
  /** Asked before each step: what it throws stops the run, in which nothing new is begun from then on. */
  readonly admit?: (() => Promise<void>) | undefined;
  /** How many steps may hold a limit at once; a limit not named here is 1. */
  readonly limits: Readonly<Partial<Record<Limit, number>>>;
}

export interface StepFailure {
  readonly step: Step;
  readonly error: SlipwayError;
}

export interface RunResult {
  readonly done: readonly Step[];
  readonly failures: readonly StepFailure[];
  /** At work when the run was interrupted: neither done nor failed. */
  readonly stopped: readonly Step[];
  readonly skipped: readonly Step[];
  /** Done, and taken back since. */
  readonly putBack: readonly Step[];
  readonly interrupted: boolean;
  /** Why no further step was admitted. */
  readonly halted?: SlipwayError | undefined;
  /** The output of a step that is done. */
  output<T>(step: Step<T>): T | undefined;
}

/**
 * Starts each step as soon as what it needs is done, so that a slow machine holds up only itself. A failed step
 * stops what depends on it; the rest finishes. Never throws for a failing step: the result names the failures.
 * @throws UnexpectedError code BAD_PLAN
 */
export async function runSteps(steps: readonly Step[], options: EngineOptions): Promise<RunResult> {
  checkGraph(steps);
  return new Run(steps, options).finish();
}

type State = 'waiting' | 'running' | 'done' | 'failed' | 'interrupted' | 'skipped' | 'put back';

class Run {
  readonly #state = new Map<Step, State>();
  readonly #outputs = new Map<Step, unknown>();
  readonly #failures: StepFailure[] = [];
  readonly #held = new Map<Limit, number>();
  readonly #dependents = new Map<Step, Step[]>();
  readonly #open = new Map<Step, number>();
  /** Steps whose needs are met, in plan order, waiting for a limit. */
  #ready: Step[] = [];
  #running = 0;
  #halted: SlipwayError | undefined;
  #over: (() => void) | undefined;

  constructor(
    private readonly steps: readonly Step[],
    private readonly options: EngineOptions,
  ) {
    for (const step of steps) {
      const earlier = waitsFor(step);
      this.#state.set(step, 'waiting');
      this.#open.set(step, earlier.size);
      for (const one of earlier) this.#dependents.set(one, [...(this.#dependents.get(one) ?? []), step]);
    }
    this.#ready = steps.filter((step) => this.#open.get(step) === 0);
  }

  async finish(): Promise<RunResult> {
    const over = new Promise<void>((resolve) => (this.#over = resolve));
    const onAbort = (): void => {
      this.options.reporter.emit({ type: 'interrupting', at: this.options.clock.now() });
      this.pump();
    };
    this.options.signal.addEventListener('abort', onAbort, { once: true });
    this.pump();
    await over;
    await this.putBack(this.unused());
    this.options.signal.removeEventListener('abort', onAbort);
    const inState = (state: State): Step[] => this.steps.filter((step) => this.#state.get(step) === state);
    return {
      done: inState('done'),
      failures: this.#failures,
      stopped: inState('interrupted'),
      skipped: [...inState('skipped'), ...inState('waiting')],
      putBack: inState('put back'),
      interrupted: this.options.signal.aborted,
      halted: this.#halted,
      output: <T>(step: Step<T>) => this.#outputs.get(step) as T | undefined,
    };
  }

  private pump(): void {
    if (!this.options.signal.aborted && !this.#halted) {
      const held: Step[] = [];
      for (const step of this.#ready) {
        if (this.takeLimits(step)) this.start(step);
        else held.push(step);
      }
      this.#ready = held;
    }
    if (this.#running === 0) this.#over?.();
  }

  private takeLimits(step: Step): boolean {
    const names = step.limits ?? [];
    const free = names.every((name) => (this.#held.get(name) ?? 0) < (this.options.limits[name] ?? 1));
    if (free) for (const name of names) this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    return free;
  }

  private start(step: Step): void {
    const { admit, signal } = this.options;
    this.#state.set(step, 'running');
    this.#running += 1;
    if (!admit) return this.begin(step);
    const leave = (): void => {
      this.#state.set(step, 'waiting');
      this.free(step);
      this.pump();
    };
    void admit().then(
      () => (signal.aborted ? leave() : this.begin(step)),
      (error: unknown) => {
        this.#halted ??= asSlipwayError(step, error);
        leave();
      },
    );
  }

  private begin(step: Step): void {
    const { clock, reporter } = this.options;
    const started = clock.monotonic();
    reporter.emit({ type: 'step-started', at: clock.now(), id: step.id });
    void this.attempt(step).then(async (outcome) => {
      const at = clock.now();
      const ms = clock.monotonic() - started;
      if ('error' in outcome && isInterruption(outcome.error, this.options.signal)) {
        this.#state.set(step, 'interrupted');
        reporter.emit({ type: 'step-interrupted', at, id: step.id, ms });
      } else if ('error' in outcome) {
        this.#state.set(step, 'failed');
        const error = asSlipwayError(step, outcome.error);
        this.#failures.push({ step, error });
        reporter.emit({ type: 'step-failed', at, id: step.id, ms, error });
      } else {
        this.#state.set(step, 'done');
        this.#outputs.set(step, outcome.value);
        const text = step.outcome?.(outcome.value);
        reporter.emit({ type: 'step-done', at, id: step.id, ms, ...(text === undefined ? {} : { text }) });
      }
      if (outcome.putBack) await this.putBack(this.awaitedBy(step));
      this.free(step);
      this.settle(step);
      this.pump();
    });
  }

  private free(step: Step): void {
    for (const name of step.limits ?? []) this.#held.set(name, this.#held.get(name)! - 1);
    this.#running -= 1;
  }

  private async attempt(step: Step): Promise<Outcome> {
    try {
      return outcomeOf(step, await step.apply(this.contextOf(step)));
    } catch (error) {
      return { error };
    }
  }

  private contextOf(step: Step): StepContext {
    return {
      signal: this.options.signal,
      output: <T>(needed: Step<T>): T => {
        if (this.#state.get(needed) !== 'done') {
          throw new UnexpectedError(`${step.id} reads the output of ${needed.id} without needing it.`, {
            code: 'BAD_PLAN',
          });
        }
        return this.#outputs.get(needed) as T;
      },
      outputIfDone: <T>(other: Step<T>): T | undefined => this.#outputs.get(other) as T | undefined,
      progress: (text) =>
        this.options.reporter.emit({ type: 'step-progress', at: this.options.clock.now(), id: step.id, text }),
    };
  }

  /** Steps that prepared for others, of which none has begun: what they did is of no use. */
  private unused(): readonly Step[] {
    return this.steps.filter((step) => {
      const followers = (this.#dependents.get(step) ?? []).filter(({ needs }) => needs.includes(step));
      const begun = followers.some((one) => !['skipped', 'waiting'].includes(this.#state.get(one)!));
      return this.#state.get(step) === 'done' && !step.lasts && followers.length > 0 && !begun;
    });
  }

  private awaitedBy({ needs, after = [] }: Step): readonly Step[] {
    return this.steps.filter((step) => this.#state.get(step) === 'done' && [...needs, ...after].includes(step));
  }

  /** The last first. What cannot be taken back is one failure more. A run that may change nothing more puts nothing back. */
  private async putBack(steps: readonly Step[]): Promise<void> {
    const { clock, reporter, signal } = this.options;
    if (this.#halted) return;
    for (const step of [...steps].reverse()) {
      if (!step.putBack) continue;
      const started = clock.monotonic();
      try {
        const own = signal.aborted ? AbortSignal.timeout(putBackMs) : signal;
        if ((await step.putBack({ ...this.contextOf(step), signal: own })) === false) continue;
        this.#state.set(step, 'put back');
        reporter.emit({ type: 'step-put-back', at: clock.now(), id: step.id, ms: clock.monotonic() - started });
      } catch (error) {
        const failure = asSlipwayError(step, error);
        this.#failures.push({ step, error: failure });
        const text = `${step.target}: could not be put back: ${failure.message}`;
        reporter.emit({ type: 'note', at: clock.now(), level: 'warning', text });
      }
    }
  }

  /** Tells the dependents of an ended step; those that need a failed one are skipped, and theirs in turn. */
  private settle(ended: Step): void {
    const state = this.#state.get(ended);
    // Nothing new starts any more, and nobody is to blame for it.
    if (state === 'interrupted') return;
    const ok = state === 'done';
    for (const step of this.#dependents.get(ended) ?? []) {
      if (this.#state.get(step) !== 'waiting') continue;
      if (!ok && step.needs.includes(ended)) {
        this.#state.set(step, 'skipped');
        this.options.reporter.emit({
          type: 'step-skipped',
          at: this.options.clock.now(),
          id: step.id,
          because: `${ended.target}: ${ended.text} did not succeed`,
        });
        this.settle(step);
        continue;
      }
      const open = this.#open.get(step)! - 1;
      this.#open.set(step, open);
      if (open === 0) this.#ready.push(step);
    }
  }
}

type Outcome =
  { readonly value: unknown; readonly putBack?: undefined } | { readonly error: unknown; readonly putBack?: boolean };

/** A gate that does not let go on has failed, and what needs it is skipped. */
function outcomeOf(step: Step, value: unknown): Outcome {
  if (step.kind !== 'gate') return { value };
  const verdict = value as Verdict;
  return verdict.answer === 'go' ? { value } : { error: verdict.error, putBack: verdict.answer === 'put back' };
}

/** Whether a step ended because the run was told to stop: somewhere among the causes is the signal's own reason. */
function isInterruption(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (!aborted) return false;
  for (let cause = error; cause !== undefined && cause !== null;) {
    if (cause === reason || cause instanceof InterruptedError) return true;
    if (cause instanceof Error && cause.name === 'AbortError') return true;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return false;
}

function asSlipwayError(step: Step, error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  return new UnexpectedError(`${step.target}: ${step.text} failed: ${messageOf(error)}`, {
    code: 'UNEXPECTED',
    hint: 'Run the same command again; if it happens again, please report it.',
    cause: error,
  });
}
