import {
  certificateState,
  endText,
  firstToEnd,
  type MaintenanceFacts,
  type Notice,
  supportOf,
} from '../../domain/index.js';
import { tell } from '../notify/tell.js';
import type { WorkflowContext } from '../context.js';
import type { MaintainSubject } from './look.js';
import type { JobReport, MaintainResult } from './report.js';

/**
 * What a round leaves that somebody should know. What changes from round to round makes no other key, so that each is told once.
 * @param now milliseconds since 1970
 */
export function roundIlls(facts: MaintenanceFacts, result: MaintainResult, now: number): readonly Notice[] {
  return [
    ...certificateIlls(facts, result, now),
    ...versionIlls(facts, result),
    ...backupIlls(facts, result),
    ...maintainIlls(result),
  ];
}

const isDone = ({ jobs }: MaintainResult, job: JobReport['job']): boolean =>
  jobs.some((one) => one.job === job && one.outcome === 'done');

function certificateIlls(facts: MaintenanceFacts, result: MaintainResult, now: number): readonly Notice[] {
  const first = firstToEnd(facts.certificates);
  if (!first || isDone(result, 'certificates')) return [];
  const state = certificateState(first.until, now);
  // Months before its end a window may be waited for.
  const isWaiting =
    state === 'soon' && result.jobs.some(({ job, outcome }) => job === 'certificates' && outcome === 'wait');
  if (state === 'well' || isWaiting) return [];
  const { machine } = facts.certificates.find((one) => one === first)!;
  return [
    {
      event: 'certificate',
      key: `certificate:${state}`,
      cluster: result.cluster,
      title: `A certificate of ${machine} ${endText(first.until, now)}.`,
      details: [`Renew them: slipway cluster rotate-certs ${result.cluster}`],
    },
  ];
}

function versionIlls({ version, channels }: MaintenanceFacts, result: MaintainResult): readonly Notice[] {
  const support = version === undefined ? undefined : supportOf(version, channels);
  if (!support || support.state === 'maintained' || isDone(result, 'minor')) return [];
  const is = support.state === 'ended' ? 'is not maintained any more' : 'is the oldest minor that is maintained';
  return [
    {
      event: 'version',
      key: `version:${support.state}:${version!.split('.').slice(0, 2).join('.')}`,
      cluster: result.cluster,
      title: `${version!} ${is}, as ${support.newest} is out.`,
      details: [`See every step to the next minor: slipway cluster upgrade ${result.cluster} --to stable --dry-run`],
    },
  ];
}

/** So many times the age that it may have makes a backup or a drill late. */
const late = 2;

function backupIlls({ backup }: MaintenanceFacts, result: MaintainResult): readonly Notice[] {
  if (!backup) return [];
  const { cluster } = result;
  const { ageMs, everyMs, provenMs, drillEveryMs } = backup;
  const isLate = (ms: number | undefined, every: number): boolean => ms !== undefined && ms > late * every;
  return [
    ...(isLate(ageMs, everyMs) && !isDone(result, 'backup')
      ? [
          {
            event: 'backup' as const,
            key: 'backup:late',
            cluster,
            title: `The last backup of ${cluster} is older than it may be.`,
            details: [...hindrance(result, 'backup'), `Take one: slipway backup create ${cluster}`],
          },
        ]
      : []),
    ...(isLate(provenMs, drillEveryMs) && !isDone(result, 'drill')
      ? [
          {
            event: 'backup' as const,
            key: 'backup:unproven',
            cluster,
            title: `No backup of ${cluster} was restored for two weeks, so that nothing proves that one can be.`,
            details: [...hindrance(result, 'drill'), `Try it: slipway backup drill ${cluster}`],
          },
        ]
      : []),
  ];
}

const hindrance = ({ jobs }: MaintainResult, job: JobReport['job']): readonly string[] =>
  jobs.flatMap((one) => (one.job === job && one.hindered !== undefined ? [one.hindered] : []));

function maintainIlls({ cluster, jobs, problems }: MaintainResult): readonly Notice[] {
  // An upgrade that stopped was told of as that.
  const isTold = ({ job, error }: JobReport): boolean =>
    (job === 'patch' || job === 'minor') && error?.changed === true;
  const failed = jobs.filter((report) => report.outcome === 'failed' && !isTold(report));
  const asks = jobs.filter(({ outcome, failedBefore }) => outcome === 'ask' && !failedBefore);
  return [
    ...(problems.length > 0
      ? [
          {
            event: 'maintain' as const,
            key: 'maintain:refused',
            cluster,
            title: `${cluster} is not well, so its maintenance is left.`,
            details: [...problems, `See what is wrong: slipway cluster status ${cluster}`],
          },
        ]
      : []),
    ...failed.map(({ job, what, hindered, error }): Notice => ({
      event: 'maintain',
      key: `maintain:failed:${job}:${what}`,
      cluster,
      title: `The maintenance of ${cluster} failed at ${job}: ${hindered ?? ''}`,
      details: [...(error?.details ?? []), ...(error?.hint === undefined ? [] : [error.hint])],
    })),
    ...asks.map(({ job, what, because }): Notice => ({
      event: 'maintain',
      key: `maintain:ask:${job}:${what}`,
      cluster,
      title: `${cluster} waits for you to agree to ${job}: ${because}.`,
      details: [`Agree to it: slipway maintain ${cluster} --yes --approve ${job}`],
    })),
  ];
}

/** Tells whoever the cluster notifies of what the round leaves. */
export async function tellOfRound(
  context: WorkflowContext,
  { folder, spec }: Pick<MaintainSubject, 'folder' | 'spec'>,
  facts: MaintenanceFacts,
  result: MaintainResult,
): Promise<void> {
  const ills = roundIlls(facts, result, context.clock.now());
  await tell(context, folder, { spec }, { ills, looked: ['certificate', 'version', 'backup', 'maintain'] });
}
