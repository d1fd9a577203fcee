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

/** How backups are thinned. */
export interface BackupPolicy {
  readonly keep: BackupKeep;
  /** How often one is to be made. */
  readonly everyMs: number;
}

/** The longest time without a backup before the newest of them. */
interface Gap {
  /** So many backups are newer. */
  readonly newer: number;
  readonly ms: number;
}

/**
 * A clock that is ahead looks like a time in which nobody made a backup: now, and what was made by that clock, is far from all
 * that was made before. Which of the two it is shows once backups were made for as long as all of them are kept; until then
 * such a time counts for nothing.
 */
function doubtfulGap(times: readonly number[], { keep, everyMs }: BackupPolicy): Gap | undefined {
  const believedAfterMs = keep.hours * hourMs - Math.max(hourMs, 2 * everyMs);
  const unsuspiciousMs = 2 * Math.max(hourMs, everyMs);
  let found: Gap | undefined;
  for (let at = 0; at + 1 < times.length && times[0]! - times[at]! < believedAfterMs; at += 1) {
    const ms = times[at]! - times[at + 1]!;
    // The first of them is now, and no backup.
    if (ms > unsuspiciousMs && ms > (found?.ms ?? 0)) found = { newer: at, ms };
  }
  return found;
}

const sorted = (ids: readonly string[]): readonly string[] =>
  ids.filter((id) => backupTime(id) !== undefined).sort((a, b) => (a < b ? 1 : -1));

/** The newest first, each with its age in milliseconds as far as no clock can be wrong about it. */
function aged(
  ids: readonly string[],
  now: number,
  policy: BackupPolicy,
): readonly { readonly id: string; readonly ageMs: number; readonly isDoubtful: boolean }[] {
  const newestFirst = sorted(ids);
  const times = newestFirst.map((id) => backupTime(id)!);
  const latest = Math.max(now, times[0] ?? now);
  const gap = doubtfulGap([latest, ...times], policy);
  return newestFirst.map((id, index) => {
    const isNewer = gap !== undefined && index < gap.newer;
    const byOrder = latest - times[index]! - (gap === undefined || isNewer ? 0 : gap.ms);
    return { id, ageMs: Math.min(now - times[index]!, byOrder), isDoubtful: isNewer || isFromTheFuture(id, now) };
  });
}

/**
 * Those of the backups that need not be kept. The newest always stays, and a clock that is wrong takes nothing away: not one
 * that is dated later than now, and none for being older than what only such a clock says.
 */
export function backupsToPrune(ids: readonly string[], now: number, policy: BackupPolicy): readonly string[] {
  const { keep } = policy;
  const newestFirst = aged(ids, now, policy);
  const stays = new Set(newestFirst.slice(0, 1).map(({ id }) => id));
  for (const { id, ageMs } of newestFirst) if (keep.hours > 0 && ageMs <= keep.hours * hourMs) stays.add(id);
  const lastOfEach = (length: number, count: number): void => {
    const seen = new Set<number>();
    let left = count;
    for (const { id, isDoubtful } of newestFirst) {
      const period = Math.floor(backupTime(id)! / length);
      if (seen.has(period)) continue;
      // The days of a clock that may be wrong are not taken off those that were.
      if (!isDoubtful && left === 0) return;
      if (!isDoubtful) left -= 1;
      seen.add(period);
      stays.add(id);
    }
  };
  lastOfEach(dayMs, keep.days);
  lastOfEach(7 * dayMs, keep.weeks);
  return newestFirst.filter(({ id }) => !stays.has(id)).map(({ id }) => id);
}

/** A set that is not finished after this time was left by a run that was killed. */
const abandonedAfterMs = hourMs;

/** Of sets that are not finished those that nobody is writing any more. @param ids of backups that are whole */
export function abandonedSets(
  ids: readonly string[],
  unfinished: readonly string[],
  now: number,
  policy: BackupPolicy,
): readonly string[] {
  return aged([...ids, ...unfinished], now, policy)
    .filter(({ id, ageMs }) => unfinished.includes(id) && ageMs > abandonedAfterMs)
    .map(({ id }) => id);
}

/** `41 s`, `12 min`, `5 h`, `3 d`: how long ago, as people say it. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
