import { restartsOf } from '../containers/pod-status.js';
import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, hashOf, ownerOf } from './conditions.js';
import { createPod } from './pod-creation.js';

interface JobSpec {
  readonly backoffLimit?: number;
  readonly completions?: number;
  readonly ttlSecondsAfterFinished?: number;
  readonly suspend?: boolean;
  readonly template: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec: object };
}

const defaultBackOff = 6;

/** Runs the pods of a job, one after another, until enough ended well or too many did not. */
export function runJob(cluster: ClusterState, job: Obj): void {
  if (conditionOf(job, 'Complete') || conditionOf(job, 'Failed') || job.metadata.deletionTimestamp) return;
  const spec = job.spec as unknown as JobSpec;
  if (spec.suspend) return;
  const pods = cluster.owned(job, 'v1', 'Pod');
  const count = (phase: string): number => pods.filter(({ status }) => status?.['phase'] === phase).length;
  const [succeeded, failed] = [count('Succeeded'), count('Failed')];
  const running = pods.filter(
    ({ status, metadata }) =>
      status?.['phase'] !== 'Succeeded' && status?.['phase'] !== 'Failed' && !metadata.deletionTimestamp,
  );
  const limit = spec.backoffLimit ?? defaultBackOff;
  const restarts = running.reduce((sum, pod) => sum + restartsOf(pod), 0);
  const tooMany = failed > limit || (limit === 0 ? restarts > 0 : restarts >= limit);
  const base = {
    startTime: job.status?.['startTime'] ?? cluster.store.stamp(),
    ...(running.length > 0 ? { active: running.length } : {}),
    ready: 0,
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
  };
  if (succeeded >= (spec.completions ?? 1)) return finish(cluster, job, base, ['SuccessCriteriaMet', 'Complete']);
  if (tooMany) {
    for (const pod of running) cluster.terminate(pod);
    return finish(cluster, job, { ...base, failed: failed + running.length }, ['FailureTarget', 'Failed']);
  }
  cluster.status(job, base);
  if (running.length === 0 && !pods.some(({ metadata }) => metadata.deletionTimestamp)) makePod(cluster, job, spec);
}

function finish(cluster: ClusterState, job: Obj, status: Record<string, unknown>, types: readonly string[]): void {
  const at = cluster.store.stamp();
  const isFailure = types.includes('Failed');
  const conditions = types.map((type) => ({
    type,
    status: 'True',
    reason: isFailure ? 'BackoffLimitExceeded' : 'CompletionsReached',
    message: isFailure ? 'Job has reached the specified backoff limit' : 'Reached expected number of succeeded pods',
    lastProbeTime: at,
    lastTransitionTime: at,
  }));
  const { active: _active, ...rest } = status;
  cluster.status(job, { ...rest, ...(isFailure ? {} : { completionTime: at }), conditions });
  const { ttlSecondsAfterFinished: ttl } = job.spec as unknown as JobSpec;
  if (ttl === undefined) return;
  cluster.clock.after(ttl * 1000, () => {
    const { name, namespace = '' } = job.metadata;
    if (cluster.current(job)) cluster.store.delete(cluster.kind('batch/v1', 'Job'), namespace, name);
  });
}

function makePod(cluster: ClusterState, job: Obj, { template }: JobSpec): void {
  const { name, uid, namespace } = job.metadata;
  const labels = {
    'batch.kubernetes.io/controller-uid': uid!,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid!,
    'job-name': name,
    ...template.metadata?.labels,
  };
  createPod(cluster, job, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${name}-${hashOf([uid, cluster.store.version]).slice(0, 5)}`,
      namespace: namespace!,
      labels,
      ownerReferences: [ownerOf(job)],
    },
    spec: { terminationGracePeriodSeconds: 30, ...structuredClone(template.spec) },
    status: { phase: 'Pending' },
  });
}
