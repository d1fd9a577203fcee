import { describe, expect, it } from 'vitest';

import type { Boundary } from '../../src/domain/index.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import { stanzas } from '../../src/workspace/sealed/age.js';
import { bucket, moved, recipient } from './desk.js';
import { fresh, id, isKept, keep, opened, partBytes } from './small-parts.js';

describe('a backup in a bucket', () => {
  it('is cut into parts, of which none is larger than asked for, and comes back as it was', async () => {
    const { server, options } = await moved();
    const { snapshot, streams } = await keep(await opened(options()));
    expect([snapshot.parts, snapshot.packedBytes]).toEqual([4, 3500]);
    expect(streams).toMatchObject([{ name: 'ORDERS', parts: 2, bytes: 1500 }]);
    const sizes = [...server.objects].filter(([key]) => key.includes('/snapshot-')).map(([, { text }]) => text.length);
    expect(sizes).toHaveLength(4);
    // Base64 within age within base64, and what says what it is.
    expect(Math.max(...sizes)).toBeLessThan(2 * partBytes + 1500);
    await isKept(await opened(options()));
  });

  it('is written again where the workspace was sealed anew before its manifest was there', async () => {
    const { server, options } = await moved();
    let done = false;
    const boundary: Boundary = async ({ when, what }) => {
      if (done || when !== 'before' || !what.endsWith('/contents.json')) return;
      done = true;
      await openAdmin(options({ ...fresh(options()), path: bucket })).rotate({ add: [recipient], remove: [] });
    };
    await keep(await opened(options({ boundary })));
    expect(done).toBe(true);
    const sets = await opened(options());
    await isKept(sets);
    expect((await sets.list('demo')).ids).toEqual([id]);
    const sealed = [...server.objects].filter(([path]) => path.includes('/backups/'));
    for (const [path, { text }] of sealed) expect(stanzas(text), path).toBe(2);
  });

  it('is read by whoever had begun before the workspace was sealed anew', async () => {
    const { options } = await moved();
    await keep(await opened(options()));
    const early = await opened(options());
    await openAdmin(options({ path: bucket })).rotate({ add: [recipient], remove: [] });
    await isKept(early);
  });
});
