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
  apply(context: StepContext): Promise<T>;
}

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
