import type { Comparison } from './desired.js';
import { type DrainView, leavesOnDrain } from './drain.js';
import type { Machine } from './machine.js';

/**
 * On a node that an upgrade could not empty: the release that it had then, with `-` for `+`. Another machine has its place,
 * and it goes once its pods have.
 */
export const quarantineLabel = 'slipway.dev/quarantined';

/** Pods that keep nodes from being emptied, as `namespace/pod`, by node; nodes without any are not among them. */
export function podsThatStay(
  nodes: readonly string[],
  view: Pick<DrainView, 'pods'>,
): ReadonlyMap<string, readonly string[]> {
  const staying = nodes.map((node) => {
    const pods = view.pods.filter((pod) => pod.node === node && leavesOnDrain(pod));
    return [node, pods.map(({ namespace, name }) => `${namespace}/${name}`).sort()] as const;
  });
  return new Map(staying.filter(([, pods]) => pods.length > 0));
}

/** The machines as they are to be compared with the file: those in quarantine have given their places away. */
export const withoutPlaces = (machines: readonly Machine[], quarantined: ReadonlySet<string>): readonly Machine[] =>
  machines.map((machine) => (quarantined.has(machine.name) ? { ...machine, markedForRemoval: true } : machine));

/** The comparison with machines that stay beside those of the file, for as long as they have pods. */
export function holding(comparison: Comparison, staying: ReadonlyMap<string, unknown>): Comparison {
  const held = comparison.excess.filter(({ name }) => staying.has(name));
  if (held.length === 0) return comparison;
  return { ...comparison, excess: comparison.excess.filter((machine) => !held.includes(machine)), held };
}
