import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import type { Backups, SnapshotReport } from '../../distributions/backups.js';
import { Secret } from '../../domain/index.js';
import { messageOf } from '../../errors/index.js';
import type { LoadedBackup } from '../../workspace/backups/types.js';
import { errorCode, fileError } from '../../workspace/file-errors.js';
import { withTemporaryFolder } from '../../workspace/temporary.js';

/** Twice of what the makers of etcd advise to keep in it at most: what unpacks to more is no snapshot. */
const bytesAtMost = 16 * 2 ** 30;

/** A snapshot as it is to be, for `checkSnapshot`. */
export interface ExpectedSnapshot {
  /** The file that has it, packed with gzip. */
  readonly packed: string;
  readonly sha256: string;
  readonly token: string;
  /** Unpacked, where that is known. */
  readonly bytes?: number;
}

type Checked = { readonly bytes: number; readonly report: SnapshotReport } | { readonly broken: string };

/**
 * Whether a restore could start from it: its sums, what etcd says of the file, and that the token opens it. It is unpacked onto
 * the disk, and read from there piece by piece.
 * @throws IncompleteError code WORKSPACE_FULL where the disk has no room for it
 */
export async function checkSnapshot(backups: Backups, expected: ExpectedSnapshot): Promise<Checked> {
  return withTemporaryFolder(async (folder) => {
    const file = join(folder, 'snapshot');
    const unpacked = await unpack(expected.packed, file, expected.bytes ?? bytesAtMost);
    if ('broken' in unpacked) return unpacked;
    if (unpacked.sha256 !== expected.sha256) return { broken: 'it is not what the server took: its SHA-256 differs' };
    const report = await backups.inspect(file, new Secret(expected.token));
    if ('broken' in report) return report;
    if (!report.opens) return { broken: 'the servers’ token that is kept with it does not open it' };
    return { bytes: unpacked.bytes, report };
  });
}

async function unpack(
  packed: string,
  file: string,
  atMost: number,
): Promise<{ readonly bytes: number; readonly sha256: string } | { readonly broken: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      sum.update(chunk);
      bytes += chunk.length;
      done(bytes > atMost ? new TooLarge(`it has more than the ${atMost} bytes that it may have`) : null, chunk);
    },
  });
  try {
    await pipeline(
      createReadStream(packed),
      createGunzip(),
      counted,
      createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    );
  } catch (error) {
    if (error instanceof TooLarge || errorCode(error)?.startsWith('Z_'))
      return { broken: `it cannot be unpacked (${messageOf(error)})` };
    throw fileError(error, 'write', file);
  }
  return { bytes, sha256: sum.digest('hex') };
}

class TooLarge extends Error {}

export const checkBackup = (backups: Backups, { manifest, packed, contents }: LoadedBackup): Promise<Checked> => {
  const { sha256, bytes } = manifest.snapshot;
  return checkSnapshot(backups, { packed, sha256, bytes, token: contents.tokens.server });
};
