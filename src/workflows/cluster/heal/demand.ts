import {
  type Amounts,
  type Comparison,
  type Demand,
  type DemandNode,
  type DemandOffer,
  type DemandPool,
  type DemandVerdict,
  diffMachines,
  freeSlots,
  groupsOf,
  type HealVerdict,
  judgeDemand,
  type Machine,
  noDemand,
  promotable,
  slotLabel,
} from '../../../domain/index.js';
import type { SlipwayError } from '../../../errors/index.js';
import type { PoolSpec } from '../../../domain/spec/schema.js';
import type { KubeObject, KubeOptions, NodeFacts } from '../../../kube/types.js';
import type { ClusterApi } from '../../../phases/context.js';
import { desiredLabels } from '../../../phases/desired-marks.js';
import type { Catalog, MachineType } from '../../../provider/port.js';
import type { WorkflowContext } from '../../context.js';
import type { HealLook, HealTarget } from './look.js';
import {
  allocatableOf,
  amountsOf,
  claimsOf,
  demandPod,
  findsNoNode,
  hasEnded,
  isOfEveryNode,
  podSpec,
  type Term,
  type VolumesOf,
} from './pod-shapes.js';

/** What a watch has seen, by the computer's monotonic clock. Lost with it: everything is then waited for anew. */
export class DemandSightings {
  /** Pods that find no node, by uid, since when. */
  readonly waiting = new Map<string, number>();
  /** Empty nodes, by uid, since when. */
  readonly empty = new Map<string, number>();
  /** How often a machine was made for a pod, by uid. */
  readonly helped = new Map<string, number>();
  /** When nodes were last looked at. */
  lookedAt: number | undefined;

  help(uids: readonly string[]): void {
    for (const uid of uids) this.helped.set(uid, (this.helped.get(uid) ?? 0) + 1);
  }
}

export interface DemandOptions {
  readonly growAfterMs: number;
  readonly shrinkAfterMs: number;
  readonly seen: DemandSightings;
}

export interface DemandLook {
  readonly verdicts: readonly HealVerdict[];
  readonly demand: Demand;
  /** Uids of the pods that machines are made for. */
  readonly helps: readonly string[];
  /** Pods that a pool would take, were it not for its limits: a sentence each. */
  readonly unmet: readonly string[];
  /** Why it could not be found out: what is lost is healed nevertheless. */
  readonly failed?: SlipwayError | undefined;
}

export const noDemandSeen: DemandLook = { verdicts: [], demand: noDemand, helps: [], unmet: [] };

/** How often nodes are looked at for whether they are empty: all pods are listed for it. */
const nodesEveryMs = 30_000;

/**
 * What pods ask of the pools that scale by themselves. One call of the API each time; all pods are listed, and prices asked
 * for, only where something may be done about it.
 * @param budget how many machines may be changed at once
 */
export async function lookForDemand(
  context: WorkflowContext,
  target: HealTarget,
  look: HealLook,
  { budget, allWell }: { readonly budget: number; readonly allWell: boolean },
  options: DemandOptions,
): Promise<DemandLook> {
  const { api, comparison } = look;
  const pools = target.record.spec.pools.filter(({ autoscale }) => autoscale !== undefined);
  if (!api || !comparison || pools.length === 0) return noDemandSeen;
  const { seen, growAfterMs, shrinkAfterMs } = options;
  const now = context.clock.monotonic();
  const kubeOptions = { signal: context.signal };
  const fieldSelector = 'spec.nodeName=,status.phase=Pending';
  const pending = (await api.kube.list('v1', 'Pod', { fieldSelector }, kubeOptions)).filter(findsNoNode);
  remember(seen.waiting, pending, now);
  const ripe = pending.filter((pod) => now - seen.waiting.get(uidOf(pod))! >= growAfterMs);
  const sizeOf = ({ name }: PoolSpec): number => comparison.desired.filter(({ pool }) => pool === name).length;
  const isLarger = pools.some((pool) => sizeOf(pool) > pool.autoscale!.min);
  const every = Math.min(nodesEveryMs, shrinkAfterMs / 4);
  // What is about to be removed is looked at each time, last under the lock.
  const isIdle = [...seen.empty.values()].some((since) => now - since >= shrinkAfterMs);
  const isDue = isLarger && (isIdle || seen.lookedAt === undefined || now - seen.lookedAt >= every);
  if (ripe.length === 0 && !isDue) return noDemandSeen;
  const found = await lookAtNodes(api, kubeOptions);
  seen.lookedAt = now;
  remember(seen.empty, emptyNodes(found, look, pools), now);
  const catalog = ripe.length > 0 ? await target.provider.catalog(kubeOptions) : undefined;
  const volumesOf = await volumes(api, ripe, kubeOptions);
  const verdict = judgeDemand(
    {
      pools: pools.map((pool) =>
        demandPool({ pool, size: sizeOf(pool), target, look, comparison, found, catalog, seen, now }),
      ),
      nodes: roomOf(found, look.nodes),
      pods: ripe.map((pod) => demandPod(pod, now - seen.waiting.get(uidOf(pod))!, volumesOf)),
      helped: seen.helped,
      budget,
      allWell,
    },
    { growAfterMs, shrinkAfterMs },
  );
  return asVerdicts(target, look, comparison, verdict);
}

