import type { SlipwayError } from '../errors/index.js';

/** A step as plans, progress and the journal show it. */
export interface StepInfo {
  /** Unique in its plan, and the same in every plan that does the same: `create:demo-cp-1-x7k2p`. */
  readonly id: string;
  /** The phase's title, such as `Create machines`. Groups steps on the screen. */
  readonly phase: string;
  /** What it is done to: a machine, a node, the network. */
  readonly target: string;
  /** What is done, in the words of the plan: `create a cx23 in fsn1`. */
  readonly text: string;
  /** Ids of steps that must be done before. */
  readonly needs: readonly string[];
  /** What changes, a line each, for the plan: `~ replicas: 2 → 3`. Never a secret. */
  readonly details?: readonly string[] | undefined;
  /** True when it takes something away: asked about first, marked in plans. */
  readonly destroys?: boolean | undefined;
  /** True when it changes what is there, also where it has no `details`. */
  readonly changes?: boolean | undefined;
  /** What `details` tells of is new, nothing of it is there yet. */
  readonly adds?: boolean | undefined;
}

/** Everything the core has to say. `at` is milliseconds since 1970; durations are milliseconds. */
export type ReportEvent =
  | {
      readonly type: 'operation-started';
      readonly at: number;
      readonly operation: string;
      readonly cluster: string;
      readonly steps: readonly StepInfo[];
    }
  | { readonly type: 'step-started'; readonly at: number; readonly id: string }
  | { readonly type: 'step-progress'; readonly at: number; readonly id: string; readonly text: string }
  | {
      readonly type: 'step-done';
      readonly at: number;
      readonly id: string;
      readonly ms: number;
      /** What it did, where that is not what its step says. */
      readonly text?: string;
    }
  | {
      readonly type: 'step-failed';
      readonly at: number;
      readonly id: string;
      readonly ms: number;
      readonly error: SlipwayError;
    }
  /** The run was interrupted while it was at work; the next run goes on from there. */
  | { readonly type: 'step-interrupted'; readonly at: number; readonly id: string; readonly ms: number }
  | { readonly type: 'step-skipped'; readonly at: number; readonly id: string; readonly because: string }
  /** What it did was taken back: what it prepared for does not come, or it did not do well. */
  | { readonly type: 'step-put-back'; readonly at: number; readonly id: string; readonly ms: number }
  | { readonly type: 'note'; readonly at: number; readonly level: 'info' | 'warning'; readonly text: string }
  | { readonly type: 'looking'; readonly at: number; readonly text: string }
  | { readonly type: 'interrupting'; readonly at: number }
  | {
      readonly type: 'operation-finished';
      readonly at: number;
      readonly ms: number;
      readonly outcome: 'done' | 'failed' | 'interrupted';
    };

/** A yes-or-no question before something cannot be taken back. */
export interface Confirmation {
  readonly question: string;
  /** What will be lost or changed, a line each. */
  readonly details: readonly string[];
  /** The name that must be typed; undefined: y/n is enough. */
  readonly typed?: string | undefined;
  /** The flags that answer it without a terminal: `--yes --confirm demo`. */
  readonly flags: string;
  /** True when nothing is lost by a yes: without a terminal it counts as answered. */
  readonly harmless?: boolean | undefined;
  /** Thrown instead where nobody can be asked: what the flags say was said before anybody knew of this. */
  readonly otherwise?: SlipwayError | undefined;
}

/** One of several answers; without a terminal, and also with `--yes`, the flag has to say it. */
export interface Choice {
  readonly question: string;
  readonly choices: readonly string[];
  /** The flags that answer it: `--provider hetzner or --provider sandbox`. */
  readonly flags: string;
}

/** Where the core's words go. Nobody below `ui` knows a terminal. */
export interface Reporter {
  emit(event: ReportEvent): void;
  /**
   * Resolves when the answer is yes.
   * @throws DeclinedError code DECLINED on no; UsageError code CONFIRMATION_NEEDED where nobody can be asked, naming the flags.
   */
  confirm(confirmation: Confirmation): Promise<void>;
  /** @throws UsageError code CHOICE_NEEDED where nobody can be asked, naming the flags; DeclinedError on Ctrl-C. */
  choose(choice: Choice): Promise<string>;
  /** Ends the drawing and leaves the terminal clean. */
  close(): Promise<void>;
}
