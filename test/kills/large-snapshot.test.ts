import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { appendFile, open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { k3sBackups } from '../../src/distributions/k3s/snapshot/index.js';
import { checkBackup, checkSnapshot } from '../../src/workflows/backup/check.js';
import { temporaryFolder, testOptions, testWorkspace } from '../workspace/support.js';

const MiB = 2 ** 20;
const size = 2200 * MiB;
/** Of it, what no packing makes smaller. */
const dense = 48 * MiB;
const fixture = gunzipSync(
  readFileSync(new URL('../distributions/k3s/snapshot/bbolt.snapshot.gz', import.meta.url)),
).subarray(0, -32);

async function sumOf(file: string): Promise<Buffer> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(file)) sum.update(chunk as Buffer);
  return sum.digest();
}

/** A real database of etcd, with pages behind it that nothing points to any more, as one has of which much was deleted. */
async function largeSnapshot(file: string): Promise<void> {
  await writeFile(file, fixture);
  const handle = await open(file, 'a');
  for (let written = 0; written < dense; written += 4 * MiB) await handle.write(randomBytes(4 * MiB));
  await handle.close();
  await truncate(file, size);
  await appendFile(file, await sumOf(file));
}

/** The most that this process had in memory so far, in MiB. */
const peak = (): number => process.resourceUsage().maxRSS / 1024;

describe('a snapshot of more than 2 GiB', () => {
  it(
    'is checked, kept and brought back in a tenth of the memory that it would take',
    { timeout: 1_200_000 },
    async () => {
      const folder = temporaryFolder();
      const [raw, packed, again] = ['raw', 'packed', 'again'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      await largeSnapshot(raw);
      const sha256 = (await sumOf(raw)).toString('hex');
      await pipeline(createReadStream(raw), createGzip({ level: 1 }), createWriteStream(packed));
      const home = join(folder, 'ws');
      const workspace = testWorkspace(home, testOptions(undefined, { env: { SLIPWAY_HOME: home } }));
      const sets = (await workspace.backups(undefined, 'make'))!;

      const before = peak();
      const checked = await checkSnapshot(k3sBackups, { packed, sha256, token: 'swordfish' });
      expect(checked).toMatchObject({ bytes: size + 32, report: { revision: 707, opens: true, claims: ['shop/db'] } });
      const contents = { tokens: { server: 'swordfish', agent: 'sardine' }, files: {} };
      const id = '2026-11-26t15-00-00z-3fa2';
      const manifest = await sets.keep(
        {
          id,
          cluster: { name: 'demo', id: 'k3x9' },
          takenAt: '2026-11-26T15:00:00.000Z',
          server: 'demo-cp-1',
          kubernetesVersion: 'v1.36.5+k3s1',
          etcd: { revision: 707, entries: 706 },
          claims: ['shop/db'],
          volumes: [],
          snapshot: { bytes: size + 32, sha256 },
        },
        packed,
        contents,
      );
      const { size: packedBytes } = await stat(packed);
      expect(packedBytes).toBeGreaterThan(dense);
      expect(manifest.snapshot).toMatchObject({ packedBytes, parts: Math.ceil(packedBytes / (1.5 * MiB)) });
      const loaded = await sets.load('demo', id, again);
      expect(await checkBackup(k3sBackups, loaded)).toMatchObject({ bytes: size + 32, report: { revision: 707 } });
      const grown = peak() - before;
      console.log(`${Math.round(packedBytes / MiB)} MiB packed; memory grew by ${Math.round(grown)} MiB at most`);
      expect(grown).toBeLessThan(size / MiB / 10);
    },
  );
});
