import { labelKeys } from '../../domain/labels.js';
import type { ClusterSpec, PoolSpec } from '../../domain/spec/schema.js';
import type { ManagedCluster, ManagedPool, ManagedPoolShape } from '../../provider/managed.js';

/** A pool of the file, and what there is of it. */
export interface PoolComparison {
  readonly spec: PoolSpec;
  /** In order of preference. */
  readonly types: readonly string[];
  /** The pool that has its name and one of its types; the oldest, should there be two. */
  readonly current: ManagedPool | undefined;
  /** Pools of its name that are of another type, or double: drained and removed once the current one serves. */
  readonly former: readonly ManagedPool[];
}

export interface Pools {
  readonly asked: readonly PoolComparison[];
  /** Pools with a name of ours that the file does not have. */
  readonly excess: readonly ManagedPool[];
  /** Somebody else made them: they stay as they are. */
  readonly foreign: readonly ManagedPool[];
}

/** Pools are known by their mark, and from then on by their id: one that has a name and its type is never made again. */
export function comparePools(spec: ClusterSpec, workerType: string, found: ManagedCluster | undefined): Pools {
  const pools = [...(found?.pools ?? [])].sort((a, b) => Number(a.id) - Number(b.id));
  const names = new Set(spec.pools.map(({ name }) => name));
  return {
    asked: spec.pools.map((pool): PoolComparison => {
      const types = pool.type ?? [workerType];
      const own = pools.filter(({ name }) => name === pool.name);
      const current = own.find(({ type }) => types.includes(type));
      return { spec: pool, types, current, former: own.filter((one) => one !== current) };
    }),
    excess: pools.filter(({ name }) => name !== undefined && !names.has(name)),
    foreign: pools.filter(({ name }) => name === undefined),
  };
}

/** What a pool is to be; one that scales by itself stays as large as it is, within its range. */
export function desiredShape({ spec, current }: Pick<PoolComparison, 'spec' | 'current'>): ManagedPoolShape {
  const { name, count, autoscale, labels, taints } = spec;
  const range = autoscale && { min: autoscale.min, max: autoscale.max };
  return {
    count: range ? Math.min(Math.max(current?.count ?? range.min, range.min), range.max) : count,
    autoscale: range,
    labels: { ...labels, [labelKeys.pool]: name },
    taints,
  };
}

/** What differs of a pool that stays, in words; empty: nothing does. Fewer nodes are no change of the pool: each leaves by itself. */
export function differencesOf(current: ManagedPool, desired: ManagedPoolShape): readonly string[] {
  const range = (shape: Pick<ManagedPoolShape, 'autoscale'>): string =>
    shape.autoscale ? `${shape.autoscale.min} to ${shape.autoscale.max} nodes` : 'no autoscaler';
  return [
    ...(desired.count > current.count ? [`${current.count} to ${desired.count} nodes`] : []),
    ...(range(current) === range(desired) ? [] : [`${range(desired)} instead of ${range(current)}`]),
    ...(same(current.labels, desired.labels) ? [] : ['labels']),
    ...(sameTaints(current, desired) ? [] : ['taints']),
  ];
}

const same = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

const taintsOf = ({ taints }: Pick<ManagedPoolShape, 'taints'>): string =>
  taints
    .map(({ key, value = '', effect }) => `${key}=${value}:${effect}`)
    .sort()
    .join();

const sameTaints = (a: ManagedPoolShape, b: ManagedPoolShape): boolean => taintsOf(a) === taintsOf(b);
