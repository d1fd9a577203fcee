import { z } from 'zod';

import { type DrillBefore, type DrillSample, type DrillTimes, drillTimes, isDrillOver } from '../../domain/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

const ms = z.number().optional();
const times = z.object({
  noticedMs: ms,
  detachedMs: ms,
  podsReadyMs: ms,
  capacityMs: ms,
  dataMs: ms,
  url: z.object({ failedSeconds: z.number(), answeredMs: ms }).optional(),
});
const kept = z.object({
  at: z.iso.datetime(),
  kind: z.enum(['node-loss', 'db-loss']),
  node: z.string().optional(),
  pool: z.string().optional(),
  claim: z.string().optional(),
  dataAgeMs: ms,
  url: z.string().optional(),
  /** Whether everything came back while it was watched. */
  complete: z.boolean(),
  times,
});

/** What was deleted on purpose. */
export interface DrillLoss {
  readonly kind: 'node-loss' | 'db-loss';
  /** The machine. */
  readonly node?: string | undefined;
  readonly pool?: string | undefined;
  /** Whose volume: `shop/data-db-0`. */
  readonly claim?: string | undefined;
  /** How old the copy was that its data come back from: what was written since is lost. */
  readonly dataAgeMs?: number | undefined;
  /** The address that was asked each second. */
  readonly url?: string | undefined;
}

/** One drill, as it is kept. Times are milliseconds since it was deleted. */
export interface DrillRecord extends DrillLoss {
  /** ISO 8601. */
  readonly at: string;
  readonly complete: boolean;
  readonly times: DrillTimes;
}

export interface DrillReport extends DrillRecord {
  readonly cluster: string;
  readonly provider: string;
  readonly before: DrillBefore;
  readonly samples: readonly DrillSample[];
  /** Drills of this kind before, the newest last. */
  readonly earlier: readonly DrillRecord[];
  readonly simulated: readonly string[];
}

/** So many are kept, the newest. */
const keptAtMost = 50;

const noteName = 'drills';

/** Earlier drills of a cluster, the newest last; what cannot be read is no drill. */
async function allDrills(folder: Pick<ClusterFolder, 'noted'>): Promise<readonly DrillRecord[]> {
  const found = z.array(kept).safeParse(await folder.noted(noteName));
  return (found.data ?? []) as readonly DrillRecord[];
}

/** Keeps what a drill found, to compare the next one with. */
export async function reportDrill(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'name' | 'noted' | 'note'>,
  loss: DrillLoss,
  found: Pick<DrillReport, 'before' | 'samples' | 'provider' | 'simulated'>,
): Promise<DrillReport> {
  const drill: DrillRecord = {
    at: new Date(clock.now()).toISOString(),
    ...loss,
    complete: isDrillOver(found.samples, found.before),
    times: drillTimes(found.samples, found.before),
  };
  const all = await allDrills(folder);
  await folder.note(noteName, [...all, drill].slice(-keptAtMost));
  return { ...drill, ...found, cluster: folder.name, earlier: all.filter(({ kind }) => kind === loss.kind) };
}

/** What did not come back while it was watched. @param hint what to do now */
export function incompleteDrill(
  { times: seen, before }: DrillReport,
  deadlineMs: number,
  hint: string,
): IncompleteError {
  const missing = [
    ...(seen.noticedMs === undefined ? ['nobody noticed'] : []),
    ...(before.readyNodes !== undefined && seen.capacityMs === undefined ? ['no node took its place'] : []),
    ...(before.data && seen.dataMs === undefined ? ['its data are not back'] : []),
    ...(seen.url && seen.url.answeredMs === undefined ? ['the address is not answered'] : []),
  ];
  return new IncompleteError(
    `Not all came back within ${deadlineMs / 1000} s${missing.length > 0 ? `: ${missing.join(', ')}` : ''}.`,
    { code: 'DRILL_INCOMPLETE', hint },
  );
}
