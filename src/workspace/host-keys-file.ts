import { z } from 'zod';

import { corruptFile } from './file-errors.js';
import type { HostKeys } from './host-keys.js';

const pair = z.object({ publicKey: z.string().min(1), privateKey: z.string().min(1) });
const stored = z.object({
  version: z.literal(1),
  pins: z.array(z.string().min(1)),
  first: pair.optional(),
  next: pair.optional(),
  swapped: z.boolean().default(false),
});

export function readHostKeys(path: string, cluster: string, text: string): HostKeys {
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    throw corruptFile(path, 'it does not hold host keys', cluster);
  }
}
