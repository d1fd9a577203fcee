import { plural } from '../../domain/plural.js';
import { printable } from '../../domain/printable.js';
import { renderPlan } from '../../ui/index.js';
import type { JobOutcome, JobReport, MaintainResult } from '../../workflows/maintain/report.js';
import { simulatedLines } from './cluster.js';

const words: Readonly<Record<JobOutcome, string>> = {
  due: 'due',
  done: 'done',
  failed: 'failed',
  ask: 'waits for you',
  wait: 'waits',
  refuse: 'left',
  leave: 'left',
};

/** What was due, and what became of it. */
export function renderRound({ cluster, dryRun, withoutPolicy, problems, jobs, ...rest }: MaintainResult): string {
  const head =
    problems.length > 0
      ? `${cluster} is not well, and nothing that disturbs its nodes is done.`
      : dueText(cluster, jobs.filter((report) => !isUnread(report)).length, jobs.length);
  const width = Math.max(...jobs.map(({ job }) => job.length));
  return [
    head,
    ...problems.map((problem) => `  ${printable(problem)}`),
    ...jobs.flatMap((report) => [jobLine(report, width), ...planOf(report, dryRun)]),
    ...rest.remarks,
    ...(withoutPolicy ? ['The file says nothing under maintain:, so everything waits for you.'] : []),
    ...agreementLines(cluster, jobs),
    ...simulatedLines(rest.simulated),
  ].join('\n');
}

/** Whether it could not even be looked at. */
const isUnread = ({ what }: JobReport): boolean => what === 'look';

function dueText(cluster: string, due: number, all: number): string {
  const unread = all - due;
  const rest = unread === 0 ? '' : `; ${plural(unread, 'job')} could not be judged`;
  if (due === 0)
    return unread === 0 ? `Nothing is due for ${cluster}.` : `Nothing is known to be due for ${cluster}${rest}.`;
  return `${cluster}: ${plural(due, 'job')} ${due === 1 ? 'is' : 'are'} due${rest}.`;
}

function jobLine(report: JobReport, width: number): string {
  const { job, because, outcome, hindered, error } = report;
  const why = hindered === undefined ? '' : `; ${printable(hindered)}`;
  const hint = error?.hint === undefined ? '' : ` ${error.hint}`;
  return `  ${job.padEnd(width)}  ${isUnread(report) ? 'not judged' : words[outcome]}: ${printable(because)}${why}${hint}`;
}

const planOf = ({ steps }: JobReport, dryRun: boolean): readonly string[] =>
  dryRun && steps.length > 0 ? ['', renderPlan(steps), ''] : [];

function agreementLines(cluster: string, jobs: readonly JobReport[]): readonly string[] {
  const asked = jobs.filter(({ outcome }) => outcome === 'ask');
  if (asked.length === 0) return [];
  const approve = asked.map(({ job }) => `--approve ${job}`).join(' ');
  return [`To agree: slipway maintain ${cluster} --yes ${approve}`];
}
