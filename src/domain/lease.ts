/** Who operates on a cluster, as a Lease in it tells. Milliseconds since 1970; undefined where it does not say. */
export interface OperationLease {
  /** `ada@desk pid 4242 run 9f3c…`; empty: nobody. */
  readonly identity: string;
  /** `cluster apply` */
  readonly operation: string | undefined;
  readonly acquiredAt: number | undefined;
  readonly renewedAt: number | undefined;
  /** How long it counts without being renewed. */
  readonly durationMs: number;
}

/** A run that wants the cluster for itself. */
export interface LeaseTaker {
  readonly identity: string;
  /** Runs of the same workspace that died and may have left a Lease. */
  readonly predecessors: readonly string[];
}

/**
 * - `free`: nobody has it.
 * - `mine`: this very run has it.
 * - `left`: a run of the same workspace had it, and is dead.
 * - `held`: somebody has it and renewed it lately.
 * - `silent`: somebody has it and, by this computer's clock, has not renewed it in time, or will only have done so. Clocks
 *   differ, so it has expired only once it was watched for as long as it counts and was not renewed.
 */
type LeaseVerdict = 'free' | 'mine' | 'left' | 'held' | 'silent';

/** What one look at the Lease comes to. */
export function judgeLease(lease: OperationLease | undefined, taker: LeaseTaker, now: number): LeaseVerdict {
  if (lease === undefined || lease.identity === '') return 'free';
  if (lease.identity === taker.identity) return 'mine';
  const run = runnerOf(lease.identity)?.run;
  if (run !== undefined && taker.predecessors.includes(run)) return 'left';
  const { renewedAt, durationMs } = lease;
  return renewedAt !== undefined && Math.abs(now - renewedAt) <= durationMs ? 'held' : 'silent';
}

interface Runner {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** No other run ever has the same. */
  readonly run: string;
}

export const identityOf = ({ user, host, pid, run }: Runner): string => `${user}@${host} pid ${pid} run ${run}`;

/** Undefined for an identity that no run of Slipway wrote. */
export function runnerOf(identity: string): Runner | undefined {
  const parts = /^(.*)@(\S+) pid (\d+) run ([0-9a-f]+)$/.exec(identity);
  if (!parts) return undefined;
  const [, user = '', host = '', pid = '', run = ''] = parts;
  return { user, host, pid: Number(pid), run };
}
