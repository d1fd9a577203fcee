import { machineLabels, newStandby } from './labels.js';
import { controlPlanePool, type ClusterRef, type Machine, type Role, type Slot } from './machine.js';
import { machineName } from './names.js';
import type { ClusterSpec } from './spec/schema.js';

/** What the cluster file leaves open, from the provider. */
export interface DesiredDefaults {
  readonly controlPlaneType: string;
  readonly workerType: string;
  readonly location: string;
  readonly image: string;
}

/** A machine that shall exist; structurally a provider's machine request. */
export interface DesiredMachine extends Slot {
  readonly name: string;
  readonly types: readonly string[];
  readonly location: string;
  /** Other locations for one that is missing, in order, where none of its types is to be had at its own. */
  readonly elsewhere?: readonly string[] | undefined;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The standby that becomes it; undefined: it is made anew. */
  readonly promotes?: Machine | undefined;
}

interface Group {
  readonly pool: string;
  readonly role: Role;
  readonly count: number;
  /** Of a pool that scales by itself the most that it may have, of which `count` is the least; undefined of others. */
  readonly most?: number | undefined;
  readonly standby: number;
  readonly types: readonly string[];
  readonly locations: readonly string[];
}

/** The control plane and the pools in one form. */
export function groupsOf(spec: ClusterSpec, defaults: DesiredDefaults): readonly Group[] {
  const everywhere = spec.provider.locations ?? [defaults.location];
  const { count, type, locations } = spec.controlPlane;
  return [
    {
      pool: controlPlanePool,
      role: 'control-plane',
      count,
      // A control plane that survives the loss of one needs no sixth machine in a hurry.
      standby: 0,
      types: type ?? [defaults.controlPlaneType],
      locations: locations ?? everywhere,
    },
    ...spec.pools.map((pool): Group => ({
      pool: pool.name,
      role: 'worker',
      count: pool.count,
      most: pool.autoscale?.max,
      standby: pool.standby,
      types: pool.type ?? [defaults.workerType],
      locations: pool.locations ?? everywhere,
    })),
  ];
}

/** Every location the cluster may use, each once. */
export function locationsOf(spec: ClusterSpec, defaults: DesiredDefaults): readonly string[] {
  return [...new Set(groupsOf(spec, defaults).flatMap((group) => group.locations))];
}

export interface Comparison {
  /** Every machine the cluster shall have, existing and missing. */
  readonly desired: readonly DesiredMachine[];
  readonly missing: readonly DesiredMachine[];
  readonly current: readonly Machine[];
  /** Machines in no desired slot, highest slot first. */
  readonly excess: readonly Machine[];
  /** Machines in quarantine with pods that stay: in no desired slot, and not to leave yet. Undefined: none. */
  readonly held?: readonly Machine[] | undefined;
  /** Machines that stand by; they are in none of the others. */
  readonly standbys: Standbys;
}

export interface Standbys {
  readonly missing: readonly DesiredMachine[];
  /** Those that can be promoted, or can once they are prepared. */
  readonly current: readonly Machine[];
  /** Too many, off, or of another kind than their pool's machines. */
  readonly excess: readonly Machine[];
}

/** What is asked of pools that scale by themselves, beside what they have. */
export interface Demand {
  /** Places that are to have a machine; with a location where it is bound to one. */
  readonly places: readonly { readonly pool: string; readonly slot: number; readonly location?: string | undefined }[];
  /** Machines that leave and are not replaced, by name. */
  readonly leaving: ReadonlySet<string>;
}

export const noDemand: Demand = { places: [], leaving: new Set() };

/**
 * Compares the file with what exists. A slot keeps its machine (the highest generation, should a replacement have
 * left two); a machine that is being deleted does not count. One marked for removal is excess, and its slot gets a machine of
 * the next generation.
 */