const uidOf = ({ metadata }: KubeObject): string => String(metadata['uid']);

/** Keeps since when each of these has been so, and forgets the others. */
function remember(since: Map<string, number>, objects: readonly KubeObject[], now: number): void {
  const uids = new Set(objects.map(uidOf));
  for (const uid of [...since.keys()]) if (!uids.has(uid)) since.delete(uid);
  for (const uid of uids) if (!since.has(uid)) since.set(uid, now);
}

interface Found {
  readonly nodes: readonly KubeObject[];
  /** Those that take something of a node. */
  readonly pods: readonly KubeObject[];
}

async function lookAtNodes({ kube }: ClusterApi, options: KubeOptions): Promise<Found> {
  const [nodes, pods] = await Promise.all([kube.list('v1', 'Node', {}, options), kube.list('v1', 'Pod', {}, options)]);
  return { nodes, pods: pods.filter((pod) => podSpec(pod).nodeName !== undefined && !hasEnded(pod)) };
}

const podsOn = ({ pods }: Found, node: string): readonly KubeObject[] =>
  pods.filter((pod) => podSpec(pod).nodeName === node);

/** Nodes of these pools that run, take pods, and have none but those that every node has. */
function emptyNodes(found: Found, { comparison, nodes }: HealLook, pools: readonly PoolSpec[]): readonly KubeObject[] {
  return found.nodes.filter((node) => {
    const { name } = node.metadata;
    const machine = comparison?.current.find((one) => one.name === name);
    const facts = nodes.get(name);
    return (
      machine?.status === 'running' &&
      pools.some((pool) => pool.name === machine.pool) &&
      facts?.ready === true &&
      facts.schedulable &&
      podsOn(found, name).every(isOfEveryNode)
    );
  });
}

/** What a cloud's controller takes off a node that has just joined. */
const passing = /^node\.cloudprovider\.kubernetes\.io\//;

function roomOf(found: Found, nodes: ReadonlyMap<string, NodeFacts>): readonly DemandNode[] {
  return found.nodes.flatMap((node) => {
    const { name } = node.metadata;
    const facts = nodes.get(name);
    const all = allocatableOf(node);
    if (!facts?.ready || !facts.schedulable || !all) return [];
    const taints = facts.taints.filter(({ key }) => !passing.test(key));
    return [{ name, labels: facts.labels, taints, free: lessAll(all, podsOn(found, name)) }];
  });
}

const lessAll = (all: Amounts, pods: readonly KubeObject[]): Amounts =>
  pods.map(amountsOf).reduce(
    (left, one) => ({
      cpuMilli: left.cpuMilli - one.cpuMilli,
      memoryMiB: left.memoryMiB - one.memoryMiB,
      pods: left.pods - one.pods,
    }),
    all,
  );

interface PoolInput {
  readonly pool: PoolSpec;
  readonly size: number;
  readonly target: HealTarget;
  readonly look: HealLook;
  readonly comparison: Comparison;
  readonly found: Found;
  /** Undefined: nothing is to be made. */
  readonly catalog: Catalog | undefined;
  readonly seen: DemandSightings;
  readonly now: number;
}

function demandPool(input: PoolInput): DemandPool {
  const { pool, size, comparison, found, catalog, seen, now } = input;
  const { min, max, maxMonthlyPrice } = pool.autoscale!;
  const own = comparison.current.filter((machine) => machine.pool === pool.name);
  const standing = comparison.standbys.current.filter((machine) => machine.pool === pool.name);
  const prices = catalog && [...own, ...standing].map(({ type, location }) => monthlyOf(catalog, type, location));
  return {
    name: pool.name,
    size,
    min,
    max,
    spent: prices?.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0),
    maxMonthlyPrice,
    currency: catalog?.currency ?? '',
    offers: catalog ? offersOf(input, catalog, own) : [],
    standbys: promotable(standing).length,
    empty: own.flatMap(({ name, slot }) => {
      const node = found.nodes.find((one) => one.metadata.name === name);
      const since = node && seen.empty.get(uidOf(node));
      return since === undefined ? [] : [{ name, slot, emptyMs: now - since }];
    }),
  };
}

function monthlyOf({ machineTypes, addresses }: Catalog, type: string, location: string): number | undefined {
  const offer = machineTypes.find(({ name }) => name === type)?.offers.find((one) => one.location === location);
  return offer && offer.monthly + (addresses.find((one) => one.location === location)?.monthly ?? 0);
}

