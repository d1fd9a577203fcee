import {
  bySlot,
  type ClusterRef,
  type Comparison,
  type DesiredMachine,
  type Machine,
  machineLabels,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { ManagedCluster, ManagedPool } from '../../provider/managed.js';
import { desiredShape, type PoolComparison, type Pools } from './compare.js';

/** LKE's nodes as machines, for whoever lists, counts or prices them. A node of whose machine nothing is known yet is none. */
function machinesOf(name: string, pools: readonly ManagedPool[], location: string): readonly Machine[] {
  let slot = 0;
  return pools.flatMap(({ nodes, type }) =>
    nodes.flatMap((node): Machine[] => {
      const { machine } = node;
      if (!machine) return [];
      slot += 1;
      return [
        {
          ...{ id: machine.id, name: node.name, pool: name, role: 'worker', slot, generation: 1, type, location },
          status: machine.isRunning ? 'running' : 'starting',
          publicAddress: machine.publicAddress,
          privateAddress: machine.privateAddress,
          labels: {},
          createdAt: machine.createdAt,
          isClosed: true,
        },
      ];
    }),
  );
}

/** One machine to come, whose name LKE chooses. */
function comingNode(
  cluster: ClusterRef,
  spec: ClusterSpec,
  { spec: { name } }: PoolComparison,
  { slot, type, location }: { readonly slot: number; readonly type: string; readonly location: string },
): DesiredMachine {
  const place = { pool: name, role: 'worker', slot, generation: 1 } as const;
  const labels = machineLabels(cluster, place, spec.kubernetes.distribution);
  return { ...place, name: `${cluster.name}-${name}-${slot}`, types: [type], location, image: '', labels };
}

/** @param leaving names of nodes that go */
export function compareMachines(
  { cluster, spec, location, types }: ComparedCluster,
  { asked, excess }: Pools,
  leaving: ReadonlySet<string>,
): Comparison & { readonly machines: readonly Machine[] } {
  const all = asked.map((pool) => {
    const found = machinesOf(pool.spec.name, [...(pool.current ? [pool.current] : []), ...pool.former], location);
    const shape = desiredShape(pool);
    // LKE makes a machine anew whose place has none: it is no news.
    const places = pool.current?.count ?? 0;
    const type = pool.current?.type ?? types.get(pool.spec.name)!;
    const missing = Array.from({ length: Math.max(0, shape.count - places) }, (_, index) =>
      comingNode(cluster, spec, pool, { slot: found.length + index + 1, type, location }),
    );
    return { found, missing };
  });
  const gone = excess.flatMap((pool) => machinesOf(pool.name!, [pool], location));
  const machines = [...all.flatMap(({ found }) => found), ...gone].sort(bySlot);
  const stays = (machine: Machine): boolean => !leaving.has(machine.name);
  const current = machines.filter(stays);
  const missing = all.flatMap((pool) => pool.missing);
  const asDesired = current.map((machine): DesiredMachine => ({
    ...{ name: machine.name, pool: machine.pool, role: machine.role, slot: machine.slot, generation: 1 },
    ...{ types: [machine.type], location, image: '', labels: {} },
  }));
  return {
    machines,
    desired: [...asDesired, ...missing],
    current,
    missing,
    excess: machines.filter((machine) => !stays(machine)),
    standbys: { missing: [], current: [], excess: [] },
  };
}

interface ComparedCluster {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  readonly location: string;
  readonly types: ReadonlyMap<string, string>;
}

/** The region of a cluster: where it is, or will be. */
export const locationOf = (spec: ClusterSpec, fallback: string, found: ManagedCluster | undefined): string =>
  found?.location ?? spec.provider.locations?.[0] ?? fallback;
