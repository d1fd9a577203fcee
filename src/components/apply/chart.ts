import type { KubeObject } from '../../kube/types.js';
import { canonical } from './objects.js';

/** The kind by which k3s's helm controller is told what to install. */
export const chartKind = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' } as const;
export const jobKind = { apiVersion: 'batch/v1', kind: 'Job' } as const;
/** Where HelmChart objects live, and the controller's jobs. */
export const chartNamespace = 'kube-system';
/** On the controller's jobs and their pods: the HelmChart's name. */
export const chartLabel = 'helmcharts.helm.cattle.io/chart';
/** On the pods of jobs, and as a label on what they installed: a hash of all that decides about it. */
export const hashKey = 'helmcharts.helm.cattle.io/configHash';
/** Characters of that hash that fit into a label. */
const labelLength = 63;
/**
 * On a HelmChart: uid of the job that was there when its spec last changed. The controller keeps the name and makes
 * the job anew, so only a job of another uid tells how the present spec fares.
 */
export const replacesAnnotation = 'slipway.dev/replaces-job';

export type ChartSpec = Readonly<Record<string, unknown>>;

export const specOf = (chart: KubeObject | undefined): ChartSpec | undefined =>
  chart?.['spec'] as ChartSpec | undefined;

export const text = (spec: ChartSpec | undefined, field: string): string | undefined => {
  const value = spec?.[field];
  return typeof value === 'string' ? value : undefined;
};

export const installJob = (release: string): string => `helm-install-${release}`;
export const deleteJob = (release: string): string => `helm-delete-${release}`;

/** Fields of a HelmChart that we may set; one of them that is no longer asked for is a difference, too. */
const ours = [
  'bootstrap',
  'chart',
  'repo',
  'set',
  'takeOwnership',
  'targetNamespace',
  'timeout',
  'valuesContent',
  'version',
];

/** What of a HelmChart's spec can be compared with a desired one: the rest are defaults of the API's. */
export function comparable(before: ChartSpec, desired: ChartSpec): ChartSpec {
  const fields = new Set([...ours, ...Object.keys(desired)]);
  return Object.fromEntries(Object.entries(before).filter(([field]) => fields.has(field)));
}

export const sameSpec = (before: ChartSpec | undefined, desired: ChartSpec): boolean =>
  before !== undefined && canonical(comparable(before, desired)) === canonical(desired);

/** How often a failed job is tried again does not reach its pods: changing that alone need not make a new job. */
export function sameRun(before: ChartSpec | undefined, desired: ChartSpec): boolean {
  const { backOffLimit: _, ...rest } = desired;
  return sameSpec(before, rest);
}

interface JobStatus {
  readonly active?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
}

export type JobState = 'complete' | 'failed' | 'running';

export function jobState(job: KubeObject): JobState {
  const { conditions = [] } = (job['status'] ?? {}) as JobStatus;
  const is = (type: string): boolean => conditions.some((one) => one.type === type && one.status === 'True');
  return is('Complete') ? 'complete' : is('Failed') ? 'failed' : 'running';
}

export const uidOf = (object: KubeObject | undefined): string | undefined => {
  const uid = object?.metadata['uid'];
  return typeof uid === 'string' ? uid : undefined;
};

/** Whether this job is of the HelmChart's present spec. */
export const isCurrent = (job: KubeObject, chart: KubeObject): boolean =>
  job.metadata['deletionTimestamp'] === undefined && uidOf(job) !== chart.metadata.annotations?.[replacesAnnotation];

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a duration as Go writes it: `5m`, `1h30m`. Undefined for anything else. */
export function goDuration(duration: string | undefined): number | undefined {
  if (duration === undefined || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(duration)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) sum += Number(amount) * units[unit!]!;
  return sum;
}

/** The hash in a job, as the label on its release has it. */
export function hashIn(job: KubeObject): string | undefined {
  const { template } = (job['spec'] ?? {}) as {
    readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  };
  return template?.metadata?.annotations?.[hashKey]?.split('=')[1]?.slice(0, labelLength);
}
