import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { type HostSpec, hostSchema } from '../../src/domain/spec/hosts.js';
import type { Claim } from './claim.js';
import { hostId } from './hosts.js';

/** What was seen of a cluster's hosts last. It can be lost: the hosts tell, except of those that left the file. */
export interface CachedClaim {
  /** Hosts of the cluster, by their endpoint. */
  readonly claimed: ReadonlyMap<string, { readonly host: HostSpec; readonly claim: Claim }>;
  /** Endpoints of hosts that were free or another cluster's. */
  readonly others: ReadonlySet<string>;
}

export const nothing: CachedClaim = { claimed: new Map(), others: new Set() };

const claimShape = z.object({
  machine: z.string(),
  cluster: z.object({ name: z.string(), id: z.string() }),
  pool: z.string(),
  role: z.enum(['control-plane', 'worker']),
  slot: z.number(),
  generation: z.number(),
  distribution: z.string().optional(),
  claimedAt: z.string(),
});
const shape = z.object({
  claimed: z.array(z.object({ host: hostSchema, claim: claimShape })),
  others: z.array(z.string()),
});

/** The memory of clusters, a file each in the provider's folder. Writes come one after another. */
export class ClaimCache {
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly folder: string) {}

  /** One that cannot be read is as good as none. */
  async read(clusterId: string): Promise<CachedClaim> {
    await this.#writing;
    try {
      const { claimed, others } = shape.parse(JSON.parse(await readFile(this.#path(clusterId), 'utf8')));
      return { claimed: new Map(claimed.map((one) => [hostId(one.host), one])), others: new Set(others) };
    } catch {
      return nothing;
    }
  }

  /** Of all clusters together. */
  async all(): Promise<CachedClaim> {
    const files = await readdir(this.folder).catch(() => []);
    const ids = files.flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []).sort();
    const memories = await Promise.all(ids.map((id) => this.read(id)));
    return {
      claimed: new Map(memories.flatMap(({ claimed }) => [...claimed])),
      others: new Set(memories.flatMap(({ others }) => [...others])),
    };
  }

  /** One without hosts is removed. */
  async write(clusterId: string, memory: CachedClaim): Promise<void> {
    const text = JSON.stringify({ claimed: [...memory.claimed.values()], others: [...memory.others] });
    const path = this.#path(clusterId);
    // Two runs may write at once; the last one stays, whole.
    const next = `${path}.${randomUUID()}`;
    const write = async (): Promise<void> => {
      if (memory.claimed.size === 0) return rm(path, { force: true });
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(next, text, { mode: 0o600 });
      await rename(next, path);
    };
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => {});
    return written;
  }

  #path(clusterId: string): string {
    return join(this.folder, `${clusterId.replace(/[^A-Za-z0-9-]/g, '_')}.json`);
  }
}
