import { plural } from '../../domain/index.js';
import { type Later, needsOf, type Step, valueOf } from '../../engine/index.js';
import type { ClusterApi } from '../../phases/context.js';
import type { ManagedPoolRequest } from '../../provider/managed.js';
import { desiredShape, differencesOf, type PoolComparison } from './compare.js';
import type { LkeContext } from './context.js';
import { lackOf, waitForPool } from './waits.js';

const phase = 'Pools';

export interface Stage {
  readonly id: Later<string>;
  readonly api: Later<ClusterApi>;
  /** What comes before. */
  readonly before: readonly Step[];
}

const requestFor = ({ facts }: LkeContext, pool: PoolComparison): ManagedPoolRequest => ({
  name: pool.spec.name,
  type: facts.types.get(pool.spec.name)!,
  ...desiredShape({ spec: pool.spec, current: undefined }),
});

/** Every pool, for a cluster that is to be made. */
export const requestsFor = (context: LkeContext): readonly ManagedPoolRequest[] =>
  context.facts.pools.asked.map((pool) => requestFor(context, pool));

/** Pools are made, grown and marked, all at once; then each is waited for that is not whole. */
export function planPools(context: LkeContext, stage: Stage): { readonly steps: readonly Step[] } {
  const all = context.facts.pools.asked.flatMap((pool): Step[] => {
    // With the cluster its pools are made.
    const change = context.facts.managed
      ? (changeStep(context, pool, stage) ?? makeStep(context, pool, stage))
      : undefined;
    const wait = waitStep(context, pool, stage, change);
    return [...(change ? [change] : []), ...(wait ? [wait] : [])];
  });
  return { steps: all };
}

function makeStep(context: LkeContext, pool: PoolComparison, { id, before }: Stage): Step | undefined {
  if (pool.current) return undefined;
  const { cluster, lke } = context;
  const request = requestFor(context, pool);
  const former = pool.former.length > 0 ? ` in place of ${pool.former.map(({ type }) => type).join(', ')}` : '';
  return {
    id: `pool:create:${pool.spec.name}:${request.type}`,
    phase,
    target: pool.spec.name,
    text: `create a pool of ${request.count} × ${request.type}${former}`,
    adds: true,
    needs: [...needsOf(id), ...before],
    async apply(run) {
      // An answer that was lost has made it.
      const found = await lke.find(cluster, run);
      const isThere = found?.pools.some(({ name, type }) => name === request.name && type === request.type);
      if (!isThere) await lke.createPool(valueOf(id, run), request, run);
    },
  };
}

function changeStep(context: LkeContext, pool: PoolComparison, { id, before }: Stage): Step | undefined {
  const { current } = pool;
  if (!current) return undefined;
  const desired = desiredShape(pool);
  const differences = differencesOf(current, desired);
  if (differences.length === 0) return undefined;
  // Nodes that are too many are emptied first, and leave one after the other.
  const shape = { ...desired, count: Math.max(desired.count, current.count) };
  return {
    id: `pool:change:${current.id}`,
    phase,
    target: pool.spec.name,
    text: `change the pool: ${differences.join(', ')}`,
    ...(desired.count > current.count ? { adds: true } : {}),
    needs: [...needsOf(id), ...before],
    apply: (run) => context.lke.changePool(valueOf(id, run), current.id, shape, run),
  };
}

/** Undefined of a pool that is whole and stays so. */
function waitStep(
  context: LkeContext,
  { spec, types, current }: PoolComparison,
  { api, before }: Stage,
  change: Step | undefined,
): Step | undefined {
  const { facts, tools, lke, cluster } = context;
  const grows = change?.adds === true;
  if (current && !grows && (!facts.nodes || lackOf(current, facts.nodes.values()) === undefined)) return undefined;
  const { name } = spec;
  const { count } = desiredShape({ spec, current });
  return {
    id: `pool:nodes:${name}`,
    phase,
    target: name,
    text: `wait until its ${plural(count, 'node')} ${count === 1 ? 'is' : 'are'} Ready`,
    needs: [...needsOf(api), ...(change ? [change] : []), ...before],
    apply: async (run) => {
      const choice = {
        name,
        of: ({ pools }: Parameters<Parameters<typeof waitForPool>[3]['pool']['of']>[0]) =>
          pools.find((one) => (current ? one.id === current.id : one.name === name && types.includes(one.type))),
      };
      await waitForPool(tools, lke, valueOf(api, run), { cluster, pool: choice }, run);
    },
  };
}
