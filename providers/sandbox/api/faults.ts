export interface FaultMatch {
  readonly method?: string;
  /** Regular expression on the path after /v1. */
  readonly path?: string;
}

export type FaultEffect =
  | { readonly error: { readonly status: number; readonly code: string; readonly message: string } }
  /** Real milliseconds by which the answer is late; the work is done before. */
  | { readonly delayMs: number }
  /** The connection is cut after the work was done. */
  | { readonly drop: true }
  | { readonly dropBefore: true };

export interface Fault {
  readonly match: FaultMatch;
  /** 1 is the next matching call. Default 1. */
  readonly nth?: number;
  /** For how many calls from then on. Default 1. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

/** Faults in the order they were asked for, each for its n-th matching call. */
export class Faults {
  #faults: { fault: Fault; seen: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 });
  }

  list(): readonly Fault[] {
    return this.#faults.map(({ fault }) => fault);
  }

  clear(): void {
    this.#faults = [];
  }

  /** What happens to this call. */
  for(method: string, path: string): FaultEffect | undefined {
    for (const entry of this.#faults) {
      const { match, nth = 1, times = 1 } = entry.fault;
      if (match.method !== undefined && match.method !== method) continue;
      if (match.path !== undefined && !new RegExp(match.path).test(path)) continue;
      entry.seen += 1;
      if (entry.seen >= nth && entry.seen < nth + times) return entry.fault.effect;
    }
    return undefined;
  }
}
