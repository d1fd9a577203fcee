import { describe, expect, it } from 'vitest';

import type { Boundary } from '../../src/domain/index.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import { stanzas } from '../../src/workspace/sealed/age.js';
import type { Reporter } from '../../src/reporting/index.js';
import { listBackups } from '../../src/workflows/backup/list.js';
import { chosenId } from '../../src/workflows/backup/sets.js';
import type { WorkflowContext } from '../../src/workflows/context.js';
import { bucket, type Desk, moved, recipient } from './desk.js';
import { fresh, id, isKept, keep, later, opened, partBytes } from './small-parts.js';
import { refusal, SteppedClock } from './support.js';

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

describe('a backup that is killed while the workspace is sealed anew', () => {
  /** Has all of the workspace sealed anew when the manifest is under way, sealed as it was before, and kills the run behind it. */
  const killed = async (options: Desk['options'], as: string): Promise<void> => {
    let done = false;
    let kill: (how: 'killed') => void;
    const dead = new Promise<'killed'>((resolve) => (kill = resolve));
    const boundary: Boundary = async ({ when, what }) => {
      if (!what.endsWith('/manifest.json')) return;
      if (when === 'before' && !done) {
        done = true;
        await openAdmin(options({ ...fresh(options()), path: bucket })).rotate({ add: [recipient], remove: [] });
      } else if (when === 'after') {
        kill('killed');
        await new Promise(() => {});
      }
    };
    const lost = keep(await opened(options({ ...fresh(options()), boundary })), as);
    expect(await Promise.race([dead, lost])).toBe('killed');
    expect(done).toBe(true);
  };
  const told = () => {
    const notes: string[] = [];
    const reporter = { emit: (event: { text?: string }) => void notes.push(event.text ?? '') } as unknown as Reporter;
    return { notes, context: { reporter, clock: new SteppedClock('2026-11-26T17:00:00.000Z') } };
  };

  it('is passed over for the newest before it, by name, and the rest of the list stays to be seen', async () => {
    const { options } = await moved();
    await keep(await opened(options()));
    await killed(options, later);
    const sets = await opened(options(fresh(options())));
    expect((await sets.list('demo')).ids).toEqual([later, id]);
    const { notes, context } = told();
    expect(await chosenId(context, sets, 'demo', undefined)).toBe(id);
    await isKept(sets, id);
    expect(notes).toEqual([expect.stringMatching(new RegExp(`${later} .*cannot be used.* ${id} is used`))]);
    expect(await refusal(sets.manifest('demo', later))).toMatchObject({ code: 'BACKUP_BAD' });
    const open = { backups: () => Promise.resolve(sets) } as unknown as WorkflowContext['workspace'];
    const list = await listBackups(
      { ...context, workspace: open },
      {
        cluster: 'demo',
        spec: undefined,
        at: undefined,
      },
    );
    expect(list.backups.map((backup) => backup.id)).toEqual([id]);
    expect(list.unusable.map((one) => one.id)).toEqual([later]);
  });

  it('is refused where it is the only one, or asked for by name', async () => {
    const { options } = await moved();
    await killed(options, later);
    const sets = await opened(options(fresh(options())));
    const { context } = told();
    expect(await refusal(chosenId(context, sets, 'demo', undefined))).toMatchObject({ code: 'BACKUP_BAD' });
    expect(await chosenId(context, sets, 'demo', later)).toBe(later);
  });
});
