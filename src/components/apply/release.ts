import type { KubeObject } from '../../kube/types.js';
import {
  chartLabel,
  chartNamespace,
  type ChartSpec,
  hashKey,
  installJob,
  jobKind,
  jobState,
  text,
  uidOf,
} from './chart.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import type { ContainerStatus } from './pod-problems.js';
import { componentDeadlines } from './deadlines.js';

const podKind = { apiVersion: 'v1', kind: 'Pod', namespace: chartNamespace } as const;

export interface Revision {
  readonly secret: string;
  readonly version: number;
  /** As helm writes it: `deployed`, `failed`, `pending-upgrade`. */
  readonly status: string;
  /** Of what was installed, where the controller notes it. */
  readonly hash: string | undefined;
}

/** Revisions above the last one that worked, newest first: what keeps helm from another attempt. */
export function stuckRevisions(revisions: readonly Revision[]): readonly Revision[] {
  const newestFirst = [...revisions].sort((a, b) => b.version - a.version);
  const good = newestFirst.findIndex(({ status }) => status === 'deployed' || status === 'superseded');
  return good === -1 ? newestFirst : newestFirst.slice(0, good);
}

/**
 * Clears the way for another attempt. The helm controller's job refuses to touch a release that an attempt before it
 * left failed or half-way ("waiting for operator intervention"), and a job that gave up is not begun again: the
 * failed job goes, and with it the records of revisions that never worked. What the chart made stays as it is, and
 * the next attempt takes it over.
 * @returns uid of the job that was taken away; undefined: nothing stood in the way
 */
export async function clearStuckRelease(
  tools: ComponentTools,
  release: string,
  spec: ChartSpec,
  run: ComponentRun,
): Promise<string | undefined> {
  const { kube } = tools;
  const [job, revisions] = await Promise.all([
    kube.get({ ...jobKind, metadata: { name: installJob(release), namespace: chartNamespace } }, run),
    releaseRevisions(tools, release, spec, run),
  ]);
  const stuck = stuckRevisions(revisions);
  const state = job && jobState(job);
  if (state === 'running' && (stuck[0] === undefined || stuck[0].status !== 'failed')) {
    // Helm is at work; killing it half-way would leave the release pending.
    if (job && (await isAtWork(tools, release, job, run))) await ended(tools, release, job, run);
    return undefined;
  }
  if (stuck.length === 0 && (!job || state === 'complete')) return undefined;
  run.progress('clearing what a failed attempt left');
  // The job first, as it could begin to install in the moment the way is clear, and would be killed at it. The
  // controller makes a new one at once; that one fails until the records are gone, and tries again by itself.
  if (job) await kube.delete(refOf(job), run);
  for (const { secret } of stuck) {
    const metadata = { name: secret, namespace: targetOf(spec) };
    await kube.delete({ apiVersion: 'v1', kind: 'Secret', metadata }, run);
  }
  if (job) await untilGone(tools, release, job, run);
  return uidOf(job);
}

export async function releaseRevisions(
  { kube }: Pick<ComponentTools, 'kube'>,
  release: string,
  spec: ChartSpec,
  run: Pick<ComponentRun, 'signal'>,
): Promise<readonly Revision[]> {
  const secrets = await kube.list(
    'v1',
    'Secret',
    { namespace: targetOf(spec), labelSelector: `owner=helm,name=${release}` },
    run,
  );
  return secrets.map(({ metadata }) => ({
    secret: metadata.name,
    version: Number(metadata.labels?.['version'] ?? 0),
    status: metadata.labels?.['status'] ?? 'unknown',
    hash: metadata.labels?.[hashKey],
  }));
}

const targetOf = (spec: ChartSpec): string => text(spec, 'targetNamespace') ?? chartNamespace;

/** Whether a container of this job runs; one that waits for its image or a node can be replaced without harm. */
async function isAtWork(
  { kube }: ComponentTools,
  release: string,
  job: KubeObject,
  run: ComponentRun,
): Promise<boolean> {
  const query = { namespace: chartNamespace, labelSelector: `${chartLabel}=${release}` };
  const pods = await kube.list('v1', 'Pod', query, run);
  return pods
    .filter((pod) => isOf(pod, job))
    .some((pod) => {
      const { containerStatuses = [] } = (pod['status'] ?? {}) as { containerStatuses?: readonly ContainerStatus[] };
      return containerStatuses.some(({ state }) => state !== undefined && 'running' in state);
    });
}

async function ended({ kube }: ComponentTools, release: string, job: KubeObject, run: ComponentRun): Promise<void> {
  await kube.until(
    {
      what: `helm to end what it does with ${release}`,
      code: 'COMPONENT_BUSY',
      kinds: [{ ...jobKind, namespace: chartNamespace }],
      check: (view, say) => {
        const now = view.get({ ...jobKind, metadata: { name: job.metadata.name, namespace: chartNamespace } });
        say('an earlier helm job is at work');
        return !now || uidOf(now) !== uidOf(job) || jobState(now) !== 'running' ? true : undefined;
      },
    },
    {
      ...run,
      deadlineMs: componentDeadlines.helm + componentDeadlines.helmJob,
      hint: 'Run the same command again once that job has ended.',
    },
  );
}

const refOf = (job: KubeObject) => ({
  ...jobKind,
  metadata: { name: job.metadata.name, namespace: chartNamespace },
});

async function untilGone({ kube }: ComponentTools, release: string, job: KubeObject, run: ComponentRun): Promise<void> {
  await kube.until(
    {
      what: `the failed job of ${release} to be gone`,
      code: 'JOB_NOT_GONE',
      kinds: [{ ...jobKind, namespace: chartNamespace }, podKind],
      check: (view, say) => {
        const left = view.all(podKind).filter((pod) => isOf(pod, job));
        const found = view.get(refOf(job));
        if ((!found || uidOf(found) !== uidOf(job)) && left.length === 0) return true;
        say(left.length > 0 ? `pod ${left[0]!.metadata.name} is ending` : 'the job is still there');
        return undefined;
      },
    },
    { ...run, deadlineMs: componentDeadlines.gone, hint: 'Run the same command again.' },
  );
}

function isOf(pod: KubeObject, job: KubeObject): boolean {
  const owners = (pod.metadata['ownerReferences'] ?? []) as readonly { readonly uid?: string }[];
  return owners.some(({ uid }) => uid === uidOf(job));
}
