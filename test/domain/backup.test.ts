import { describe, expect, it } from 'vitest';

import {
  abandonedSets,
  ageText,
  backupId,
  backupsToPrune,
  backupTime,
  isBackupDue,
  nextBackupTime,
} from '../../src/domain/index.js';

const quarterMs = 15 * 60_000;
const keep = { keep: { hours: 24, days: 7, weeks: 4 }, everyMs: quarterMs };
const none = { keep: { hours: 0, days: 0, weeks: 0 }, everyMs: quarterMs };
const hour = 3_600_000;
const now = Date.parse('2026-11-26T15:00:00Z');
const random = { bytes: (length: number) => Buffer.alloc(length, 0xab), fraction: () => 0 };
const at = (ms: number): string => backupId(ms, random);

describe('the id of a backup', () => {
  it('tells when it was begun, and sorts by that', () => {
    expect(at(now)).toBe('2026-11-26t15-00-00z-abab');
    expect(backupTime(at(now))).toBe(now);
    expect(at(now) < at(now + 1000)).toBe(true);
  });

  it.each(['', 'manifest.json', '2026-11-26t15-00-00z', '2026-13-26t15-00-00z-abab', '../2026-11-26t15-00-00z-abab'])(
    'is not %j',
    (text) => expect(backupTime(text)).toBeUndefined(),
  );
});

describe('the next backup', () => {
  const every = 15 * 60_000;

  it('is due where there is none, or the last one is old enough', () => {
    expect(isBackupDue(undefined, now, every)).toBe(true);
    expect(isBackupDue(at(now - every), now, every)).toBe(true);
    expect(isBackupDue(at(now - every + 1000), now, every)).toBe(false);
    // As clocks of two computers differ.
    expect(isBackupDue(at(now + 60_000), now, every)).toBe(false);
  });

  it('is due after one that a clock a day ahead has dated, and is the newer one all the same', () => {
    const ahead = at(now + 24 * hour);
    expect(isBackupDue(ahead, now, every)).toBe(true);
    expect(at(nextBackupTime(ahead, now)) > ahead).toBe(true);
    expect(nextBackupTime(at(now - hour), now)).toBe(now);
    expect(nextBackupTime(undefined, now)).toBe(now);
  });
});

describe('which backups need not be kept', () => {
  const quarterHours = Array.from({ length: 60 * 24 * 4 }, (_, index) => at(now - index * 15 * 60_000));

  it('leaves all of the last day, the last of each day of a week, and the last of each of four weeks', () => {
    const gone = new Set(backupsToPrune(quarterHours, now, keep));
    const kept = quarterHours.filter((id) => !gone.has(id));
    expect(kept.filter((id) => now - backupTime(id)! <= 24 * hour)).toHaveLength(97);
    const older = kept.filter((id) => now - backupTime(id)! > 24 * hour);
    expect(older.every((id) => id.includes('t23-45-00z'))).toBe(true);
    // Of the first two weeks the last one is among the days.
    expect(older).toHaveLength(5 + 2);
  });

  it('removes none of what was kept when it is asked again', () => {
    const gone = new Set(backupsToPrune(quarterHours, now, keep));
    expect(
      backupsToPrune(
        quarterHours.filter((id) => !gone.has(id)),
        now,
        keep,
      ),
    ).toEqual([]);
  });

  it('never names the newest, however old it is and however little is to be kept', () => {
    const old = [at(now - 900 * 24 * hour), at(now - 901 * 24 * hour)];
    expect(backupsToPrune(old, now, none)).toEqual([old[1]]);
  });

  it('removes nothing for a clock that is a day behind', () => {
    const day = Array.from({ length: 96 }, (_, index) => at(now - index * 15 * 60_000));
    expect(backupsToPrune(day, now - 24 * hour, keep)).toEqual([]);
  });

  describe.each([-24, 0, 12, 24, 72])('with a clock that is %d h ahead', (ahead) => {
    const given = Array.from({ length: 60 * 24 * 4 }, (_, index) => at(now - index * quarterMs));
    const pruned = new Set(backupsToPrune(given, now, keep));
    const right = given.filter((id) => !pruned.has(id));

    it('are none that a right one would keep, when they are asked for', () => {
      expect(right).not.toEqual([]);
      expect(backupsToPrune(right, now + ahead * hour, keep)).toEqual([]);
    });

    it('are none of those either while that clock makes backups, before they are as old as the right one says', () => {
      let kept: readonly string[] = right;
      for (let made = 1; made <= 22; made += 1) {
        const then = now + made * hour;
        const claimed = then + ahead * hour;
        const id = at(nextBackupTime([...kept].sort().at(-1), claimed));
        const gone = new Set(backupsToPrune([id, ...kept], claimed, keep));
        kept = [id, ...kept].filter((one) => !gone.has(one));
        const young = given.filter((one) => then - backupTime(one)! <= 23 * hour && gone.has(one));
        expect(young).toEqual([]);
      }
      // Of the days before only the one is gone that was too old by then.
      const daily = right.filter((id) => now - backupTime(id)! > 24 * hour && now - backupTime(id)! < 5 * 24 * hour);
      expect(daily.filter((id) => !kept.includes(id))).toEqual([]);
      // Set right again, it takes nothing away that it had left.
      const back = now + 22 * hour;
      const gone = backupsToPrune(kept, back, keep);
      expect(gone.filter((id) => back - backupTime(id)! <= 24 * hour)).toEqual([]);
    });
  });

  it('are thinned as ever by a clock that is right, after a time in which nobody made one', () => {
    const old = Array.from({ length: 96 }, (_, index) => at(now - 96 * hour - index * quarterMs));
    const since = (hours: number): readonly string[] =>
      Array.from({ length: hours * 4 }, (_, index) => at(now - index * quarterMs));
    const gone = backupsToPrune([...since(2), ...old], now, keep);
    expect(gone.filter((id) => now - 74 * hour - backupTime(id)! < 22 * hour)).toEqual([]);
    expect(gone.length).toBeLessThan(8);
    expect(backupsToPrune([...since(24), ...old], now, keep).length).toBeGreaterThan(90);
  });

  it('are halves of some that nobody writes any more, and never one that is being written by a right clock', () => {
    const whole = Array.from({ length: 50 }, (_, index) => at(now - index * quarterMs));
    const half = [at(now + 60_000)];
    expect(abandonedSets(whole, half, now + 2 * 60_000, keep)).toEqual([]);
    expect(abandonedSets(whole, half, now + 24 * hour, keep)).toEqual([]);
    expect(abandonedSets([at(now + 24 * hour), ...whole], half, now + 24 * hour, keep)).toEqual([]);
    const next = Array.from({ length: 8 }, (_, index) => at(now + (index + 1) * quarterMs));
    expect(abandonedSets([...next, ...whole], half, now + 2 * hour, keep)).toEqual(half);
  });

  it('leaves alone what is no backup', () => {
    expect(backupsToPrune(['workspace.json', at(now)], now, none)).toEqual([]);
  });
});

it.each([
  [41_000, '41 s'],
  [96_000, '96 s'],
  [12 * 60_000, '12 min'],
  [5 * hour, '5 h'],
  [72 * hour, '3 d'],
  [-5000, '0 s'],
])('%d ms ago is said as %s', (ms, text) => expect(ageText(ms)).toBe(text));
