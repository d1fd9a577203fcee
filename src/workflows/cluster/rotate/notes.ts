import { z } from 'zod';

import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';

/** The notes that tell when tokens and the SSH key were last rotated. */
export const rotatedTokensNote = 'tokens';
export const rotatedKeyNote = 'ssh-key';

const stored = z.object({ at: z.iso.datetime() });

/** How old they are in milliseconds: since they were rotated last, or the cluster was made. @param now milliseconds since 1970 */
export async function rotationAge(
  folder: Pick<ClusterFolder, 'noted'>,
  note: string,
  { createdAt }: Pick<ClusterRecord, 'createdAt'>,
  now: number,
): Promise<number> {
  return now - Date.parse(stored.safeParse(await folder.noted(note)).data?.at ?? createdAt);
}
