import type { Clock, Random } from '../domain/clock.js';
import type { StoredHolder } from './lock-file.js';
import type { ProcessInfo, ProcessTable } from './processes.js';
import type { LockHolder } from './types.js';

/** What tells one holder of a lock from another. */
export interface HolderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly process: ProcessInfo;
  readonly processes: ProcessTable;
}

/** What this process writes into a lock that it takes: no other ever writes the same. */
export const holderText = async (operation: string, options: HolderOptions): Promise<string> =>
  textOf(await newHolder(operation, options));

export const textOf = (holder: StoredHolder): string => `${JSON.stringify(holder)}\n`;

/** This process as the holder of a lock. */
export async function newHolder(operation: string, options: HolderOptions): Promise<StoredHolder> {
  return {
    operation,
    ...options.process,
    since: new Date(options.clock.now()).toISOString(),
    startTime: await options.processes.startTime(options.process.pid),
    nonce: options.random.bytes(12).toString('hex'),
  };
}

/** Whether this holder may still be at work. On another host that cannot be known, so it counts as living. */
export async function mayLive(holder: StoredHolder, options: HolderOptions): Promise<boolean> {
  if (holder.ended) return false;
  if (holder.host !== options.process.host) return true;
  if (!(await options.processes.isAlive(holder.pid))) return false;
  const startTime = await options.processes.startTime(holder.pid);
  return holder.startTime === undefined || startTime === undefined || startTime === holder.startTime;
}

export const publicHolder = ({ operation, pid, host, user, since }: LockHolder): LockHolder => ({
  operation,
  pid,
  host,
  user,
  since,
});
