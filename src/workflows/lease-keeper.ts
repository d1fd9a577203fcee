import type { Clock } from '../domain/clock.js';
import { judgeLease, type LeaseTaker, type OperationLease } from '../domain/lease.js';
import { type BusyError, SlipwayError } from '../errors/index.js';
import { createLease, readLease, removeLease, replaceLease, type StoredLease } from '../kube/lease.js';
import type { Kube } from '../kube/types.js';

/** How long a Lease counts without being renewed: so long a run that was killed keeps others out. */
export const leaseMs = 20_000;
/** Between two renewals, and between two looks for an API that is not there yet. */
const renewMs = 5_000;
/** Between two looks at a Lease that may have expired. */
const watchMs = 2_000;
/** A step begins under a Lease that was renewed no longer ago. */
const freshMs = 2_000;
/** For the last requests, which must not hold up a command's end. */
const releaseMs = 5_000;
/** How often a release looks again: a renewal that was broken off may still arrive. */
const releaseLooks = 3;

export interface LeaseKeeperOptions {
  readonly taker: LeaseTaker;
  readonly operation: string;
  readonly clock: Clock;
  /** Ends waiting for the Lease; one that is held is renewed on. */
  readonly signal: AbortSignal;
  /** The cluster's API as it is known by now; undefined while there is none, or it does not answer. */
  readonly findApi: (signal: AbortSignal) => Promise<Kube | undefined>;
  readonly busy: (lease: OperationLease) => BusyError;
  /** @param lease somebody else's that is there instead; undefined: none is */
  readonly lost: (lease: OperationLease | undefined) => SlipwayError;
  /** It is being waited whether this one is still renewed. */
  readonly watching: (lease: OperationLease) => void;
  /** The API answers but gives no Lease. */
  readonly failed: (error: SlipwayError) => void;
}

/**
 * Keeps the Lease for one run. An API that does not answer is no reason to stop: nobody else gets the Lease from it
 * either, and a cluster whose servers are down is to be repaired. As soon as it answers, the Lease is taken, or renewed.
 */
export class LeaseKeeper {
  /** No further renewal. */
  readonly #end = new AbortController();
  /** Breaks off what is being asked. */
  readonly #requests = new AbortController();
  #stored: StoredLease | undefined;
  #lost: SlipwayError | undefined;
  #beating: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  /** When this run first asked to have it. */
  #acquiredAt: number | undefined;
  /** When the API was last asked, by both clocks: one stands still while the computer sleeps, the other can be set. */
  #askedAt = { monotonic: -Infinity, now: -Infinity };
  #answered = false;

  constructor(private readonly options: LeaseKeeperOptions) {}

