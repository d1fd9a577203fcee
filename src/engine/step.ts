import type { SlipwayError } from '../errors/index.js';
import type { StepInfo } from '../reporting/index.js';
import type { Limit } from './limits.js';

/** What a step's work is given. */
export interface StepContext {
  readonly signal: AbortSignal;
  /** The output of a step this one needs. */
  output<T>(step: Step<T>): T;
  /** The output of any step, if it is done already. */
  outputIfDone<T>(step: Step<T>): T | undefined;
  /** What is being waited for, in a few words. */
  progress(text: string): void;
}

/** One change, as a value: nothing happens until the engine applies it. `apply` is idempotent. */
export interface Step<T = unknown> extends Omit<StepInfo, 'needs'> {
  /** Steps that must be done before this one starts. */
  readonly needs: readonly Step[];
  /** Steps that must have ended, done or not, before this one starts. */
  readonly after?: readonly Step[];
  /** Limits of which it takes one place each while it runs. */
  readonly limits?: readonly Limit[];
  /** It only looks: a run in which nothing else was done has changed nothing. */
  readonly readOnly?: boolean | undefined;
  /** Its output is a verdict, which decides whether what needs it begins. Made by `gate`. */
  readonly kind?: 'gate' | undefined;
  apply(context: StepContext): Promise<T>;
  /** What is to be said of what it did, where that is not what its text says. */
  outcome?(output: T): string | undefined;
  /**
   * Takes back what `apply` did, as far as it can be. Called where nothing that needs this step ever began, and where a
   * gate that waited for it answers `put back`. False: there was no need to.
   */
  putBack?(context: StepContext): Promise<void | false>;
  /** What it did is of use even where nothing that needs it begins. */
  readonly lasts?: boolean | undefined;
}

/** What a gate answers: go on, begin nothing that needs it, or take back what it waited for as well. */
export type Verdict =
  { readonly answer: 'go' } | { readonly answer: 'stop' | 'put back'; readonly error: SlipwayError };

/** A step that looks and decides whether what needs it begins. */
export const gate = (step: Omit<Step<Verdict>, 'kind' | 'readOnly' | 'putBack'>): Step<Verdict> => ({
  ...step,
  kind: 'gate',
  readOnly: true,
});

/** Something known now, or the output of a step to come. */
export type Later<T> = { readonly known: T } | { readonly from: Step<T> };

export const known = <T>(value: T): Later<T> => ({ known: value });
export const from = <T>(step: Step<T>): Later<T> => ({ from: step });

/** Steps to put into `needs` for using this value. */
export const needsOf = (...values: readonly Later<unknown>[]): Step[] =>
  values.flatMap((value) => ('from' in value ? [value.from] : []));

export const valueOf = <T>(value: Later<T>, context: StepContext): T =>
  'from' in value ? context.output(value.from) : value.known;

/** The value if it is known by now. */
export const valueIfKnown = <T>(value: Later<T>, context: StepContext): T | undefined =>
  'from' in value ? context.outputIfDone(value.from) : value.known;