export function diffMachines(
  cluster: ClusterRef,
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  existing: readonly Machine[],
  demand: Demand = noDemand,
): Comparison {
  const here = existing.filter((machine) => machine.status !== 'deleting');
  const alive = here.filter(({ standby }) => standby === undefined);
  const current: Machine[] = [];
  const missing: DesiredMachine[] = [];
  const desired: DesiredMachine[] = [];
  for (const group of groupsOf(spec, defaults)) {
    for (const slot of slotsOf(group, alive, demand)) {
      const occupants = alive
        .filter((machine) => machine.pool === group.pool && machine.slot === slot && machine.role === group.role)
        .sort((a, b) => b.generation - a.generation);
      const occupant = occupants.find((machine) => !machine.markedForRemoval);
      const generation = occupant?.generation ?? (occupants[0]?.generation ?? 0) + 1;
      const place: Slot = { pool: group.pool, role: group.role, slot, generation };
      const bound = demand.places.find((one) => one.pool === group.pool && one.slot === slot)?.location;
      const machine: DesiredMachine = {
        ...place,
        name: occupant?.name ?? machineName(cluster, place),
        types: group.types,
        location: occupant?.location ?? bound ?? group.locations[(slot - 1) % group.locations.length]!,
        image: spec.image ?? defaults.image,
        labels: machineLabels(cluster, place, spec.kubernetes.distribution),
      };
      const placed = occupant || bound !== undefined ? machine : { ...machine, ...elsewhereFor(group.locations, slot) };
      desired.push(placed);
      if (occupant) current.push(occupant);
      else missing.push(placed);
    }
  }
  const currentIds = new Set(current.map((machine) => machine.id));
  const excess = alive.filter((machine) => !currentIds.has(machine.id)).sort((a, b) => b.slot - a.slot);
  return { desired, missing, current, excess, standbys: diffStandbys(cluster, spec, defaults, existing) };
}

/**
 * The places of a pool. One that scales by itself has those in which machines are, up to its maximum, and what is asked for of it
 * beside; never fewer than its minimum.
 */
function slotsOf({ pool, role, count, most }: Group, alive: readonly Machine[], demand: Demand): readonly number[] {
  if (most === undefined) return Array.from({ length: count }, (_, index) => index + 1);
  const taken = alive.filter((one) => one.pool === pool && one.role === role && !demand.leaving.has(one.name));
  const asked = demand.places.filter((one) => one.pool === pool);
  const all = [...new Set([...taken, ...asked].map(({ slot }) => slot))].sort((a, b) => a - b).slice(0, most);
  return [...all, ...freeSlots(all, count - all.length)].sort((a, b) => a - b);
}

/** The lowest that are not taken. */
export function freeSlots(taken: readonly number[], count: number): readonly number[] {
  const free: number[] = [];
  for (let slot = 1; free.length < count; slot += 1) if (!taken.includes(slot)) free.push(slot);
  return free;
}

/** The other locations of a pool, beginning with the one after that of this slot. */
function elsewhereFor(locations: readonly string[], slot: number): Pick<DesiredMachine, 'elsewhere'> {
  const own = (slot - 1) % locations.length;
  const others = [...locations.slice(own + 1), ...locations.slice(0, own)].filter((name) => name !== locations[own]);
  return others.length === 0 ? {} : { elsewhere: [...new Set(others)] };
}

/** Compares the standbys that the file asks for with those that there are. */
function diffStandbys(
  cluster: ClusterRef,
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  existing: readonly Machine[],
): Standbys {
  const waiting = existing.filter(({ standby, status }) => standby !== undefined && status !== 'deleting');
  const image = spec.image ?? defaults.image;
  const found = groupsOf(spec, defaults).map((group) => {
    const fit = waiting
      .filter((machine) => machine.pool === group.pool && machine.role === group.role && fits(machine, group, image))
      .sort((a, b) => a.slot - b.slot || a.generation - b.generation);
    const current = fit.slice(0, group.standby);
    const taken = new Set(current.map(({ slot }) => slot));
    const free = Array.from({ length: group.standby }, (_, index) => index + 1).filter((slot) => !taken.has(slot));
    const missing = free
      .slice(0, group.standby - current.length)
      .map((slot) => newStandbyOf(cluster, spec, image, group, slot, existing));
    return { current, missing };
  });
  const current = found.flatMap((one) => one.current);
  return {
    current,
    missing: found.flatMap((one) => one.missing),
    excess: waiting.filter((machine) => !current.includes(machine)),
  };
}

