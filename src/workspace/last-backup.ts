import { z } from 'zod';

import { storedUncovered } from './backups/manifest.js';
import type { LastBackup } from './types.js';

const stored = z.object({
  backup: z
    .object({
      id: z.string(),
      where: z.string(),
      uncovered: z.array(storedUncovered).optional(),
      volumes: z.array(z.string()).optional(),
      streams: z.array(z.string()).optional(),
    })
    .optional(),
  parts: z
    .array(
      z.object({
        kind: z.enum(['claim', 'stream']),
        name: z.string(),
        backup: z.string(),
        at: z.string(),
        as: z.enum(['cluster', 'drill']),
        tookMs: z.number(),
        count: z.number().optional(),
      }),
    )
    .optional(),
  restore: z
    .object({
      id: z.string(),
      at: z.string(),
      dataAgeMs: z.number(),
      tookMs: z.number(),
      as: z.enum(['cluster', 'copy', 'drill']).optional(),
      objects: z.number().optional(),
    })
    .optional(),
});

/** What cannot be read tells nothing. */
export function readLastBackup(text: string): LastBackup | undefined {
  try {
    return stored.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
