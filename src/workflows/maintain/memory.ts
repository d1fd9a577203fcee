import { z } from 'zod';

import { type MaintainJob, maintainJobs } from '../../domain/index.js';
import type { ClusterFolder } from '../../workspace/types.js';

const noteName = 'maintain';

const stored = z.object({
  /** What a round is at; it is still there where that was killed. */
  begun: z.object({ job: z.enum(maintainJobs), what: z.string() }).optional(),
  /** What failed last, and was not done since. */
  failed: z.object({ job: z.enum(maintainJobs), what: z.string(), message: z.string() }).optional(),
  /** What a person agreed to that was not done since: a window, another run or an illness was in the way. */
  agreed: z.array(z.object({ job: z.enum(maintainJobs), what: z.string() })).optional(),
});

/** What one round leaves to the next. */
export type MaintainMemory = z.output<typeof stored>;

/** What cannot be read is nothing. */
export const recallRound = async (folder: Pick<ClusterFolder, 'noted'>): Promise<MaintainMemory> =>
  stored.safeParse(await folder.noted(noteName)).data ?? {};

export const rememberRound = (folder: Pick<ClusterFolder, 'note'>, memory: MaintainMemory): Promise<void> =>
  folder.note(noteName, memory);

/** What failed, once this is through: another job's failure stays until that job is. */
export const failedAfter = ({ failed }: MaintainMemory, done: MaintainJob): MaintainMemory['failed'] =>
  failed?.job === done ? undefined : failed;

/** What one who looks at the cluster should know of rounds before. */
export const roundRemarks = (cluster: string, { failed, agreed = [] }: MaintainMemory): readonly string[] => [
  ...(failed
    ? [
        `A round of maintenance failed at ${failed.job}, which is left since: ${failed.message} Have it tried again: slipway maintain ${cluster} --yes --approve ${failed.job}`,
      ]
    : []),
  ...agreed.map(
    ({ job, what }) => `Somebody agreed to ${job} (${what}), which a round of maintenance does once it may.`,
  ),
];
