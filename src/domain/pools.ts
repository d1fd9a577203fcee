import { UsageError } from '../errors/index.js';
import { controlPlanePool } from './machine.js';
import type { ClusterSpec, PoolSpec } from './spec/schema.js';

/** The spec with one pool more. @throws UsageError code POOL_EXISTS */
export function withPool(spec: ClusterSpec, pool: PoolSpec): ClusterSpec {
  if (spec.pools.some(({ name }) => name === pool.name)) {
    throw new UsageError(`${spec.name} has a pool called ${pool.name} already.`, {
      code: 'POOL_EXISTS',
      hint: `Change its size: slipway pool scale ${spec.name} ${pool.name} --count ${pool.count}`,
    });
  }
  return { ...spec, pools: [...spec.pools, pool] };
}

/** How many machines a pool has, and how many stand by for it; what is undefined stays. */
export type PoolSize = Partial<Pick<PoolSpec, 'count' | 'standby'>>;

/** The spec with another size of one pool. @throws UsageError codes UNKNOWN_POOL, POOL_AUTOSCALES */
export function withPoolSize(spec: ClusterSpec, name: string, size: PoolSize): ClusterSpec {
  const { autoscale } = findPool(spec, name);
  if (autoscale && size.count !== undefined) {
    throw new UsageError(
      `${name} of ${spec.name} has ${autoscale.min} to ${autoscale.max} machines, as its pods need; its number cannot be set.`,
      {
        code: 'POOL_AUTOSCALES',
        hint: 'Change `autoscale` of the pool in the cluster file, then: slipway cluster apply',
      },
    );
  }
  return { ...spec, pools: spec.pools.map((pool) => (pool.name === name ? { ...pool, ...size } : pool)) };
}

/** The spec without one pool. @throws UsageError code UNKNOWN_POOL */
export function withoutPool(spec: ClusterSpec, name: string): ClusterSpec {
  findPool(spec, name);
  return { ...spec, pools: spec.pools.filter((pool) => pool.name !== name) };
}

/** What machines shall be made of: of one pool, of the control plane (`cp`) or, as far as it is the cluster's, of all. */
export interface MachineChange {
  readonly pool?: string | undefined;
  readonly type?: readonly string[] | undefined;
  readonly locations?: readonly string[] | undefined;
  readonly image?: string | undefined;
}

/** The spec with machines made of something else. @throws UsageError code UNKNOWN_POOL */
export function withMachines(spec: ClusterSpec, { pool, type, locations, image }: MachineChange): ClusterSpec {
  const made = { ...(type ? { type: [...type] } : {}), ...(locations ? { locations: [...locations] } : {}) };
  const all = image === undefined ? spec : { ...spec, image };
  if (pool === undefined) return all;
  if (pool === controlPlanePool) return { ...all, controlPlane: { ...all.controlPlane, ...made } };
  findPool(spec, pool);
  return { ...all, pools: all.pools.map((one) => (one.name === pool ? { ...one, ...made } : one)) };
}

export function findPool(spec: ClusterSpec, name: string): PoolSpec {
  const pool = spec.pools.find((candidate) => candidate.name === name);
  if (pool) return pool;
  throw new UsageError(`${spec.name} has no pool called ${name}.`, {
    code: 'UNKNOWN_POOL',
    hint:
      spec.pools.length > 0
        ? `It has: ${spec.pools.map((candidate) => candidate.name).join(', ')}.`
        : `It has none; add one: slipway pool add ${spec.name} ${name} --count 1`,
  });
}
