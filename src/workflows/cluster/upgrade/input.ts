import type { UserGateInput } from '../../../phases/user-gate.js';
import type { StepInfo } from '../../../reporting/index.js';
import type { QuarantineInput } from './quarantine.js';

/** How nodes are brought to another release. */
export interface UpgradeHow extends QuarantineInput {
  /** `10%` or `2`. */
  readonly maxUnavailable: string;
  readonly soakMs: number;
  /** Goes on although clients ask for APIs that the release does not serve. */
  readonly acceptRemovedApis: boolean;
  /** What tells, beside the nodes, whether users are served. */
  readonly gate: UserGateInput;
  /** Whether nodes are changed where they run, or fresh machines take their places; undefined: as it was begun. */
  readonly strategy: 'in-place' | 'replace' | undefined;
  /** Pods, as `namespace/pod`, that may be lost with a machine that is replaced. */
  readonly lose: ReadonlySet<string>;
}

export interface UpgradeInput extends UpgradeHow {
  readonly cluster: string;
  /** A release, `stable` or `v1.37`. */
  readonly to: string;
  /** Whether it was asked about already, with more than itself. */
  readonly isAsked?: boolean | undefined;
  /** The bundle that the cluster's file names now. */
  readonly bundle: string | undefined;
  readonly dryRun: boolean;
  /** Called before the first change, once nothing was refused or declined; answers with how to take back what it did. */
  readonly begin: (version: string) => Promise<() => Promise<void>>;
}

export interface UpgradeResult {
  readonly cluster: string;
  /** What the servers ran, the lowest where they differed. */
  readonly from: string;
  readonly to: string;
  /** The releases on the way, the last one is `to`. */
  readonly stops: readonly string[];
  /** What was done, or with `dryRun` would be, in its order. */
  readonly steps: readonly StepInfo[];
  /** What is down for a while, a line each. */
  readonly warnings: readonly string[];
  readonly simulated: readonly string[];
}
