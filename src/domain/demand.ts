import { ageText } from './backup.js';
import { plural } from './plural.js';

/** What a node has, or a pod asks for. */
export interface Amounts {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly pods: number;
}

/** Labels and taints, by which a node is chosen. */
export interface NodeShape {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string | undefined; readonly effect: string }[];
}

export interface DemandToleration {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** A pod for which the scheduler finds no node. */
export interface DemandPod {
  readonly uid: string;
  /** `namespace/pod` */
  readonly name: string;
  readonly waitedMs: number;
  readonly asks: Omit<Amounts, 'pods'>;
  readonly selector: Readonly<Record<string, string>>;
  /** Required affinity to nodes: one of them has to match. Undefined: none is asked for. */
  readonly terms?: readonly (readonly Requirement[])[] | undefined;
  readonly tolerations: readonly DemandToleration[];
  /** It may not be beside others, so that room on a node that is there says nothing. */
  readonly apart: boolean;
  /** Where its volumes are; undefined: it has none that lie anywhere. */
  readonly locations?: readonly string[] | undefined;
  /** Why no new machine could help it: its volume is on a node's own disk, it asks for a GPU. */
  readonly hopeless?: string | undefined;
}

/** A node that takes pods, with what is free on it. */
export interface DemandNode extends NodeShape {
  readonly name: string;
  readonly free: Amounts;
}

/** A kind of machine that the pool's next one may be. */
export interface DemandOffer {
  readonly type: string;
  readonly location: string;
  /** Net, in the catalogue's currency, with its address; undefined: nobody says. */
  readonly monthly: number | undefined;
  /** What pods find free on it. */
  readonly free: Amounts;
  readonly shape: NodeShape;
}

/** A pool with nodes on demand. */
export interface DemandPool {
  readonly name: string;
  /** Machines that it has or is about to have, lost ones included. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
  /** Net monthly price of its machines; undefined where that of one is unknown. */
  readonly spent: number | undefined;
  readonly maxMonthlyPrice: number | undefined;
  readonly currency: string;
  /** In the order in which they are tried; those that cannot be had are left out. */
  readonly offers: readonly DemandOffer[];
  /** Prepared machines that stand by for it. */
  readonly standbys: number;
  /** Its nodes that only hold what every node has, and for how long. */
  readonly empty: readonly { readonly name: string; readonly slot: number; readonly emptyMs: number }[];
}

export interface DemandView {
  readonly pools: readonly DemandPool[];
  readonly nodes: readonly DemandNode[];
  readonly pods: readonly DemandPod[];
  /** How often a machine was made for a pod, by uid. */
  readonly helped: ReadonlyMap<string, number>;
  /** How many machines may be made or removed at once now: what healing may change, less what is down. */
  readonly budget: number;
  /** Whether every machine is well: none is removed before. */
  readonly allWell: boolean;
}

export interface DemandPolicy {
  readonly growAfterMs: number;
  readonly shrinkAfterMs: number;
}

export interface Growth {
  readonly pool: string;
  /** Where volumes bind it to; undefined: wherever the pool may be. */
  readonly location: string | undefined;
  /** The pods that it is for, by uid. */
  readonly pods: readonly string[];
  readonly because: string;
}

export interface DemandVerdict {
  readonly grow: readonly Growth[];
  readonly shrink: readonly { readonly name: string; readonly because: string }[];
  /** Pods that a pool would take, were it not for its limits: a sentence each. */
  readonly unmet: readonly string[];
}

/**
 * Which machines are to be made for pods that wait, and which stayed empty. A pod that has room on a node that is there waits for
 * something else. Of several pools the cheapest that fits is taken; none grows beyond its maximum, its price or what
 * may be changed at once, and none that grows is made smaller.
 */
export function judgeDemand(view: DemandView, { growAfterMs, shrinkAfterMs }: DemandPolicy): DemandVerdict {
  const waiting = view.pods.filter(({ waitedMs }) => waitedMs >= growAfterMs);
  const growing = new Growing(view);
  for (const pod of [...waiting].sort((a, b) => b.waitedMs - a.waitedMs || a.name.localeCompare(b.name)))
    growing.add(pod);
  const grow = growing.result();
  const left = view.budget - grow.length;
  return { grow, shrink: view.allWell ? shrinking(view, grow, shrinkAfterMs, left) : [], unmet: growing.unmet };
}

interface Room {
  readonly shape: NodeShape;
  free: Amounts;
}

interface NewNode extends Room {
  readonly pool: DemandPool;
  readonly offer: DemandOffer;
  readonly bound: boolean;
  readonly pods: DemandPod[];
}

class Growing {
  readonly unmet: string[] = [];
  readonly #there: readonly Room[];
  readonly #made: NewNode[] = [];

  constructor(private readonly view: DemandView) {
    this.#there = view.nodes.map(({ free, ...shape }) => ({ shape, free }));
  }

