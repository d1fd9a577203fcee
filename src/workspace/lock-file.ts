import { z } from 'zod';

const stored = z.object({
  operation: z.string(),
  pid: z.int().positive(),
  host: z.string(),
  user: z.string(),
  since: z.string(),
  startTime: z.string().optional(),
  nonce: z.string(),
});
export type StoredHolder = z.output<typeof stored>;

/** Undefined for what a crash of the whole computer left of a lock: nobody holds it. */
export function parseHolder(content: string): StoredHolder | undefined {
  try {
    return stored.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}
