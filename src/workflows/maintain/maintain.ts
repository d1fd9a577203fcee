import {
  type Agreement,
  agreements,
  dueJobs,
  isDisruptive,
  judgeJobs,
  type JobVerdict,
  type MaintainJob,
  type RoundTerms,
} from '../../domain/index.js';
import { askingPolicy, type MaintainPolicy } from '../../domain/spec/maintain.js';
import { BusyError, DeclinedError, InterruptedError, SlipwayError } from '../../errors/index.js';
import type { StepInfo } from '../../reporting/index.js';
import { refuseLacking } from '../cluster/lacking.js';
import { refuseQuarantined } from '../cluster/quarantined.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { note, progress, type WorkflowContext } from '../context.js';
import { held } from '../run.js';
import { doJob, type JobInput } from './jobs.js';
import { lookForMaintenance, type MaintainSubject, type MaintenanceLook, observeHealth } from './look.js';
import { failedReport, type JobReport, type MaintainResult, reportOf } from './report.js';
import { failedAfter, type MaintainMemory, recallRound, rememberRound } from './memory.js';
import { tellOfRound } from './tidings.js';

export interface MaintainInput extends Omit<JobInput, 'policy'> {
  /** Jobs that a person has agreed to. */
  readonly approved: ReadonlySet<MaintainJob>;
  /** Whether there is somebody who is asked about each job. */
  readonly mayAsk: boolean;
  readonly dryRun: boolean;
}

/**
 * One round of what the cluster file allows now, one job after another. What a job does and refuses is what its own command
 * does. All that disturbs nodes is done under one lock, between which nobody comes; only somebody who is asked on the way is asked before it
 * is taken, for each job. The first that fails is the last that disturbs nodes.
 * @throws BusyError where another run works on the cluster before anything was done; RefusedError code QUARANTINED; UsageError code UNKNOWN_CLUSTER, and what the first look at the cluster throws
 */
export async function maintainCluster(
  context: WorkflowContext,
  input: MaintainInput,
  retryCommand: string,
): Promise<MaintainResult> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  refuseQuarantined(record);
  await refuseLacking(context, record, 'maintain');
  const subject = { folder, record, spec: input.spec, memory: await recallRound(folder) };
  progress(context, `looking what is due for ${record.name}`);
  const look = await lookForMaintenance(context, subject, retryCommand);
  const round = new Round(context, input, subject, look, retryCommand);
  const jobs = input.dryRun ? await round.drafted() : await round.done();
  const result = {
    cluster: record.name,
    dryRun: input.dryRun,
    withoutPolicy: input.spec.maintain === undefined,
    problems: round.problems,
    jobs,
    remarks: look.remarks,
    simulated: look.simulated,
  };
  if (!input.dryRun) await tellOfRound(context, subject, look.facts, result);
  return result;
}

class Round {
  /** What keeps the cluster from being healthy, as it was seen last. */
  problems: readonly string[];
  /** Whether a job of it is through. */
  #hasRun = false;
  #held: Awaited<ReturnType<typeof held>> | undefined;
  #agreed: readonly Agreement[];
  readonly #policy: MaintainPolicy;
  readonly #due: ReturnType<typeof dueJobs>;

  constructor(
    private readonly context: WorkflowContext,
    private readonly input: MaintainInput,
    private readonly subject: MaintainSubject,
    private readonly look: MaintenanceLook,
    private readonly retryCommand: string,
  ) {
    this.problems = look.facts.problems;
    this.#policy = input.spec.maintain ?? askingPolicy();
    this.#due = dueJobs(look.facts, this.#policy, context.clock.now());
    const { approved } = input;
    this.#agreed = agreements(this.#due, { approved, agreed: subject.memory.agreed ?? [] }, look.unread.size === 0);
  }

  /** As things are at this moment. */
  #verdicts(): readonly JobVerdict[] {
    const { approved, mayAsk } = this.input;
    const terms: RoundTerms = {
      now: this.context.clock.now(),
      approved,
      agreed: this.#agreed,
      mayAsk,
      failed: this.subject.memory.failed,
    };
    return judgeJobs(this.#due, this.problems, this.#policy, terms);
  }

