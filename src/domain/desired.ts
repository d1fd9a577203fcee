import { machineLabels } from './labels.js';
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
}

interface Group {
  readonly pool: string;
  readonly role: Role;
  readonly count: number;
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
      types: type ?? [defaults.controlPlaneType],
      locations: locations ?? everywhere,
    },
    ...spec.pools.map((pool): Group => ({
      pool: pool.name,
      role: 'worker',
      count: pool.count,
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
}

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
): Comparison {
  const alive = existing.filter((machine) => machine.status !== 'deleting');
  const current: Machine[] = [];
  const missing: DesiredMachine[] = [];
  const desired: DesiredMachine[] = [];
  for (const group of groupsOf(spec, defaults)) {
    for (let slot = 1; slot <= group.count; slot += 1) {
      const occupants = alive
        .filter((machine) => machine.pool === group.pool && machine.slot === slot && machine.role === group.role)
        .sort((a, b) => b.generation - a.generation);
      const occupant = occupants.find((machine) => !machine.markedForRemoval);
      const generation = occupant?.generation ?? (occupants[0]?.generation ?? 0) + 1;
      const place: Slot = { pool: group.pool, role: group.role, slot, generation };
      const machine: DesiredMachine = {
        ...place,
        name: occupant?.name ?? machineName(cluster, place),
        types: group.types,
        location: occupant?.location ?? group.locations[(slot - 1) % group.locations.length]!,
        image: spec.image ?? defaults.image,
        labels: machineLabels(cluster, place, spec.kubernetes.distribution),
      };
      const placed = occupant ? machine : { ...machine, ...elsewhereFor(group.locations, slot) };
      desired.push(placed);
      if (occupant) current.push(occupant);
      else missing.push(placed);
    }
  }
  const currentIds = new Set(current.map((machine) => machine.id));
  const excess = alive.filter((machine) => !currentIds.has(machine.id)).sort((a, b) => b.slot - a.slot);
  return { desired, missing, current, excess };
}

/** The other locations of a pool, beginning with the one after that of this slot. */
function elsewhereFor(locations: readonly string[], slot: number): Pick<DesiredMachine, 'elsewhere'> {
  const own = (slot - 1) % locations.length;
  const others = [...locations.slice(own + 1), ...locations.slice(0, own)].filter((name) => name !== locations[own]);
  return others.length === 0 ? {} : { elsewhere: [...new Set(others)] };
}

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
