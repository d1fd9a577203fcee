import { waitFor } from '../../domain/wait.js';
import { IncompleteError } from '../../errors/index.js';
import type { KubeObject, ObjectRef, ObjectView } from '../../kube/types.js';
import {
  chartKind,
  chartLabel,
  chartNamespace,
  type ChartSpec,
  goDuration,
  hashIn,
  installJob,
  isCurrent,
  jobKind,
  jobState,
  replacesAnnotation,
  sameRun,
  sameSpec,
  specOf,
  text,
  uidOf,
} from './chart.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { FailureLog } from './helm-log.js';
import { isUnserved } from './facts.js';
import { annotated, labelled } from './objects.js';
import { podProblems } from './pod-problems.js';
import { clearStuckRelease, releaseRevisions, type Revision } from './release.js';
import { waitUntilGone } from './remove-chart.js';
import { componentDeadlines } from './deadlines.js';

const podKind = { apiVersion: 'v1', kind: 'Pod', namespace: chartNamespace } as const;

/**
 * Applies a HelmChart object and waits until helm's job for exactly this spec is through. That the workloads are
 * healthy is another wait: the job does not look at them.
 * @throws IncompleteError code COMPONENT_FAILED with the log of the first failing attempt; COMPONENT_TIMEOUT
 */
export async function installChart(
  tools: ComponentTools,
  component: string,
  desired: KubeObject,
  scrub: (text: string) => string,
  run: ComponentRun,
): Promise<void> {
  const { kube } = tools;
  const release = desired.metadata.name;
  const ref = { ...chartKind, metadata: { name: release, namespace: chartNamespace } };
  const live = await presentChart(tools, ref, run);
  const spec = specOf(desired)!;
  const cleared = live && (await clearStuckRelease(tools, release, specOf(live) ?? spec, run));
  const job = await kube.get({ ...jobKind, metadata: { name: installJob(release), namespace: chartNamespace } }, run);
  // A job that was cleared away is noted, too: the change has the controller look at once.
  const replaces = sameRun(specOf(live), spec)
    ? (cleared ?? live?.metadata.annotations?.[replacesAnnotation])
    : (uidOf(job) ?? cleared);
  const done = cleared === undefined && job && live && isCurrent(job, live) && jobState(job) === 'complete';
  if (done && sameSpec(specOf(live), spec)) return;
  const object = labelled(desired, component);
  await kube.apply(replaces === undefined ? object : annotated(object, replacesAnnotation, replaces), {
    ...run,
    force: live !== undefined,
  });
  const log = new FailureLog(kube, { name: installJob(release), not: replaces }, run);
  try {
    const why = await helmDone(tools, release, spec, { replaces, cleared }, run);
    if (why !== undefined) throw await failure(tools.cluster, release, why, log, scrub);
  } finally {
    log.close();
  }
}

/** The HelmChart as it is; one that is being removed is waited out first. */
async function presentChart(tools: ComponentTools, ref: ObjectRef, run: ComponentRun): Promise<KubeObject | undefined> {
  const live = await servedGet(tools, ref, run);
  if (live?.metadata['deletionTimestamp'] === undefined) return live;
  await waitUntilGone(tools, ref.metadata.name, run);
  return undefined;
}

/** A server that has just started may not serve its own kinds yet. */
async function servedGet(
  { kube, clock }: ComponentTools,
  ref: ObjectRef,
  run: ComponentRun,
): Promise<KubeObject | undefined> {
  const { chart } = await waitFor(
    {
      what: 'the helm controller to be there',
      check: async () => ({ chart: await kube.get(ref, run) }),
    },
    {
      ...run,
      clock,
      code: 'NO_HELM_CONTROLLER',
      deadlineMs: componentDeadlines.webhook,
      hint: 'See that k3s runs without `disable-helm-controller`, then run the same command again.',
      fatal: (error) => !isUnserved(error),
    },
  );
  return chart;
}

/** Waits until the newest revision is what is desired, and runs; answers with why it is not to be. */
async function helmDone(
  tools: ComponentTools,
  release: string,
  spec: ChartSpec,
  former: { readonly replaces: string | undefined; readonly cleared: string | undefined },
  run: ComponentRun,
): Promise<string | undefined> {
  const deadline =
    tools.clock.monotonic() +
    (goDuration(text(spec, 'timeout')) ?? componentDeadlines.helm) +
    componentDeadlines.helmJob;
  const through = new Set<string | undefined>();
  const cleared = new Set<string | undefined>(former.cleared === undefined ? [] : [former.cleared]);
  for (;;) {
    const ended = await jobEnded(
      tools,
      release,
      { through, cleared, replaces: former.replaces },
      Math.max(1, deadline - tools.clock.monotonic()),
      run,
    );
    if ('left' in ended) {
      // The controller takes an ended job for the one that is desired when the release is as desired already; only
      // where there is none it makes one.
      await tools.kube.delete({ ...jobKind, metadata: ended.left.metadata }, { ...run, uid: uidOf(ended.left) });
      cleared.add(uidOf(ended.left));
      continue;
    }
    if (!('job' in ended)) return ended.why;
    const verdict = releaseOutcome(ended.job, await releaseRevisions(tools, release, spec, run));
    if (verdict !== 'of another job') return verdict === 'deployed' ? undefined : verdict;
    // It found that an earlier one was cut off, and left the rest to the next, which the controller makes.
    through.add(uidOf(ended.job));
  }
}

