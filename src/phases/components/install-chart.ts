import { waitFor } from '../../domain/wait.js';
import { IncompleteError } from '../../errors/index.js';
import type { KubeObject, ObjectRef, ObjectView } from '../../kube/types.js';
import {
  chartKind,
  chartLabel,
  chartNamespace,
  type ChartSpec,
  goDuration,
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
import type { ComponentRun, ComponentTools } from './context.js';
import { FailureLog } from './helm-log.js';
import { isUnserved } from './facts.js';
import { annotated, labelled } from './objects.js';
import { podTroubles } from './pod-troubles.js';
import { clearTheWay, releaseRevisions, stuckRevisions } from './release.js';
import { waitUntilGone } from './remove-chart.js';
import { componentDeadlines } from './waits.js';

const podKind = { apiVersion: 'v1', kind: 'Pod', namespace: chartNamespace } as const;

/**
 * Applies a HelmChart object and waits until helm's job for exactly this spec is through. That the workloads are
 * healthy is another wait: the job does not look at them.
 * @throws IncompleteError code COMPONENT_FAILED with the log of the first failing attempt; COMPONENT_TIMEOUT
 */
export async function installChart(
  tools: ComponentTools,
  component: string,
  wanted: KubeObject,
  scrub: (text: string) => string,
  run: ComponentRun,
): Promise<void> {
  const { kube } = tools;
  const release = wanted.metadata.name;
  const ref = { ...chartKind, metadata: { name: release, namespace: chartNamespace } };
  const live = await presentChart(tools, ref, run);
  const spec = specOf(wanted)!;
  if (live) await clearTheWay(tools, release, specOf(live) ?? spec, run);
  const job = await kube.get({ ...jobKind, metadata: { name: installJob(release), namespace: chartNamespace } }, run);
  const replaces = sameRun(specOf(live), spec) ? live?.metadata.annotations?.[replacesAnnotation] : uidOf(job);
  const done = job && live && isCurrent(job, live) && jobState(job) === 'complete';
  if (done && sameSpec(specOf(live), spec)) return;
  const object = labelled(wanted, component);
  await kube.apply(replaces === undefined ? object : annotated(object, replacesAnnotation, replaces), {
    ...run,
    force: live !== undefined,
  });
  const log = new FailureLog(kube, { name: installJob(release), not: replaces }, run);
  try {
    const why = (await helmDone(tools, release, spec, run)) ?? (await whyNotDeployed(tools, release, spec, run));
    if (why !== undefined) throw await failure(tools.cluster, release, why, log, scrub);
  } finally {
    log.close();
  }
}

/**
 * A finished job says little: the second attempt finds the release that the first left failed, takes it for somebody
 * else's work and ends well. Undefined: the newest revision is the one that runs.
 */
async function whyNotDeployed(
  tools: ComponentTools,
  release: string,
  spec: ChartSpec,
  run: ComponentRun,
): Promise<string | undefined> {
  const [newest] = stuckRevisions(await releaseRevisions(tools, release, spec, run));
  return newest && `helm left its release ${newest.status}`;
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

/** Waits until helm's job has ended; answers with why it did not end well. */
async function helmDone(
  { kube, cluster }: ComponentTools,
  release: string,
  spec: ChartSpec,
  run: ComponentRun,
): Promise<string | undefined> {
  const timeoutMs = goDuration(text(spec, 'timeout')) ?? componentDeadlines.helm;
  const { why } = await kube.until<{ readonly why?: string }>(
    {
      what: `helm to install ${release}`,
      code: 'COMPONENT_TIMEOUT',
      kinds: [{ ...chartKind, namespace: chartNamespace }, { ...jobKind, namespace: chartNamespace }, podKind],
      check: (view, say) => {
        const { job, refused } = currentJob(view, release);
        if (refused !== undefined) return { why: refused };
        if (!job) return void say('the helm controller has not begun yet');
        const state = jobState(job);
        if (state === 'complete') return {};
        if (state === 'failed') return { why: `helm’s job ${job.metadata.name} gave up` };
        const pods = view.all(podKind).filter((pod) => pod.metadata.labels?.[chartLabel] === release);
        say(podTroubles(pods)[0] ?? (pods.length > 0 ? 'helm is at work' : 'its job has no pod yet'));
        return undefined;
      },
    },
    {
      ...run,
      deadlineMs: timeoutMs + componentDeadlines.helmJob,
      hint: `Look at it: slipway component status -c ${cluster}`,
    },
  );
  return why;
}

/** The job of the HelmChart's present spec, or why the controller makes none. */
function currentJob(
  view: ObjectView,
  release: string,
): { readonly job?: KubeObject | undefined; readonly refused?: string } {
  const metadata = { name: release, namespace: chartNamespace };
  const chart = view.get({ ...chartKind, metadata });
  if (!chart) return {};
  const { conditions = [] } = (chart['status'] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
  const refusal = conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  const job = view.get({ ...jobKind, metadata: { ...metadata, name: installJob(release) } });
  const own = job && isCurrent(job, chart) ? job : undefined;
  if (!own && refusal) return { refused: `the helm controller refuses it: ${refusal.message ?? 'without a reason'}` };
  return { job: own };
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
    hint: `Mend what the log names (values are in the cluster file under components). See it as it is now: slipway component status -c ${cluster}`,
    details: lines?.map(scrub) ?? ['its log is gone by now; another run makes a new attempt and shows it'],
  });
}
