import { z } from 'zod';

const stored = z.object({
  operation: z.string(),
  pid: z.int().positive(),
  host: z.string(),
  user: z.string(),
  since: z.string(),
  startTime: z.string().optional(),
  /** It does not hold it any more, and is only to be remembered. */
  ended: z.literal(true).optional(),
  nonce: z.string(),
  /** Nonces of dead holders that it was taken over from, one after another. */
  predecessors: z.array(z.string()).readonly().optional(),
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
