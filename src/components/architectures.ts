import type { Architecture, Selection } from './types.js';

/** What machines a pool has, where that is known. */
export interface PoolArchitectures {
  readonly name: string;
  readonly architectures: ReadonlySet<Architecture>;
}

/** A component that does not run on all machines its pods may come to. */
export interface Misfit {
  readonly component: string;
  readonly runsOn: readonly Architecture[];
  /** The pool it is told to live on; undefined: any. */
  readonly pool: string | undefined;
  /** What it does not run on, of what is there. */
  readonly notOn: readonly Architecture[];
  /** Whether there is any machine for it. */
  readonly fitsSomewhere: boolean;
}

/**
 * Components whose pods would come to machines that cannot run them.
 * @param pools those that take workloads; one of which nothing is known says nothing
 */
export function misfits(selection: Selection, pools: readonly PoolArchitectures[]): readonly Misfit[] {
  return selection.on.flatMap(({ id, definition, pool }): Misfit[] => {
    const there = [
      ...new Set(pools.filter(({ name }) => (pool ?? name) === name).flatMap((one) => [...one.architectures])),
    ];
    const notOn = there.filter((architecture) => !definition.architectures.includes(architecture)).sort();
    if (notOn.length === 0) return [];
    const fitsSomewhere = notOn.length < there.length;
    return [{ component: id, runsOn: definition.architectures, pool, notOn, fitsSomewhere }];
  });
}

/** For people: `linode-csi runs on amd64 alone, and the machines of pool web are arm64`. */
export function misfitText({ component, runsOn, pool, notOn, fitsSomewhere }: Misfit): string {
  const machines = pool === undefined ? 'machines' : `machines of pool ${pool}`;
  const which = fitsSomewhere
    ? `some ${machines} are`
    : pool === undefined
      ? 'all machines are'
      : `the ${machines} are`;
  return `${component} runs on ${runsOn.join(' and ')} alone, and ${which} ${notOn.join(' and ')}`;
}