  async drafted(): Promise<readonly JobReport[]> {
    const reports: JobReport[] = [...this.#unread()];
    for (const verdict of this.#verdicts()) {
      const isShown = verdict.does === 'run' || verdict.does === 'ask' || verdict.does === 'wait';
      if (!isShown) reports.push(reportOf(verdict));
      else
        reports.push(
          await this.#attempt(verdict, async () => {
            const steps = await this.#do(verdict, true);
            return { ...reportOf(verdict), steps };
          }),
        );
    }
    return reports;
  }

  async done(): Promise<readonly JobReport[]> {
    await this.#remember(await recallRound(this.subject.folder));
    try {
      return await this.#eachDone();
    } finally {
      await this.#held?.end();
    }
  }

  async #eachDone(): Promise<readonly JobReport[]> {
    const reports: JobReport[] = [...this.#unread()];
    let failed: MaintainJob | undefined;
    let isStale = false;
    for (const due of this.#due) {
      // What was done before may have taken its time, and left the cluster another one.
      if (isStale && isDisruptive(due.job)) this.problems = await this.#problemsNow();
      isStale &&= !isDisruptive(due.job);
      const verdict = this.#verdicts().find(({ job, what }) => job === due.job && what === due.what)!;
      if (verdict.does !== 'run') reports.push(reportOf(verdict));
      else if (failed && isDisruptive(due.job))
        reports.push({ ...reportOf({ ...verdict, does: 'refuse' }), hindered: `${failed} failed before it` });
      else {
        const report = await this.#attempt(verdict, () => this.#run(verdict));
        isStale ||= isDisruptive(due.job);
        if (report.outcome === 'failed' && isDisruptive(due.job)) failed = due.job;
        reports.push(report);
      }
    }
    if (isStale) this.problems = await this.#problemsNow();
    return reports;
  }

  /** What hinders a job that cannot even be judged. */
  #unread(): readonly JobReport[] {
    const because = 'it could not be found out whether anything is due';
    return [...this.look.unread].map(([job, error]) =>
      failedReport({ job, what: 'look', because, does: 'run' }, error),
    );
  }

  async #problemsNow(): Promise<readonly string[]> {
    const { record } = await knownCluster(this.context.workspace, this.input.cluster);
    return (await observeHealth(this.context, { ...this.subject, record })).problems;
  }

  async #do(due: JobVerdict, dryRun: boolean): Promise<readonly StepInfo[]> {
    const { input, retryCommand } = this;
    const context = dryRun ? this.context : await this.#holding(due);
    const { record } = await knownCluster(context.workspace, input.cluster);
    return doJob(context, { ...input, policy: this.#policy, record, due, dryRun, retryCommand });
  }

  /** The first job that disturbs nodes takes the lock, the round gives it back. A person may take their time to answer. */
  async #holding({ job }: JobVerdict): Promise<WorkflowContext> {
    const { context, subject, input } = this;
    if (input.mayAsk || !isDisruptive(job)) return context;
    this.#held ??= await held(context, subject.folder, 'maintain');
    return { ...context, held: { cluster: subject.folder.name, operation: this.#held } };
  }

  /** With what a person agreed to and is still to be done. */
  #remember(memory: Omit<MaintainMemory, 'agreed'>): Promise<void> {
    return rememberRound(this.subject.folder, { ...memory, agreed: [...this.#agreed] });
  }

  async #run(verdict: JobVerdict): Promise<JobReport> {
    const { context, subject, input } = this;
    const { job, what, because } = verdict;
    const before = await recallRound(subject.folder);
    const question = input.mayAsk ? questionOf(input.cluster, job) : undefined;
    if (question !== undefined) await context.reporter.confirm({ question, details: [because], flags: '--yes' });
    note(context, `${job}: ${because}`);
    await this.#remember({ ...before, begun: { job, what } });
    const steps = await this.#do(verdict, false);
    this.#hasRun = true;
    this.#agreed = this.#agreed.filter((one) => one.job !== job);
    await this.#remember({ failed: failedAfter(before, job) });
    return { ...reportOf(verdict), outcome: 'done', steps };
  }

  /** What fails is reported, and remembered so that the next round does not try it again by itself. */
  async #attempt(verdict: JobVerdict, work: () => Promise<JobReport>): Promise<JobReport> {
    const { folder } = this.subject;
    const { job, what } = verdict;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SlipwayError) || error instanceof InterruptedError) throw error;
      // Nobody is there to be asked.
      if (error.code === 'CONFIRMATION_NEEDED') throw error;
      if (this.input.dryRun) return failedReport(verdict, error);
      const { failed } = await recallRound(folder);
      // As long as nothing was done there is nothing to report.
      if (error instanceof BusyError && !this.#hasRun) {
        await this.#remember({ failed });
        throw error;
      }
      if (error instanceof DeclinedError || error instanceof BusyError) {
        await this.#remember({ failed });
        const does = error instanceof DeclinedError ? 'ask' : 'wait';
        return { ...reportOf({ ...verdict, does }), hindered: error.message };
      }
      const isLater = isDisruptive(job);
      this.#agreed = this.#agreed.filter((one) => one.job !== job);
      await this.#remember({ failed: isLater ? { job, what, message: error.message } : failed });
      return failedReport(verdict, error);
    }
  }
}

/** What somebody is asked before a job whose own command asks nothing. */
const questionOf = (cluster: string, job: MaintainJob): string | undefined =>
  job === 'components'
    ? `Upgrade the components of ${cluster}?`
    : job === 'drill'
      ? `Restore a backup of ${cluster} on a machine of its own, to prove that it can be?`
      : undefined;
