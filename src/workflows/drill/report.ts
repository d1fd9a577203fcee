import { z } from 'zod';

import type { DrillTimes } from '../../domain/index.js';
import type { ClusterFolder } from '../../workspace/types.js';

const ms = z.number().optional();
const times = z.object({
  noticedMs: ms,
  detachedMs: ms,
  podsReadyMs: ms,
  capacityMs: ms,
  url: z.object({ failedSeconds: z.number(), answeredMs: ms }).optional(),
});
const kept = z.object({
  at: z.iso.datetime(),
  kind: z.literal('node-loss'),
  node: z.string(),
  pool: z.string(),
  url: z.string().optional(),
  /** Whether everything came back while it was watched. */
  complete: z.boolean(),
  times,
});

/** One drill, as it is kept. Times are milliseconds since the machine was deleted. */
export interface DrillRecord {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: 'node-loss';
  readonly node: string;
  readonly pool: string;
  readonly url?: string | undefined;
  readonly complete: boolean;
  readonly times: DrillTimes;
}

/** So many are kept, the newest. */
const keptAtMost = 50;

const noteName = 'drills';

/** Earlier drills of a cluster, the newest last; what cannot be read is no drill. */
export async function earlierDrills(folder: Pick<ClusterFolder, 'noted'>): Promise<readonly DrillRecord[]> {
  const found = z.array(kept).safeParse(await folder.noted(noteName));
  return (found.data ?? []) as readonly DrillRecord[];
}

export async function keepDrill(folder: Pick<ClusterFolder, 'noted' | 'note'>, drill: DrillRecord): Promise<void> {
  await folder.note(noteName, [...(await earlierDrills(folder)), drill].slice(-keptAtMost));
}
