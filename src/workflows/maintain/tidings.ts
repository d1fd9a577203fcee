import { type MaintenanceFacts, type MaintainJob, type Notice, standingIlls, supportOf } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { askingPolicy } from '../../domain/spec/maintain.js';
import { tell } from '../notify/tell.js';
import type { WorkflowContext } from '../context.js';
import type { MaintainSubject } from './look.js';
import type { JobReport, MaintainResult } from './report.js';

/**
 * What a round leaves that somebody should know. What changes from round to round makes no other key, so that each is told once.
 * @param now milliseconds since 1970
 */
export function roundIlls(
  facts: MaintenanceFacts,
  { maintain = askingPolicy() }: Pick<ClusterSpec, 'maintain'>,
  result: MaintainResult,
  now: number,
): readonly Notice[] {
  const { certificates, version, channels, backup } = facts;
  const isDone = (job: MaintainJob): boolean => result.jobs.some((one) => one.job === job && one.outcome === 'done');
  const standing = standingIlls(
    {
      cluster: result.cluster,
      certificates: isDone('certificates') ? [] : certificates,
      renewal: maintain.certificates,
      version: isDone('minor') ? undefined : version,
      support: version === undefined ? undefined : supportOf(version, channels, now),
      backup: backup && {
        ...backup,
        ...(isDone('backup') ? { ageMs: 0 } : {}),
        ...(isDone('drill') ? { provenMs: 0 } : {}),
      },
    },
    now,
  );
  return [...standing.map((ill) => withHindrance(ill, result)), ...maintainIlls(result)];
}

const jobOf: Readonly<Record<string, MaintainJob>> = { 'backup:late': 'backup', 'backup:unproven': 'drill' };

/** Why the round did nothing about it. */
function withHindrance(ill: Notice, { jobs }: MaintainResult): Notice {
  const hindered = jobs.flatMap((one) =>
    one.job === jobOf[ill.key] && one.hindered !== undefined ? [one.hindered] : [],
  );
  return { ...ill, details: [...hindered, ...ill.details] };
}

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
  const ills = roundIlls(facts, spec, result, context.clock.now());
  await tell(context, folder, { spec }, { ills, looked: ['certificate', 'version', 'backup', 'maintain'] });
}
