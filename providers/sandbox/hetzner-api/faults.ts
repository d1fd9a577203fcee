import { resourceUnavailable } from './errors.js';

/** What one call is to suffer. */
export type CallEffect =
  | {
      readonly error: {
        readonly status: number;
        readonly code: string;
        readonly message: string;
        /** Headers of the answer, where the API has some with its errors. */
        readonly headers?: Readonly<Record<string, string>>;
      };
      /** The work is done all the same. */
      readonly done?: boolean;
    }
  /** The answer comes this much later, in real milliseconds; the work was done at once. */
  | { readonly delayMs: number }
  /** The work is done, and the connection cut before the answer. */
  | { readonly drop: true }
  /** The connection is cut and nothing was done. */
  | { readonly dropBefore: true };

/** What holds until it is cleared, or has happened `times` times. */
export type StandingEffect =
  /** Without `location`: everywhere. */
  | { readonly soldOut: { readonly type: string; readonly location?: string } }
  /** No server of any type is made there, although the catalogue goes on offering it. */
  | { readonly closed: { readonly location: string } }
  /** The account has room for this many servers. */
  | { readonly limit: { readonly servers: number } }
  /** Servers whose name matches this regular expression are said to run, and never come up. */
  | { readonly neverBoots: string };

export interface CallMatch {
  readonly method?: string;
  /** A regular expression, searched in the path after `/v1`, without its query. */
  readonly path?: string;
  /** From which matching call on, counted from the order; 1 (the default) is the next one. */
  readonly nth?: number;
}

export interface Fault {
  readonly match?: CallMatch;
  /** The same as in `match`. */
  readonly nth?: number;
  /** How often; once for a call, without end for the others. */
  readonly times?: number;
  readonly effect: CallEffect | StandingEffect;
}

/** An ordered fault, with what has come of it. */
export interface OrderedFault extends Fault {
  readonly id: number;
  /** Matching calls seen so far. */
  readonly seen: number;
  /** How often it has happened. */
  readonly happened: number;
}

export interface FaultState {
  readonly next: number;
  readonly ordered: readonly OrderedFault[];
}

type Counted = { -readonly [K in keyof OrderedFault]: OrderedFault[K] };

const isStanding = (effect: Fault['effect']): effect is StandingEffect =>
  'soldOut' in effect || 'closed' in effect || 'limit' in effect || 'neverBoots' in effect;

/** Faults that somebody ordered, to see how a client takes them. */
export class Faults {
  #next = 1;
  #ordered: Counted[] = [];

  /**
   * @returns the id that `clear` takes.
   * @throws SyntaxError for a regular expression that can't be read.
   */
  add(fault: Fault): number {
    if (fault.match?.path !== undefined) new RegExp(fault.match.path);
    if ('neverBoots' in fault.effect) new RegExp(fault.effect.neverBoots);
    const id = this.#next++;
    this.#ordered.push({ ...structuredClone(fault), id, seen: 0, happened: 0 });
    return id;
  }

  list(): readonly OrderedFault[] {
    return structuredClone(this.#ordered);
  }

  /** Clears one, or all. */
  clear(id?: number): void {
    this.#ordered = id === undefined ? [] : this.#ordered.filter((fault) => fault.id !== id);
  }

  /** Counts a call and says what it is to suffer, if anything: the first ordered fault whose turn it is. */
  call(method: string, path: string): CallEffect | undefined {
    let suffered: CallEffect | undefined;
    for (const fault of this.#ordered) {
      if (isStanding(fault.effect)) continue;
      const { method: desired, path: pattern, nth = fault.nth ?? 1 } = fault.match ?? {};
      if (desired !== undefined && desired.toUpperCase() !== method) continue;
      if (pattern !== undefined && !new RegExp(pattern).test(path)) continue;
      fault.seen += 1;
      if (suffered || fault.seen < nth || fault.happened >= (fault.times ?? 1)) continue;
      fault.happened += 1;
      suffered = fault.effect;
    }
    return suffered;
  }

  isSoldOut(type: string, location: string): boolean {
    return this.#soldOut(type, location) !== undefined;
  }

  /** An order that meets an empty shelf. @throws ApiError resource_unavailable */
  assertForSale(type: string, location: string): void {
    const fault = this.#soldOut(type, location);
    if (!fault) return;
    fault.happened += 1;
    throw resourceUnavailable('error during placement');
  }

  /** A server that is ordered where none is made. @throws ApiError resource_unavailable */
  assertOpen(location: string): void {
    if (this.isClosed(location)) throw resourceUnavailable('server location disabled');
  }

  /** Whether no server of any type is made there. Counts. */
  isClosed(location: string): boolean {
    const fault = this.#standing().find(({ effect }) => 'closed' in effect && effect.closed.location === location);
    if (fault) fault.happened += 1;
    return fault !== undefined;
  }

  serverLimit(): number | undefined {
    const limits = this.#ordered.flatMap(({ effect }) => ('limit' in effect ? [effect.limit.servers] : []));
    return limits.length > 0 ? Math.min(...limits) : undefined;
  }

  /** Whether a machine that is about to boot for the first time never will. Counts. */
  keepsDown(name: string): boolean {
    const fault = this.#standing().find(
      ({ effect }) => 'neverBoots' in effect && new RegExp(effect.neverBoots).test(name),
    );
    if (!fault) return false;
    fault.happened += 1;
    return true;
  }

  snapshot(): FaultState {
    return { next: this.#next, ordered: structuredClone(this.#ordered) };
  }

  restore(state: FaultState): void {
    this.#next = state.next;
    this.#ordered = structuredClone(state.ordered).map((fault) => ({ ...fault }));
  }

  #soldOut(type: string, location: string): Counted | undefined {
    return this.#standing().find(
      ({ effect }) =>
        'soldOut' in effect &&
        effect.soldOut.type === type &&
        (effect.soldOut.location === undefined || effect.soldOut.location === location),
    );
  }

  #standing(): Counted[] {
    return this.#ordered.filter((fault) => isStanding(fault.effect) && fault.happened < (fault.times ?? Infinity));
  }
}
