import type { ChartFault } from '../helm/index.js';
import type { Fault } from '../hetzner-api/index.js';
import type { CutOrder } from '../hosts/index.js';
import type { World } from '../world.js';

/** What can go wrong on order. */
export interface FaultOrders {
  readonly cloud?: readonly Fault[];
  readonly cut?: readonly CutOrder[];
  /** Regular expressions on names of machines to come. */
  readonly neverBoot?: readonly string[];
  readonly serverLimit?: number;
  readonly soldOut?: readonly { readonly type: string; readonly location: string }[];
  /** By name of a chart or a release: see `ChartFault`. */
  readonly charts?: Readonly<Record<string, ChartFault>>;
  readonly clear?: boolean;
}

/** Orders faults; each part of the sandbox keeps its own. */
export function orderFaults(world: World, orders: FaultOrders): void {
  const { faults } = world.cloud;
  if (orders.clear) {
    faults.clear();
    world.machines.cuts.length = 0;
    world.chartFaults.clear();
  }
  for (const fault of orders.cloud ?? []) faults.add(fault);
  for (const neverBoots of orders.neverBoot ?? []) faults.add({ effect: { neverBoots } });
  if (orders.serverLimit !== undefined) faults.add({ effect: { limit: { servers: orders.serverLimit } } });
  for (const soldOut of orders.soldOut ?? []) faults.add({ effect: { soldOut } });
  world.chartFaults.order(orders.charts ?? {});
  world.machines.cuts.push(...(orders.cut ?? []));
}
