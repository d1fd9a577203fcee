import { cordonedAnnotation } from '../../domain/index.js';
import { compareMinors, minorOf } from './minors.js';
import { desiredShape } from './compare.js';
import { type LkeContext, nodesIn, type PlacedNode } from './context.js';

/** What becomes of nodes that are there. */
export interface NodeFates {
  /** LKE makes each anew, and its pool stays as large. */
  readonly recycled: readonly PlacedNode[];
  /** Each leaves, and its pool with the last one where that goes. */
  readonly removed: readonly PlacedNode[];
  /** Emptied by a run that was stopped, and to stay: they take pods again. */
  readonly uncordoned: readonly PlacedNode[];
}

type Facts = Pick<LkeContext['facts'], 'pools' | 'nodes'>;

/** Decides; changes nothing. */
export function fatesOf(
  { pools, nodes }: Facts,
  { version, round }: { readonly version: string; readonly round: LkeContext['round'] },
): NodeFates {
  const kept = pools.asked.flatMap(({ current }) => current ?? []);
  const going = [...pools.asked.flatMap(({ former }) => former), ...pools.excess];
  const factsOf = (node: PlacedNode) => nodes?.get(node.name);
  const tooMany = pools.asked.flatMap((pool) => {
    if (!pool.current || pool.spec.autoscale) return [];
    const more = Math.max(0, pool.current.count - desiredShape(pool).count);
    // What does not serve goes first, then the youngest.
    const order = [...nodesIn([pool.current])].reverse();
    return order.sort((a, b) => Number(factsOf(a)?.ready ?? false) - Number(factsOf(b)?.ready ?? false)).slice(0, more);
  });
  const removed = [...tooMany, ...nodesIn(going)];
  const leaves = new Set(removed.map(({ id }) => id));
  const staying = nodesIn(kept).filter(({ id }) => !leaves.has(id));
  const isOlder = (node: PlacedNode): boolean => {
    const minor = minorOf(factsOf(node)?.version ?? '');
    return minor !== undefined && compareMinors(minor, version) < 0;
  };
  const recycled = staying.filter((node) => isOlder(node) || (round?.replacing.has(node.name) ?? false));
  const anew = new Set(recycled.map(({ id }) => id));
  return {
    recycled,
    removed,
    uncordoned: staying.filter(
      (node) => !anew.has(node.id) && factsOf(node)?.annotations[cordonedAnnotation] !== undefined,
    ),
  };
}
