import { createHash } from 'node:crypto';
import { dirname, basename, join } from 'node:path';

import type { Clock, Random } from '../domain/clock.js';
import { BusyError } from '../errors/index.js';
import type { Files } from './files.js';
import type { StoredHolder } from './lock-file.js';
import type { ProcessInfo, ProcessTable } from './processes.js';
import type { Lock, LockHolder } from './types.js';

export interface LockOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly process: ProcessInfo;
  readonly processes: ProcessTable;
}

/** The last of a chain of holders, with the path at which the next one would claim it. */
interface LockChain {
  readonly content: string;
  readonly holder: StoredHolder | undefined;
  readonly claimPath: string;
}

/*
 * How a dead holder's lock is taken over, so that of any number of takers exactly one wins, and any of them may be
 * killed at any instant. Removing the dead one's file first would not do: a slow taker could remove the winner's.
 *
 * A claim to the lock with content C is the file `lock.<hash of C>`, made exclusively, holding the claimant. Who made
 * it is the holder from then on. A claimant that died is claimed the same way, so `lock`, its claim, that one's claim …
 * are a chain, and its last link holds the lock. The winner then writes itself into `lock` and removes the claims. A
 * late claim to content that is no longer in the chain is void; its maker sees that by following the chain once more.
 */

/** Follows the chain from `path`; undefined when the lock is free. */
async function lockChain(files: Files, path: string): Promise<LockChain | undefined> {
  let last: LockChain | undefined;
  for (let next = path; ; next = last.claimPath) {
    const content = await files.read(next);
    if (content === undefined) return last;
    // Most locks are free: what reads one that is held is only loaded then.
    const { parseHolder } = await import('./lock-file.js');
    last = { content, holder: parseHolder(content), claimPath: claimPath(path, content) };
  }
}

function claimPath(path: string, content: string): string {
  return `${path}.${createHash('sha256').update(content).digest('hex').slice(0, 32)}`;
}

/** Whether this holder may still be at work. On another host that cannot be known, so it counts as living. */
async function mayLive(holder: StoredHolder, options: LockOptions): Promise<boolean> {
  if (holder.host !== options.process.host) return true;
  if (!(await options.processes.isAlive(holder.pid))) return false;
  const startTime = await options.processes.startTime(holder.pid);
  return holder.startTime === undefined || startTime === undefined || startTime === holder.startTime;
}

/** Who holds the lock at `path`; undefined when it is free or its holder is dead. */
export async function lockHolder(path: string, options: LockOptions): Promise<LockHolder | undefined> {
  const current = await lockChain(options.files, path);
  if (!current?.holder || !(await mayLive(current.holder, options))) return undefined;
  return publicHolder(current.holder);
}

/** Takes the lock at `path`, or tells who has it. */
export async function tryLock(
  path: string,
  operation: string,
  options: LockOptions,
): Promise<{ readonly lock: Lock } | { readonly heldBy: LockHolder }> {
  const { files, process: self } = options;
  const holder: StoredHolder = {
    operation,
    ...self,
    since: new Date(options.clock.now()).toISOString(),
    startTime: await options.processes.startTime(self.pid),
    nonce: options.random.bytes(12).toString('hex'),
  };
  const content = `${JSON.stringify(holder)}\n`;
  for (;;) {
    if (await files.create(path, content)) return { lock: heldLock(path, content, holder, files) };
    const current = await lockChain(files, path);
    if (!current) continue;
    if (current.holder && (await mayLive(current.holder, options))) return { heldBy: publicHolder(current.holder) };
    if (!(await files.create(current.claimPath, content))) continue;
    if ((await lockChain(files, path))?.content === content) {
      await files.write(path, content);
      await removeClaims(path, files);
      return { lock: heldLock(path, content, holder, files) };
    }
    await files.remove(current.claimPath);
  }
}

async function removeClaims(path: string, files: Files): Promise<void> {
  for (const name of await files.list(dirname(path)))
    if (name.startsWith(`${basename(path)}.`)) await files.remove(join(dirname(path), name));
}

function heldLock(path: string, content: string, holder: StoredHolder, files: Files): Lock {
  let held = true;
  return {
    holder: publicHolder(holder),
    async release() {
      if (!held) return;
      held = false;
      // Somebody may have removed it by hand, and another operation may hold it by now.
      if ((await files.read(path)) === content) await files.remove(path);
    },
  };
}

function publicHolder({ operation, pid, host, user, since }: StoredHolder): LockHolder {
  return { operation, pid, host, user, since };
}

/** @throws BusyError code CLUSTER_BUSY, with the way out when the holder is on another host. */
export function busyError(
  cluster: string,
  path: string,
  holder: LockHolder,
  self: ProcessInfo,
  now: number,
): BusyError {
  const elsewhere = holder.host !== self.host;
  return new BusyError(
    `${cluster} is busy: ${holder.user} has been running \`${holder.operation}\` for ${duration(now - Date.parse(holder.since))}.`,
    {
      code: 'CLUSTER_BUSY',
      hint: elsewhere
        ? `Wait for it. If nothing runs on ${holder.host} any more, remove ${path} and run the same command again.`
        : `Wait for it, or end it with \`kill ${holder.pid}\`, then run the same command again.`,
      details: [`process ${holder.pid} on ${holder.host}, since ${holder.since}`],
    },
  );
}

/** `45 s`, `12 min`, `3 h 5 min`. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
