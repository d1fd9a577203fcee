import { isDisruptive, type JobVerdict, type MaintainJob } from '../../domain/index.js';
import type { SlipwayError } from '../../errors/index.js';
import type { StepInfo } from '../../reporting/index.js';

/** What became of a job: as it was judged, and `done`, `failed`, or in a dry run `due`. */
export type JobOutcome = Exclude<JobVerdict['does'], 'run'> | 'due' | 'done' | 'failed';

export interface JobReport {
  readonly job: MaintainJob;
  readonly what: string;
  /** Why it is due. */
  readonly because: string;
  readonly outcome: JobOutcome;
  /** Why it was not done, or what failed. */
  readonly hindered?: string | undefined;
  /** Whether it is left because it failed in a round before. */
  readonly failedBefore?: boolean | undefined;
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
  /** Undefined unless it failed. */
  readonly error?:
    | {
        readonly code: string;
        readonly message: string;
        readonly details: readonly string[];
        readonly hint?: string | undefined;
        /** Whether something was changed before it failed. */
        readonly changed: boolean;
      }
    | undefined;
}

export interface MaintainResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** Whether the file says nothing of maintenance, so that everything waits for a person. */
  readonly withoutPolicy: boolean;
  /** What keeps the cluster from being healthy, a line each; jobs that disturb nodes are left then. */
  readonly problems: readonly string[];
  /** All that was due, in the order in which it is done. */
  readonly jobs: readonly JobReport[];
  readonly remarks: readonly string[];
  readonly simulated: readonly string[];
}

export const reportOf = ({ job, what, because, does, hindered, failedBefore }: JobVerdict): JobReport => ({
  job,
  what,
  because,
  outcome: does === 'run' ? 'due' : does,
  hindered,
  failedBefore,
  steps: [],
});

export const failedReport = (verdict: JobVerdict, error: SlipwayError): JobReport => ({
  ...reportOf(verdict),
  outcome: 'failed',
  hindered: error.message,
  error: {
    code: error.code,
    message: error.message,
    details: error.details,
    hint: error.hint,
    changed: error.exitCode === 4,
  },
});

/** How a round ends for whoever started it: 4, 3, 5 or 0 of the exit codes. */
export function roundEnd({ jobs, problems, dryRun }: MaintainResult): 'incomplete' | 'refused' | 'changes' | 'done' {
  if (dryRun) return 'done';
  const isBad = problems.length > 0 || jobs.some(({ outcome }) => outcome === 'failed' || outcome === 'refuse');
  const hasChanged = jobs.some(
    ({ job, outcome, error }) => (outcome === 'done' && isDisruptive(job)) || error?.changed === true,
  );
  if (isBad) return hasChanged ? 'incomplete' : 'refused';
  return jobs.some(({ outcome }) => outcome === 'ask') ? 'changes' : 'done';
}
