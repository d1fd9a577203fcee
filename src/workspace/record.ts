import { z } from 'zod';

import { anyFields, clusterSchemaFor } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';
import { jsonOrUndefined } from '../http/json.js';
import { corruptFile } from './file-errors.js';
import { recordVersion } from './record-text.js';
import type { ClusterRecord } from './types.js';

const stored = z.object({
  version: z.literal(recordVersion),
  name: z.string().min(1),
  id: z.string().min(1),
  file: z.string().optional(),
  sshPublicKey: z.string().optional(),
  runningVersion: z.string().optional(),
  upgrade: z
    .object({
      asked: z.string(),
      stops: z.array(z.string()).min(1),
      strategy: z.enum(['in-place', 'replace']).optional(),
    })
    .optional(),
  certificateRotation: z.object({ id: z.string(), begunAt: z.string() }).optional(),
  restore: z.object({ backup: z.string(), id: z.string(), begunAt: z.string(), restored: z.boolean() }).optional(),
  quarantine: z
    .object({
      of: z.object({ name: z.string(), id: z.string() }),
      backup: z.string(),
      id: z.string(),
      begunAt: z.string(),
      drill: z.boolean(),
    })
    .optional(),
  createdAt: z.string(),
  // In the form that its distribution had when it was stored.
  spec: clusterSchemaFor(anyFields),
});

/**
 * @throws UsageError code RECORD_TOO_NEW when a newer Slipway wrote it; WORKSPACE_CORRUPT for anything else that is not a
 * record. The file stays as it is.
 */
export function readRecord(path: string, cluster: string, text: string): ClusterRecord {
  const value = jsonOrUndefined(text);
  if (value === undefined) throw corruptFile(path, 'it is not JSON', cluster);
  const version = z.object({ version: z.number() }).safeParse(value).data?.version;
  if (version !== undefined && version > recordVersion) {
    throw new UsageError(
      `${path} was written by a newer Slipway (format ${version}; this one reads ${recordVersion}).`,
      {
        code: 'RECORD_TOO_NEW',
        hint: 'Upgrade Slipway here: npm install --global slipway',
      },
    );
  }
  const result = stored.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'record'}: ${issue.message}`);
    throw corruptFile(path, problems.join('; '), cluster);
  }
  const { version: _, ...record } = result.data;
  return record;
}