/** What the pool's next machine may be, in the order in which its provider is asked for it. */
function offersOf(
  { pool, target, look, comparison, found }: PoolInput,
  catalog: Catalog,
  own: readonly Machine[],
): readonly DemandOffer[] {
  const { record, provider } = target;
  const { types, locations } = groupsOf(record.spec, provider.defaults).find((one) => one.pool === pool.name)!;
  const taken = comparison.desired.filter((one) => one.pool === pool.name).map(({ slot }) => slot);
  const first = (freeSlots(taken, 1)[0]! - 1) % locations.length;
  const places = [...new Set([...locations.slice(first), ...locations.slice(0, first)])];
  const always = overhead(found);
  return places.flatMap((location) =>
    types.flatMap((name): DemandOffer[] => {
      const type = catalog.machineTypes.find((one) => one.name === name);
      if (!type?.offers.some((one) => one.location === location && one.available)) return [];
      const like = own.find((machine) => machine.type === name && look.nodes.has(machine.name));
      const node = like && found.nodes.find(({ metadata }) => metadata.name === like.name);
      const all = (node && allocatableOf(node)) ?? guessed(type);
      const free = {
        cpuMilli: all.cpuMilli - always.cpuMilli,
        memoryMiB: all.memoryMiB - always.memoryMiB,
        pods: all.pods - always.pods,
      };
      const labels = {
        'kubernetes.io/os': 'linux',
        ...(type.architecture === undefined ? {} : { 'kubernetes.io/arch': type.architecture }),
        'node.kubernetes.io/instance-type': name,
        'topology.kubernetes.io/region': location,
        ...desiredLabels(record.spec, { pool: pool.name }),
      };
      const monthly = catalog.currency === '' ? undefined : monthlyOf(catalog, name, location);
      return [{ type: name, location, monthly, free, shape: { labels, taints: pool.taints } }];
    }),
  );
}

/** The kernel keeps a part of a machine's memory to itself, before any kubelet counts it. */
const guessed = ({ cores, memoryGiB }: MachineType): Amounts => ({
  cpuMilli: cores * 1000,
  memoryMiB: memoryGiB * 1024 * 0.93 - 100,
  pods: 110,
});

/** What pods that every node has take of the one on which they take the most. */
function overhead(found: Found): Amounts {
  const none: Amounts = { cpuMilli: 0, memoryMiB: 0, pods: 0 };
  const each = found.nodes.map(({ metadata }) => {
    const left = lessAll(none, podsOn(found, metadata.name).filter(isOfEveryNode));
    return { cpuMilli: -left.cpuMilli, memoryMiB: -left.memoryMiB, pods: -left.pods };
  });
  const most = (of: keyof Amounts): number => Math.max(0, ...each.map((one) => one[of]));
  return { cpuMilli: most('cpuMilli'), memoryMiB: most('memoryMiB'), pods: most('pods') };
}

/** Where the volumes of these pods are; asked for only where they have any. */
async function volumes({ kube }: ClusterApi, pods: readonly KubeObject[], options: KubeOptions): Promise<VolumesOf> {
  if (pods.every((pod) => claimsOf(pod).length === 0)) return () => [];
  const [claims, all] = await Promise.all([
    kube.list('v1', 'PersistentVolumeClaim', {}, options),
    kube.list('v1', 'PersistentVolume', {}, options),
  ]);
  return (pod) => {
    const affinities: (readonly Term[])[] = [];
    for (const name of claimsOf(pod)) {
      const claim = claims.find(
        (one) => one.metadata.name === name && one.metadata.namespace === pod.metadata.namespace,
      );
      if (!claim) return `its claim ${name} is not there`;
      const { volumeName } = (claim['spec'] ?? {}) as { volumeName?: string };
      const volume = all.find(({ metadata }) => metadata.name === volumeName);
      const { nodeAffinity } = (volume?.['spec'] ?? {}) as {
        nodeAffinity?: { required?: { nodeSelectorTerms?: readonly Term[] } };
      };
      const terms = nodeAffinity?.required?.nodeSelectorTerms;
      if (terms) affinities.push(terms);
    }
    return affinities;
  };
}

/** The judgement in places and names. */
function asVerdicts(
  { record, provider }: HealTarget,
  { machines }: HealLook,
  comparison: Comparison,
  { grow, shrink, unmet }: DemandVerdict,
): DemandLook {
  const taken = new Map<string, number[]>();
  const places = grow.map(({ pool, location }) => {
    const slots = taken.get(pool) ?? comparison.desired.filter((one) => one.pool === pool).map(({ slot }) => slot);
    const [slot] = freeSlots(slots, 1);
    taken.set(pool, [...slots, slot!]);
    return { pool, slot: slot!, ...(location === undefined ? {} : { location }) };
  });
  const demand: Demand = { places, leaving: new Set(shrink.map(({ name }) => name)) };
  const { missing } = diffMachines(record, record.spec, provider.defaults, machines, demand);
  const role = 'worker' as const;
  return {
    demand,
    helps: grow.flatMap(({ pods }) => pods),
    unmet,
    verdicts: [
      ...grow.flatMap(({ because }, index): HealVerdict[] => {
        const { pool, slot } = places[index]!;
        const machine = missing.find((one) => one.pool === pool && one.slot === slot);
        return machine ? [{ name: machine.name, place: slotLabel(machine), role, does: 'add', because }] : [];
      }),
      ...shrink.flatMap(({ name, because }): HealVerdict[] => {
        const machine = comparison.current.find((one) => one.name === name);
        return machine ? [{ name, place: slotLabel(machine), role, does: 'remove', because }] : [];
      }),
    ],
  };
}
