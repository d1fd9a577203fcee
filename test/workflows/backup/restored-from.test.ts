import { describe, expect, it } from 'vitest';

import type { ProvenPart } from '../../../src/domain/index.js';
import { restoredFrom } from '../../../src/workflows/backup/restored-from.js';
import type { WorkflowContext } from '../../../src/workflows/context.js';
import type { LastBackup } from '../../../src/workspace/types.js';
import { testRecord } from '../../workspace/support.js';

const before = '2026-11-26t15-00-00z-3fa2';
const since = '2026-11-26t16-00-00z-3fa2';
const restoredAt = '2026-11-26T15:30:00.000Z';
const restored = { id: before, at: restoredAt, dataAgeMs: 1, tookMs: 1 } as const;
const back = (at: string): ProvenPart => ({
  kind: 'stream',
  name: 'ORDERS',
  backup: before,
  at,
  as: 'cluster',
  tookMs: 1,
});

/** Which backup streams are taken of, and what is told: two backups, each with copies of some streams. */
async function chosen(last: LastBackup, streams: Readonly<Record<string, readonly string[]>>, id?: string) {
  const notes: string[] = [];
  const sets = {
    list: () => Promise.resolve({ ids: [since, before], unfinished: [] }),
    manifest: (name: string, one: string) =>
      Promise.resolve({
        id: one,
        cluster: { name },
        streams: (streams[one] ?? []).map((stream) => ({ name: stream })),
      }),
  };
  const folder = { record: () => Promise.resolve(testRecord('demo')), lastBackup: () => Promise.resolve(last) };
  const context = {
    workspace: { cluster: () => folder, backups: () => Promise.resolve(sets) },
    clock: { now: () => 0 },
    reporter: { emit: ({ text }: { text: string }) => void notes.push(text) },
  } as unknown as WorkflowContext;
  const input = { cluster: 'demo', spec: undefined, at: undefined, id, dryRun: false };
  const asked = {
    kind: 'stream',
    in: (manifest: { streams: { name: string }[] }) => manifest.streams.map(({ name }) => name),
  };
  const { manifest } = await restoredFrom(context, input, asked as never);
  return { id: manifest.id, notes };
}

describe('the backup that parts are brought back from', () => {
  const only = { [before]: ['ORDERS'] };
  const both = { [before]: ['ORDERS'], [since]: ['ORDERS'] };

  it('is the newest of a cluster that was never restored, or only as a copy or for a drill', async () => {
    expect(await chosen({}, both)).toEqual({ id: since, notes: [] });
    expect(await chosen({ restore: { ...restored, as: 'drill' } }, both)).toEqual({ id: since, notes: [] });
  });

  it('is the one that the cluster was restored from, where those made since have no copies; that is told', async () => {
    const found = await chosen({ restore: { ...restored, as: 'cluster' } }, only);
    expect(found).toEqual({ id: before, notes: [`Taken from ${before}, which demo was restored from.`] });
  });

  it('has to be named where either has copies, of which the later ones may be of what came up empty', async () => {
    await expect(chosen({ restore: restored }, both)).rejects.toMatchObject({
      code: 'BACKUP_UNCLEAR',
      exitCode: 2,
      hint: expect.stringContaining(`--from ${before}`) as string,
    });
    expect((await chosen({ restore: restored }, both, since)).id).toBe(since);
  });

  it('is the newest again once they were brought back, which a drill alone does not do', async () => {
    const later = '2026-11-26T15:40:00.000Z';
    expect((await chosen({ restore: restored, parts: [back(later)] }, both)).id).toBe(since);
    await expect(chosen({ restore: restored, parts: [{ ...back(later), as: 'drill' }] }, both)).rejects.toMatchObject({
      code: 'BACKUP_UNCLEAR',
    });
    await expect(chosen({ restore: restored, parts: [back('2026-11-26T14:00:00.000Z')] }, both)).rejects.toMatchObject({
      code: 'BACKUP_UNCLEAR',
    });
  });
});