  /** Takes the Lease, where the API answers, and keeps it from now on. @throws BusyError where another run has it */
  async begin(): Promise<void> {
    const signal = AbortSignal.any([this.options.signal, this.#requests.signal]);
    try {
      await this.#beat(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Held) throw this.options.busy(error.lease);
      if (!(error instanceof SlipwayError)) throw error;
      this.options.failed(error);
    }
    this.#loop = this.#keep();
  }

  /** @throws SlipwayError, what `lost` makes, once another run may work on the cluster */
  async admit(): Promise<void> {
    if (this.#stored && this.#elapsed() > (this.#answered ? freshMs : renewMs)) await this.#beatQuietly();
    if (this.#lost) throw this.#lost;
  }

  /**
   * Gives the Lease back, where the API answers.
   * @param clusterIsGone there is nobody to give it back to
   * @returns `left`: it may be there still, until it expires
   */
  async end(clusterIsGone = false): Promise<'given back' | 'never had' | 'left'> {
    const reason = new Error('the run has ended');
    this.#end.abort(reason);
    // A request that was broken off may still arrive, so those that go on are waited for, within reason.
    AbortSignal.timeout(releaseMs).addEventListener('abort', () => this.#requests.abort(reason), { once: true });
    await this.#loop;
    if (clusterIsGone) return 'given back';
    if (this.#acquiredAt === undefined) return 'never had';
    return (await this.#release().catch(() => false)) ? 'given back' : 'left';
  }

  async #keep(): Promise<void> {
    while (!this.#lost) {
      try {
        await this.options.clock.sleep(renewMs, this.#end.signal);
      } catch {
        return;
      }
      await this.#beatQuietly();
    }
  }

  /** What a renewal meets is told by the step that is not begun because of it, or by none: the next one may do. */
  async #beatQuietly(): Promise<void> {
    this.#beating ??= this.#beat(this.#requests.signal)
      .catch((error: unknown) => {
        if (error instanceof Held) this.#lost = this.options.lost(error.lease);
      })
      .finally(() => (this.#beating = undefined));
    await this.#beating;
  }

  async #beat(signal: AbortSignal): Promise<void> {
    this.#answered = false;
    try {
      const kube = await this.options.findApi(signal);
      if (!kube) return;
      await (this.#stored ? this.#renew(kube, this.#stored, signal) : this.#take(kube, signal));
      this.#answered = true;
    } finally {
      this.#askedAt = { monotonic: this.options.clock.monotonic(), now: this.options.clock.now() };
    }
  }

  /** Somebody else is the first wherever a change is refused, so this comes to an end. */
  async #take(kube: Kube, signal: AbortSignal): Promise<void> {
    const { taker, clock } = this.options;
    while (!this.#stored) {
      const there = await readLease(kube, { signal });
      const verdict = judgeLease(there, taker, clock.now());
      if (there && verdict === 'held') throw new Held(there);
      if (there && verdict === 'silent' && !(await this.#staysSilent(kube, there, signal))) continue;
      this.#acquiredAt = clock.now();
      this.#stored = await (there
        ? replaceLease(kube, there, this.#mine(), { signal })
        : createLease(kube, this.#mine(), { signal }));
    }
  }

  /** Whether nobody renews it for as long as it counts: whatever the two computers' clocks say, it has expired then. */
  async #staysSilent(kube: Kube, before: StoredLease, signal: AbortSignal): Promise<boolean> {
    const { clock, watching } = this.options;
    watching(before);
    const deadline = clock.monotonic() + (before.durationMs || leaseMs);
    while (clock.monotonic() < deadline) {
      const ended = AbortSignal.any([signal, this.#end.signal]);
      await clock.sleep(Math.min(watchMs, deadline - clock.monotonic()), ended);
      if ((await readLease(kube, { signal }))?.version !== before.version) return false;
    }
    return true;
  }

  async #renew(kube: Kube, before: StoredLease, signal: AbortSignal): Promise<void> {
    const renewed = await replaceLease(kube, before, this.#mine(), { signal });
    if (renewed) {
      this.#stored = renewed;
      return;
    }
    // An answer may have been lost, or somebody wrote a note on it.
    const there = await readLease(kube, { signal });
    if (there?.identity === this.options.taker.identity) this.#stored = there;
    else this.#lost = this.options.lost(there?.identity ? there : undefined);
  }

  async #release(): Promise<boolean> {
    const signal = AbortSignal.timeout(releaseMs);
    const kube = await this.options.findApi(signal);
    for (let look = 0; kube && look < releaseLooks; look++) {
      const there = await readLease(kube, { signal });
      if (there?.identity !== this.options.taker.identity) return true;
      await removeLease(kube, there, { signal });
    }
    return false;
  }

  #mine(): OperationLease {
    const { taker, operation, clock } = this.options;
    const renewedAt = clock.now();
    return { identity: taker.identity, operation, acquiredAt: this.#acquiredAt, renewedAt, durationMs: leaseMs };
  }

  /** Milliseconds since the API was last asked, by the clock that says more. */
  #elapsed(): number {
    const { clock } = this.options;
    return Math.max(clock.monotonic() - this.#askedAt.monotonic, Math.abs(clock.now() - this.#askedAt.now));
  }
}

class Held extends Error {
  constructor(readonly lease: OperationLease) {
    super('another run has the Lease');
  }
}
