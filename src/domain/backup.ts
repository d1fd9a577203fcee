import type { Random } from './clock.js';

/** Which backups stay: all of the last hours, then the last of each day, then the last of each week. */
export interface BackupKeep {
  readonly hours: number;
  readonly days: number;
  readonly weeks: number;
}

/** What a file that says nothing of it asks for. */
export const backupDefaults = {
  everyMs: 15 * 60_000,
  keep: { hours: 24, days: 7, weeks: 4 } satisfies BackupKeep,
} as const;

/** `2026-11-26t15-20-00z-3fa2`: in the order of time, and fit for a file, an object and a snapshot. */
export const backupId = (now: number, random: Random): string =>
  `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z-${random.bytes(2).toString('hex')}`.toLowerCase();

const form = /^(\d{4}-\d\d-\d\d)t(\d\d)-(\d\d)-(\d\d)z-[0-9a-f]{4}$/;

/** When a backup of this id was begun, in milliseconds since 1970; undefined: it is no id of a backup. */
export function backupTime(id: string): number | undefined {
  const [, day, hours, minutes, seconds] = form.exec(id) ?? [];
  const time = day === undefined ? NaN : Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** Clocks of computers that make backups may differ by this much, and nobody is told. */
const clocksDifferMs = 5 * 60_000;

/** Whether a backup says of itself that it was made later than now: by a computer whose clock is ahead, or ours is behind. */
export const isFromTheFuture = (id: string, now: number): boolean => backupTime(id)! - now > clocksDifferMs;

/** Whether it is time for another one than the last. One from the future says nothing of how old it is. */
export const isBackupDue = (last: string | undefined, now: number, everyMs: number): boolean =>
  last === undefined || isFromTheFuture(last, now) || now - backupTime(last)! >= everyMs;

/** The time in the id of the next one: the one that was made last sorts last, whatever the clocks of their makers say. */
export const nextBackupTime = (last: string | undefined, now: number): number =>
  last === undefined ? now : Math.max(now, backupTime(last)! + 1000);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Those of the backups that need not be kept. The newest always stays, and so does one that is dated later than now: a clock
 * that is wrong takes nothing away.
 */
export function backupsToPrune(ids: readonly string[], now: number, keep: BackupKeep): readonly string[] {
  const newestFirst = ids.filter((id) => backupTime(id) !== undefined).sort((a, b) => (a < b ? 1 : -1));
  const stays = new Set(newestFirst.slice(0, 1));
  for (const id of newestFirst) if (now - backupTime(id)! <= keep.hours * hourMs) stays.add(id);
  const lastOfEach = (length: number, count: number): void => {
    const seen = new Set<number>();
    for (const id of newestFirst) {
      const period = Math.floor(backupTime(id)! / length);
      if (seen.has(period)) continue;
      if (seen.size === count) return;
      seen.add(period);
      stays.add(id);
    }
  };
  lastOfEach(dayMs, keep.days);
  lastOfEach(7 * dayMs, keep.weeks);
  return newestFirst.filter((id) => !stays.has(id));
}

/** `41 s`, `12 min`, `5 h`, `3 d`: how long ago, as people say it. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
