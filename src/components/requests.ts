import type { ClusterSpec } from '../domain/spec/schema.js';
import { workloadsOf } from './object-requests.js';
import { type NodeForm, nodesOf, type Pods } from './pods.js';
import { bytesOf, milliOf } from '../domain/quantity.js';
import { member } from './template/helpers.js';
import type { RenderedComponent, Requests, SelectedComponent, VolumeRequest, Workload } from './types.js';
import { type OptionsOf, whenHolds } from './when.js';

/** How many nodes a workload has a pod on. */
export interface NodeCounts {
  readonly servers: number;
  readonly workers: number;
  readonly pools: Readonly<Record<string, number>>;
  /** The same nodes with their labels and taints, for what says itself where it may run. */
  readonly forms: readonly NodeForm[];
}

export const nodeCounts = ({ controlPlane, pools }: Pick<ClusterSpec, 'controlPlane' | 'pools'>): NodeCounts => ({
  servers: controlPlane.count,
  workers: pools.reduce((sum, { count }) => sum + count, 0),
  pools: Object.fromEntries(pools.map(({ name, count }) => [name, count])),
  forms: nodesOf({ controlPlane, pools }),
});

/**
 * What one component asks of the nodes: the chart's workloads by the values that it gets, the user's among them, and what
 * it puts into the cluster beside the chart. Jobs that end are left out.
 */
export function requestsOf(
  { definition, options, pool }: Pick<SelectedComponent, 'definition' | 'options' | 'pool'>,
  { chart, before, objects }: Pick<RenderedComponent, 'chart' | 'before' | 'objects'>,
  values: Readonly<Record<string, unknown>>,
  optionsOf: OptionsOf,
  nodes: NodeCounts,
): Requests {
  const ofChart = chart
    ? definition.workloads
        .filter(({ when }) => whenHolds(when, options, optionsOf))
        .map((workload) => ofWorkload(workload, values, countNodes(workload.each, pool, nodes)))
    : [];
  return sumOf([...ofChart, ...[...before, ...objects].flatMap(workloadsOf).map((pods) => ofPods(pods, nodes))]);
}

/** What several ask of the nodes together; volumes of one size are counted together. */
export function sumOf(all: readonly Requests[]): Requests {
  const counts = new Map<number, number>();
  for (const { sizeGiB, count } of all.flatMap(({ volumes }) => volumes))
    counts.set(sizeGiB, (counts.get(sizeGiB) ?? 0) + count);
  return {
    cpuMilli: all.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
    memoryMiB: all.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    volumes: [...counts].sort(([a], [b]) => a - b).map(([sizeGiB, count]) => ({ sizeGiB, count })),
  };
}

const at = (value: unknown, path: string): unknown => path.split('.').reduce<unknown>(member, value);

/** Servers take the pods of everybody only where there is no worker. */
function countNodes(each: Workload['each'], pool: string | undefined, { servers, workers, pools }: NodeCounts): number {
  if (each === 'node') return servers + workers;
  if (each === 'server') return servers;
  return pool === undefined ? workers || servers : (pools[pool] ?? 0);
}

function ofWorkload({ each, replicas, resources, volume }: Workload, values: unknown, nodes: number): Requests {
  const count = each !== undefined ? nodes : typeof replicas === 'string' ? number(at(values, replicas)) : replicas;
  const pod = resources.map((one) => (typeof one === 'string' ? at(at(values, one), 'requests') : one));
  const size = volume === undefined || /^\d/.test(volume) ? volume : at(values, volume);
  return times(count, pod, size === undefined ? [] : [size]);
}

/** What an object starts, or has its operator start. */
const ofPods = ({ count, cpuMilli, memoryMiB, volumesGiB }: Pods, { forms }: NodeCounts): Requests => {
  const number =
    typeof count === 'number' ? count : forms.filter(count.nodes).reduce((sum, node) => sum + node.count, 0);
  return {
    cpuMilli: number * cpuMilli,
    memoryMiB: number * Math.round(memoryMiB),
    volumes: number === 0 ? [] : volumesGiB.map((sizeGiB) => ({ sizeGiB, count: number })),
  };
};

/** One where nothing is said, as in Kubernetes. */
const number = (value: unknown): number => (value === undefined || value === null ? 1 : Number(value) || 0);
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '0');

/** So many pods with these requests of containers and volumes of these sizes. */
function times(count: number, containers: readonly unknown[], sizes: readonly unknown[]): Requests {
  const volumes = sizes.map((size): VolumeRequest => ({ sizeGiB: (bytesOf(text(size)) ?? 0) / 2 ** 30, count }));
  const sum = (of: (container: unknown) => number): number => containers.reduce<number>((all, one) => all + of(one), 0);
  return {
    cpuMilli: count * sum((one) => milliOf(text(at(one, 'cpu'))) ?? 0),
    memoryMiB: count * Math.round(sum((one) => bytesOf(text(at(one, 'memory'))) ?? 0) / 2 ** 20),
    volumes: volumes.filter(({ sizeGiB }) => sizeGiB > 0 && count > 0),
  };
}
