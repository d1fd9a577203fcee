import { BusyError } from '../errors/index.js';
import type { BlobStore } from './blob-store.js';
import type { StoredHolder } from './lock-file.js';
import { type HolderOptions, mayLive, newHolder, publicHolder, textOf } from './lock-holder.js';
import type { ProcessInfo } from './processes.js';
import type { Lock, LockHolder } from './types.js';

/** Who holds the lock; undefined when it is free or its holder is dead. */
export async function lockHolder(
  store: BlobStore,
  key: string,
  options: HolderOptions,
): Promise<LockHolder | undefined> {
  const there = await store.read(key);
  const holder = there && (await parse(there.text));
  return holder && (await mayLive(holder, options)) ? publicHolder(holder) : undefined;
}

/** Nonces of dead holders, of whom whoever takes the lock next is told. */
export async function deadHolders(store: BlobStore, key: string, options: HolderOptions): Promise<readonly string[]> {
  const there = await store.read(key);
  const holder = there && (await parse(there.text));
  if (!holder) return [];
  return (await mayLive(holder, options)) ? (holder.predecessors ?? []) : deadAfter(holder);
}

/** Takes the lock, over from a dead holder too, or tells who has it. Of any number of takers exactly one wins. */
export async function takeLock(
  store: BlobStore,
  key: string,
  operation: string,
  options: HolderOptions,
): Promise<{ readonly lock: Lock } | { readonly heldBy: LockHolder }> {
  const self = await newHolder(operation, options);
  for (;;) {
    if (await store.create(key, textOf(self))) return { lock: heldLock(store, key, self) };
    const there = await store.read(key);
    if (!there) continue;
    const holder = await parse(there.text);
    if (holder && (await mayLive(holder, options))) return { heldBy: publicHolder(holder) };
    const successor = { ...self, predecessors: holder ? deadAfter(holder) : [] };
    if (await store.replace(key, textOf(successor), there.version)) return { lock: heldLock(store, key, successor) };
  }
}

/** Dead runs that a lock remembers. */
const rememberedRuns = 16;

const deadAfter = ({ nonce, predecessors = [] }: StoredHolder): readonly string[] =>
  [...predecessors, nonce].slice(-rememberedRuns);

function heldLock(store: BlobStore, key: string, self: StoredHolder): Lock {
  const content = textOf(self);
  let held = true;
  return {
    holder: publicHolder(self),
    run: self.nonce,
    predecessors: self.predecessors ?? [],
    async release(remember) {
      if (!held) return;
      held = false;
      // Somebody may have removed it by hand, and another operation may hold it by now.
      const there = await store.read(key);
      if (there?.text !== content) return;
      if (remember) await store.replace(key, textOf({ ...self, ended: true }), there.version);
      else await store.remove(key, there.version);
    },
  };
}

/** Most locks are free: what reads one that is held is only loaded then. */
const parse = async (text: string) => (await import('./lock-file.js')).parseHolder(text);

/** @throws BusyError code CLUSTER_BUSY, with the way out when the holder is on another host. */
export function busyError(
  cluster: string,
  breakIt: string,
  holder: LockHolder,
  self: ProcessInfo,
  now: number,
): BusyError {
  const elsewhere = holder.host !== self.host;
  return new BusyError(busyMessage(cluster, holder, now), {
    code: 'CLUSTER_BUSY',
    hint: elsewhere
      ? `Wait for it. If nothing runs on ${holder.host} any more, ${breakIt} and run the same command again.`
      : `Wait for it, or end it with \`kill ${holder.pid}\`, then run the same command again.`,
    details: [processText(holder)],
  });
}

export const busyMessage = (cluster: string, { user, operation, since }: LockHolder, now: number): string =>
  `${cluster} is busy: ${user} has been running \`${operation}\` for ${duration(now - Date.parse(since))}.`;

export const processText = ({ pid, host, since }: LockHolder): string => `process ${pid} on ${host}, since ${since}`;

/** `45 s`, `12 min`, `3 h 5 min`. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
