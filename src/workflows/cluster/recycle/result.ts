import type { StepInfo } from '../../../reporting/index.js';
import type { MonthlyPrice } from '../price.js';

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