  add(pod: DemandPod): void {
    if (pod.hopeless !== undefined || (this.view.helped.get(pod.uid) ?? 0) >= tries(pod)) return;
    if (!pod.apart) {
      const room = this.#there.find((one) => suits(pod, one.shape) && holds(one.free, pod));
      if (room) return take(room, pod);
      const made = this.#made.find((one) => suitsOffer(pod, one.offer) && holds(one.free, pod));
      if (made) return this.#onto(made, pod);
    }
    const fitting = this.view.pools.flatMap((pool) => {
      const offer = pool.offers.find((one) => suitsOffer(pod, one) && holds(one.free, pod));
      return offer ? [{ pool, offer }] : [];
    });
    const limits = fitting.map(({ pool, offer }) => this.#limit(pool, offer));
    const free = fitting.filter((_, index) => limits[index] === undefined);
    const [best] = [...free].sort(
      (a, b) => price(a.offer) - price(b.offer) || Number(b.pool.standbys > 0) - Number(a.pool.standbys > 0),
    );
    if (best) {
      const { pool, offer } = best;
      const made = { pool, offer, shape: offer.shape, free: offer.free, bound: pod.locations !== undefined, pods: [] };
      this.#made.push(made);
      this.#onto(made, pod);
    } else if (limits.length > 0) this.unmet.push(`${pod.name} waits for a place: ${limits.join('; ')}`);
  }

  result(): readonly Growth[] {
    return this.#made.map(({ pool, offer, bound, pods }) => ({
      pool: pool.name,
      location: bound ? offer.location : undefined,
      pods: pods.map(({ uid }) => uid),
      because: `${plural(pods.length, 'pod')} ${pods.length === 1 ? 'has' : 'have'} waited for a place for ${Math.round(pods[0]!.waitedMs / 1000)} s: ${named(pods)}`,
    }));
  }

  #onto(made: NewNode, pod: DemandPod): void {
    made.pods.push(pod);
    // What wants to be apart shares with nobody that is to come, so that one machine too many is the worst.
    made.free = pod.apart ? { ...made.free, pods: 0 } : less(made.free, pod);
  }

  /** Why the pool may not have one more; undefined: it may. */
  #limit(pool: DemandPool, offer: DemandOffer): string | undefined {
    const coming = this.#made.filter((one) => one.pool === pool);
    if (pool.size + coming.length >= pool.max) return `pool ${pool.name} has its ${plural(pool.max, 'machine')}`;
    if (this.#made.length >= this.view.budget) return 'no more machines may be changed at once now';
    const { maxMonthlyPrice: most, currency, name, spent } = pool;
    if (most === undefined) return undefined;
    const all = [...coming.map((one) => one.offer.monthly), offer.monthly];
    if (spent === undefined || all.includes(undefined))
      return `pool ${name} has a maxMonthlyPrice, and not all prices are known`;
    const then = all.reduce<number>((sum, one) => sum + one!, spent);
    if (then <= most + 0.005) return undefined;
    return `pool ${name} would cost ${then.toFixed(2)} ${currency} a month, more than its maxMonthlyPrice of ${most.toFixed(2)}`;
  }
}

function shrinking(
  { pools }: DemandView,
  grow: readonly Growth[],
  shrinkAfterMs: number,
  budget: number,
): DemandVerdict['shrink'] {
  const free = pools.flatMap(({ name: pool, size, min, empty }) => {
    if (grow.some((one) => one.pool === pool)) return [];
    const idle = empty.filter(({ emptyMs }) => emptyMs >= shrinkAfterMs).sort((a, b) => b.slot - a.slot);
    return idle.slice(0, Math.max(0, size - min));
  });
  return free
    .slice(0, Math.max(0, budget))
    .map(({ name, emptyMs }) => ({ name, because: `it has been empty for ${ageText(emptyMs)}` }));
}

/** What others took the room of is helped again; where a machine did not help one that is to be apart, nor would the next. */
const tries = ({ apart }: DemandPod): number => (apart ? 1 : 3);

const price = ({ monthly }: DemandOffer): number => monthly ?? Number.MAX_VALUE;

const suitsOffer = (pod: DemandPod, { shape, location }: DemandOffer): boolean =>
  suits(pod, shape) && (pod.locations?.includes(location) ?? true);

/** Whether a pod may be on such a node, room aside: Kubernetes' rules for selectors, node affinity and taints. */
export function suits(
  { selector, terms, tolerations }: Pick<DemandPod, 'selector' | 'terms' | 'tolerations'>,
  { labels, taints }: NodeShape,
): boolean {
  return (
    Object.entries(selector).every(([key, value]) => labels[key] === value) &&
    (terms?.some((all) => all.length > 0 && all.every((one) => meets(one, labels[one.key]))) ?? true) &&
    taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerations.some((one) => tolerates(one, taint)))
  );
}

function meets({ operator, values = [] }: Requirement, own: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return own !== undefined && values.includes(own);
    case 'NotIn':
      return own === undefined || !values.includes(own);
    case 'Exists':
      return own !== undefined;
    case 'DoesNotExist':
      return own === undefined;
    case 'Gt':
      return own !== undefined && Number(own) > Number(values[0]);
    case 'Lt':
      return own !== undefined && Number(own) < Number(values[0]);
    default:
      return false;
  }
}

function tolerates({ key, operator, value, effect }: DemandToleration, taint: NodeShape['taints'][number]): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === undefined || key === '' || key === taint.key;
  return key === taint.key && (value ?? '') === (taint.value ?? '');
}

const holds = (free: Amounts, { asks }: DemandPod): boolean =>
  free.pods >= 1 && free.cpuMilli >= asks.cpuMilli && free.memoryMiB >= asks.memoryMiB;

const less = (free: Amounts, { asks }: DemandPod): Amounts => ({
  cpuMilli: free.cpuMilli - asks.cpuMilli,
  memoryMiB: free.memoryMiB - asks.memoryMiB,
  pods: free.pods - 1,
});

function take(room: Room, pod: DemandPod): void {
  room.free = less(room.free, pod);
}

function named(pods: readonly DemandPod[]): string {
  const shown = pods.slice(0, 3).map(({ name }) => name);
  return pods.length > 3 ? `${shown.join(', ')} and ${pods.length - 3} more` : shown.join(', ');
}
