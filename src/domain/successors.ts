import type { Slot } from './machine.js';

interface Named extends Pick<Slot, 'pool' | 'role' | 'slot'> {
  readonly name: string;
}

/**
 * Which machine takes the place of which that leaves: the one in its own slot. Those that leave without one wait for a
 * newcomer of their role each, their own pool's first, as long as there are any: what is drained needs a place to go, and
 * the machines in service are never fewer than before or after, whichever is less.
 * @param newcomers machines that are desired and not in service yet
 */
export function successorsOf<T extends Named>(
  leaving: readonly Named[],
  desired: readonly T[],
  newcomers: readonly T[],
): ReadonlyMap<string, T> {
  const successors = new Map<string, T>();
  for (const machine of leaving) {
    const own = desired.find(
      ({ pool, role, slot }) => pool === machine.pool && role === machine.role && slot === machine.slot,
    );
    if (own) successors.set(machine.name, own);
  }
  const own = new Set(successors.values());
  const free = newcomers.filter((newcomer) => !own.has(newcomer));
  const alone = leaving.filter(({ name }) => !successors.has(name));
  for (const isFit of [samePool, sameRole]) {
    for (const machine of alone) {
      const at = free.findIndex((newcomer) => isFit(newcomer, machine));
      if (successors.has(machine.name) || at < 0) continue;
      successors.set(machine.name, free.splice(at, 1)[0]!);
    }
  }
  return successors;
}

const sameRole = (a: Named, b: Named): boolean => a.role === b.role;
const samePool = (a: Named, b: Named): boolean => a.pool === b.pool && sameRole(a, b);
