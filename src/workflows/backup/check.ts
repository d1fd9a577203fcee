import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import type { Backups, SnapshotReport } from '../../distributions/backups.js';
import { Secret } from '../../domain/index.js';
import { messageOf } from '../../errors/index.js';
import type { LoadedBackup } from '../../workspace/backups/types.js';

/** What etcd may hold where it is not told otherwise, which nobody does. */
const bytesAtMost = 2 * 2 ** 30;

/** A snapshot as it is to be, for `checkSnapshot`. */
export interface ExpectedSnapshot {
  readonly packed: Buffer;
  readonly sha256: string;
  readonly token: string;
}

/** Whether a restore could start from it: its sums, what etcd says of the file, and that the token opens it. */
export function checkSnapshot(
  backups: Backups,
  { packed, sha256, token }: ExpectedSnapshot,
): { readonly bytes: number; readonly report: SnapshotReport } | { readonly broken: string } {
  let snapshot: Buffer;
  try {
    snapshot = gunzipSync(packed, { maxOutputLength: bytesAtMost });
  } catch (error) {
    return { broken: `it cannot be unpacked (${messageOf(error)})` };
  }
  if (createHash('sha256').update(snapshot).digest('hex') !== sha256)
    return { broken: 'it is not what the server took: its SHA-256 differs' };
  const report = backups.inspect(snapshot, new Secret(token));
  if ('broken' in report) return report;
  if (!report.opens) return { broken: 'the servers’ token that is kept with it does not open it' };
  return { bytes: snapshot.length, report };
}

export const checkBackup = (backups: Backups, { manifest, packed, contents }: LoadedBackup) =>
  checkSnapshot(backups, { packed, sha256: manifest.snapshot.sha256, token: contents.tokens.server });
