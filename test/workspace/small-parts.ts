import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { openBackupPlace } from '../../src/workspace/backups/place.js';
import { StoredBackups } from '../../src/workspace/backups/sets.js';
import type { BackupManifest } from '../../src/workspace/backups/types.js';
import { workspaceParts } from '../../src/workspace/open.js';
import type { WorkspaceOptions } from '../../src/workspace/index.js';
import type { SmallS3 } from '../support/small-s3.js';
import { bucket } from './desk.js';
import { SteppedClock, temporaryFolder } from './support.js';

export const partBytes = 1000;
export const id = '2026-11-26t15-00-00z-3fa2';
export const later = '2026-11-26t16-00-00z-3fa2';
export const content = randomBytes(3500);
export const contents = { tokens: { server: 'planted-server-token', agent: 'planted-agent-token' }, files: {} };

/** The backups in the bucket, in small parts, as a run finds them that begins now. */
export async function opened(options: WorkspaceOptions): Promise<StoredBackups> {
  return new StoredBackups((await openBackupPlace(bucket, true, workspaceParts(options), 'look'))!, partBytes);
}

export function keep(sets: StoredBackups, as = id): Promise<BackupManifest> {
  const [packed, orders] = ['snapshot.gz', 'stream'].map((name) => join(temporaryFolder(), name)) as [string, string];
  writeFileSync(packed, content);
  writeFileSync(orders, content.subarray(0, 1500));
  const backup = {
    id: as,
    cluster: { name: 'demo', id: 'k3x9' },
    takenAt: '2026-11-26T15:00:00.000Z',
    server: 'demo-cp-1',
    kubernetesVersion: 'v1.36.5+k3s1',
    etcd: { revision: 1, entries: 1 },
    claims: [],
    volumes: [],
    snapshot: { bytes: 3, sha256: 'of-it' },
  };
  const head = { config: {}, state: {} };
  return sets.keep(backup, packed, contents, [{ name: 'ORDERS', messages: 1, head, file: orders }]);
}

/** Comes back as it was: the snapshot, the tokens, and the stream. */
export async function isKept(sets: StoredBackups, as = id): Promise<void> {
  const file = join(temporaryFolder(), 'snapshot.gz');
  const loaded = await sets.load('demo', as, file);
  expect(readFileSync(loaded.packed).equals(content)).toBe(true);
  expect(loaded.contents).toEqual(contents);
  const pieces: Buffer[] = [];
  for await (const piece of sets.stream(loaded.manifest, 'ORDERS')) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(content.subarray(0, 1500))).toBe(true);
}

export const copyOf = (server: SmallS3): (() => void) => {
  const before = new Map(server.objects);
  return () => {
    server.objects.clear();
    for (const [key, object] of before) server.objects.set(key, object);
  };
};

/** A computer that has seen nothing of the bucket yet, with the identity of one that has. */
export const fresh = ({ env }: WorkspaceOptions): Partial<WorkspaceOptions> => ({
  env: {
    ...env,
    SLIPWAY_HOME: temporaryFolder(),
    SLIPWAY_AGE_KEY_FILE: env['SLIPWAY_AGE_KEY_FILE'] ?? join(env['SLIPWAY_HOME']!, 'identity.txt'),
  },
  // Its waits are none.
  clock: new SteppedClock('2026-11-26T17:00:00.000Z'),
});
