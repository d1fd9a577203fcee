import { createHash } from 'node:crypto';
import { dirname, basename, join } from 'node:path';

import type { Files } from './files.js';
import { holderText, mayLive, publicHolder, type HolderOptions } from './lock-holder.js';
import type { StoredHolder } from './lock-file.js';
import type { LockHolder } from './types.js';

export interface LockOptions extends HolderOptions {
  readonly files: Files;
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

/** Takes the lock at `path`, for as long as one small change takes, or tells who has it. */
export async function tryMomentLock(
  path: string,
  options: LockOptions,
): Promise<{ readonly release: () => Promise<void> } | { readonly heldBy: LockHolder }> {
  const { files } = options;
  const content = await holderText('a short change', options);
  const release = async (): Promise<void> => {
    // Somebody may have removed it by hand, and another may hold it by now.
    if ((await files.read(path)) === content) await files.remove(path);
  };
  for (;;) {
    if (await files.create(path, content)) return { release };
    const current = await lockChain(files, path);
    if (!current) continue;
    if (current.holder && (await mayLive(current.holder, options))) return { heldBy: publicHolder(current.holder) };
    if (!(await files.create(current.claimPath, content))) continue;
    if ((await lockChain(files, path))?.content === content) {
      await files.write(path, content);
      await removeClaims(path, files);
      return { release };
    }
    await files.remove(current.claimPath);
  }
}

async function removeClaims(path: string, files: Files): Promise<void> {
  for (const name of await files.list(dirname(path)))
    if (name.startsWith(`${basename(path)}.`)) await files.remove(join(dirname(path), name));
}