/**
 * A job that ended well says little: an attempt that finds the release other than it expected leaves it alone and ends
 * well, too.
 */
export function releaseOutcome(job: KubeObject, revisions: readonly Revision[]): string {
  const newest = [...revisions].sort((a, b) => b.version - a.version)[0];
  if (!newest) return 'helm left no release';
  if (newest.status !== 'deployed') return `helm left its release ${newest.status}`;
  const desired = hashIn(job);
  return newest.hash === undefined || desired === undefined || newest.hash === desired ? 'deployed' : 'of another job';
}

/** A job that is through, one of an earlier spec that is, or why there will be none. */
type Ended = { readonly job: KubeObject } | { readonly left: KubeObject } | { readonly why: string };

type Uids = ReadonlySet<string | undefined>;

async function jobEnded(
  { kube, cluster }: ComponentTools,
  release: string,
  {
    through,
    cleared,
    replaces,
  }: { readonly through: Uids; readonly cleared: Uids; readonly replaces: string | undefined },
  deadlineMs: number,
  run: ComponentRun,
): Promise<Ended> {
  return kube.until<Ended>(
    {
      what: `helm to install ${release}`,
      code: 'COMPONENT_TIMEOUT',
      kinds: [{ ...chartKind, namespace: chartNamespace }, { ...jobKind, namespace: chartNamespace }, podKind],
      check: (view, say) => {
        const { job, left, refused } = currentJob(view, release, replaces);
        if (refused !== undefined) return { why: refused };
        // What is seen here may be from before it was cleared away.
        if (left && jobState(left) !== 'running' && !cleared.has(uidOf(left))) return { left };
        if (!job || through.has(uidOf(job))) return void say('the helm controller has not begun yet');
        const state = jobState(job);
        if (state === 'complete') return { job };
        if (state === 'failed') return { why: `helm’s job ${job.metadata.name} gave up` };
        const pods = view.all(podKind).filter((pod) => pod.metadata.labels?.[chartLabel] === release);
        say(podProblems(pods)[0] ?? (pods.length > 0 ? 'helm is at work' : 'its job has no pod yet'));
        return undefined;
      },
    },
    { ...run, deadlineMs, hint: `Look at it: slipway component status ${cluster}` },
  );
}

/**
 * The job of the HelmChart's present spec, or one of an earlier spec that is there still, or why there is none.
 * @param replaces the job that the spec was written over: the view may be from before that
 */
function currentJob(
  view: ObjectView,
  release: string,
  replaces: string | undefined,
): { readonly job?: KubeObject; readonly left?: KubeObject; readonly refused?: string } {
  const metadata = { name: release, namespace: chartNamespace };
  const chart = view.get({ ...chartKind, metadata });
  if (!chart) return {};
  const { conditions = [] } = (chart['status'] ?? {}) as {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
  // That a job gave up stays written here until the next one is made: jobs are judged by themselves.
  const refusal = conditions.find(
    ({ type, status, reason }) => type === 'Failed' && status === 'True' && reason !== 'Job failed',
  );
  const job = view.get({ ...jobKind, metadata: { ...metadata, name: installJob(release) } });
  const own = job && isCurrent(job, chart) && uidOf(job) !== replaces ? job : undefined;
  if (!own && refusal) return { refused: `the helm controller refuses it: ${refusal.message ?? 'without a reason'}` };
  if (own) return { job: own };
  return job && job.metadata['deletionTimestamp'] === undefined ? { left: job } : {};
}

async function failure(
  cluster: string,
  release: string,
  why: string,
  log: FailureLog,
  scrub: (text: string) => string,
): Promise<IncompleteError> {
  const lines = await log.lines();
  return new IncompleteError(`${release} could not be installed: ${why}.`, {
    code: 'COMPONENT_FAILED',
    hint: `Fix what the log names (values are in the cluster file under components). See it as it is now: slipway component status ${cluster}`,
    details: lines?.map(scrub) ?? ['its log is gone by now; another run makes a new attempt and shows it'],
  });
}
