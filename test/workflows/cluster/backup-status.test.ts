import { describe, expect, it } from 'vitest';

import { dueJobs, type MaintenanceFacts, type ProvenPart } from '../../../src/domain/index.js';
import { askingPolicy } from '../../../src/domain/spec/maintain.js';
import { backupFacts, backupRemarks, backupStatus } from '../../../src/workflows/cluster/backup-status.js';
import type { LastBackup } from '../../../src/workspace/types.js';
import { readLastBackup } from '../../../src/workspace/last-backup.js';
import { testRecord } from '../../workspace/support.js';

const day = 24 * 3_600_000;
const now = Date.parse('2026-11-26T15:00:00Z');
const ago = (days: number): string => new Date(now - days * day).toISOString();
const { spec } = testRecord('demo');
const backup = { id: '2026-11-26t14-55-00z-3fa2', where: 'here', volumes: ['shop/db'], streams: ['ORDERS'] };
const restore = { id: backup.id, at: ago(1), dataAgeMs: 1, tookMs: 1 };
const part = (kind: ProvenPart['kind'], name: string, days: number): ProvenPart => ({
  kind,
  name,
  backup: backup.id,
  at: ago(days),
  as: 'drill',
  tookMs: 4000,
  count: 2,
});

/** What is said of a cluster’s backups, and why a round of maintenance would drill them. */
async function told(last: LastBackup): Promise<{ readonly remarks: string; readonly because: string | undefined }> {
  // As it is written and read again.
  const kept = readLastBackup(JSON.stringify(last));
  const folder = { lastBackup: () => Promise.resolve(kept) } as never;
  const status = (await backupStatus({ clock: { now: () => now } as never }, folder, spec, { backups: {} as never }))!;
  const facts: MaintenanceFacts = {
    problems: [],
    certificates: [],
    backup: backupFacts(status, spec),
    version: undefined,
    channels: undefined,
    components: [],
    reboots: [],
    tokensAgeMs: undefined,
    keyAgeMs: undefined,
    begun: {},
  };
  const because = dueJobs(facts, askingPolicy(), now).find(({ job }) => job === 'drill')?.because;
  return { remarks: backupRemarks('demo', status, {}).join(), because };
}

describe('what is proven of backups that have copies of volumes and streams', () => {
  it('is nothing before anything was restored', async () => {
    const { remarks, because } = await told({ backup });
    expect(remarks).toContain('No backup of this cluster has ever been restored');
    expect(because).toBe('no backup has been restored yet');
  });

  it('is not all where etcd’s data alone was: the others are named, and a drill is due', async () => {
    const { remarks, because } = await told({ backup, restore, parts: [part('stream', 'ORDERS', 1)] });
    expect(remarks).toContain(
      'nothing proves that one can be: volume of shop/db. Try them: slipway backup drill demo --due',
    );
    expect(because).toBe('no copy was brought back yet of volume of shop/db');
  });

  it('is as old as what has waited longest', async () => {
    const parts = (days: number): readonly ProvenPart[] => [
      part('claim', 'shop/db', days),
      part('stream', 'ORDERS', 1),
    ];
    expect(await told({ backup, restore, parts: parts(6) })).toEqual({ remarks: '', because: undefined });
    expect((await told({ backup, restore, parts: parts(8) })).because).toBe('the last proven restore was 8 d ago');
    expect((await told({ backup, restore, parts: parts(15) })).remarks).toContain('was restored for 15 d');
  });

  it('does not ask for parts that the last backup has no copies of any more', async () => {
    const without = { ...backup, volumes: [], streams: [] };
    expect(await told({ backup: without, restore, parts: [part('claim', 'shop/db', 300)] })).toEqual({
      remarks: '',
      because: undefined,
    });
  });
});