/** Whether it could be a machine of its pool as the file has it now. */
const fits = (
  { status, type, location, imageNames }: Machine,
  { types, locations }: Pick<Group, 'types' | 'locations'>,
  image: string,
): boolean =>
  ['creating', 'starting', 'running'].includes(status) &&
  types.includes(type) &&
  locations.includes(location) &&
  (imageNames === undefined || imageNames.includes(image));

/** One that is off, or is being deleted, has its name still: the next is of the first generation whose name is free. */
function newStandbyOf(
  cluster: ClusterRef,
  { kubernetes }: ClusterSpec,
  image: string,
  { pool, role, types, locations }: Group,
  slot: number,
  existing: readonly Machine[],
): DesiredMachine {
  const names = new Set(existing.map(({ name }) => name));
  const place: Slot = { pool, role, slot, generation: 1, standby: newStandby };
  for (let generation = 1; ; generation += 1) {
    const own = { ...place, generation };
    const name = machineName(cluster, own);
    if (names.has(name)) continue;
    return {
      ...own,
      name,
      types,
      location: locations[(slot - 1) % locations.length]!,
      image,
      labels: machineLabels(cluster, own, kubernetes.distribution),
      ...elsewhereFor(locations, slot),
    };
  }
}

/**
 * The comparison in which standbys take the places that are missing in their pools, those that are prepared first. What is
 * then too few of them is missing.
 */
export function withPromotions(
  comparison: Comparison,
  cluster: ClusterRef,
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  existing: readonly Machine[],
): Comparison {
  const left = [...promotable(comparison.standbys.current)];
  const promoted = new Map<string, DesiredMachine>();
  for (const desired of comparison.missing) {
    const at = left.findIndex((standby) => canBecome(standby, desired));
    if (at < 0) continue;
    const [standby] = left.splice(at, 1);
    promoted.set(desired.name, { ...desired, location: standby!.location, promotes: standby });
  }
  if (promoted.size === 0) return comparison;
  const change = (machine: DesiredMachine): DesiredMachine => promoted.get(machine.name) ?? machine;
  const taken = new Set([...promoted.values()].map(({ promotes }) => promotes!.name));
  const others = existing.map((machine) => (taken.has(machine.name) ? { ...machine, standby: undefined } : machine));
  return {
    ...comparison,
    desired: comparison.desired.map(change),
    missing: comparison.missing.map(change),
    standbys: diffStandbys(cluster, spec, defaults, others),
  };
}

/** Those that run, in the order in which they are promoted: first who is prepared. */
export const promotable = (standbys: readonly Machine[]): readonly Machine[] =>
  standbys
    .filter(({ status }) => status === 'running')
    .sort((a, b) => Number(a.standby === newStandby) - Number(b.standby === newStandby));

const canBecome = ({ pool, role, location }: Machine, desired: DesiredMachine): boolean =>
  pool === desired.pool &&
  role === desired.role &&
  (location === desired.location || (desired.elsewhere?.includes(location) ?? false));

/** The comparison with machines that are at their own location or nowhere. */
export function boundToLocation(comparison: Comparison, bound: readonly DesiredMachine[]): Comparison {
  const names = new Set(bound.map(({ name }) => name));
  const bind = ({ elsewhere, ...machine }: DesiredMachine): DesiredMachine =>
    names.has(machine.name) || elsewhere === undefined ? machine : { ...machine, elsewhere };
  return { ...comparison, desired: comparison.desired.map(bind), missing: comparison.missing.map(bind) };
}

/** The comparison as if these machines were not asked for; what exists of them stays. */
export function withoutMachines(
  { desired, missing, ...rest }: Comparison,
  left: readonly { readonly machine: string }[],
): Comparison {
  const isLeft = ({ name }: DesiredMachine): boolean => left.some(({ machine }) => machine === name);
  return { ...rest, desired: desired.filter((one) => !isLeft(one)), missing: missing.filter((one) => !isLeft(one)) };
}
