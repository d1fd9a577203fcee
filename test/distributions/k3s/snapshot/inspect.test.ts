import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, describe, expect, it } from 'vitest';

import { k3sBackups } from '../../../../src/distributions/k3s/snapshot/index.js';
import { Secret } from '../../../../src/domain/index.js';

/**
 * Written by bbolt 1.4.3 as etcd does it: 700 small keys over several pages, two claims of volumes of which one was deleted,
 * and what k3s seals with its token, first with `old`, which was then deleted, and with `swordfish`.
 */
const real = gunzipSync(readFileSync(new URL('bbolt.snapshot.gz', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'slipway-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inspect = async (snapshot: Buffer, token = 'swordfish') => {
  const file = join(folder, 'snapshot');
  writeFileSync(file, snapshot);
  return k3sBackups.inspect(file, new Secret(token));
};
const summed = (database: Buffer): Buffer => Buffer.concat([database, createHash('sha256').update(database).digest()]);

describe('a snapshot of etcd', () => {
  it('tells its revision, and the claims whose volumes are no part of it', async () => {
    expect(await inspect(real)).toEqual({
      revision: 707,
      entries: 706,
      opens: true,
      claims: ['shop/db'],
      namespaces: [],
    });
  });

  it('is opened by the full form of the token as well', async () => {
    expect(await inspect(real, `K10${'ab'.repeat(32)}::server:swordfish`)).toMatchObject({ opens: true });
  });

  it.each(['marlin', '', 'old'])(
    'is not opened by %j, though what an older token sealed may still be in the file',
    async (token) => expect(await inspect(real, token)).toMatchObject({ opens: false }),
  );

  it.each([
    ['is empty', Buffer.alloc(0), /empty/],
    ['is cut off', real.subarray(0, 100_000), /cut off/],
    [
      'has a bit that is another',
      Buffer.concat([real.subarray(0, 9000), Buffer.from([real[9000]! ^ 1]), real.subarray(9001)]),
      /sum/,
    ],
    ['is no database, though its sum is right', summed(Buffer.alloc(8192, 7)), /does not begin/],
    [
      'has a page that claims to be larger than all of it',
      summed(Buffer.concat([real.subarray(0, 8204), Buffer.alloc(4, 0xff), real.subarray(8208, -32)])),
      /behind its end|no bucket|holds no keys/,
    ],
    ['lacks pages, though its sum is right', summed(real.subarray(0, 65_536)), /cut off/],
  ])('cannot be used when it %s', async (_, snapshot, why) => {
    expect(await inspect(snapshot)).toMatchObject({ broken: expect.stringMatching(why) as string });
  });

  it('is never read behind its end, whatever its pages say', async () => {
    for (let at = 8192; at < real.length - 32; at += 4096) {
      const damaged = Buffer.from(real.subarray(0, -32));
      damaged.fill(0xff, at, at + 64);
      const answer = await inspect(summed(damaged));
      expect('broken' in answer || answer.entries <= 706).toBe(true);
    }
  });
});
