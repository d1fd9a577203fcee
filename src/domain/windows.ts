/** Days as a file names them, Sunday first, as dates count them. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof weekdays)[number];

/** When somebody may be disturbed. One whose end is not behind its beginning ends on the next day. */
export interface Window {
  /** On which days it begins. */
  readonly days: readonly Weekday[];
  /** `02:30`, by the clock on the wall. */
  readonly from: string;
  readonly to: string;
}

export interface WindowState {
  readonly open: boolean;
  /** Milliseconds since 1970: when it closes, or when the next one opens. */
  readonly until: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 3_600_000;

/**
 * Whether a window is open now, by the clock of a time zone. Where clocks are set forward over a window's beginning or all of
 * it, it opens right behind the gap and lasts as long as it says; where they are set back in it, it lasts until the clock shows
 * its end for the first time after all of it.
 * @param windows none: always open
 * @param zone `Europe/Berlin`
 * @param now milliseconds since 1970
 */
export function windowState(windows: readonly Window[], zone: string, now: number): WindowState {
  if (windows.length === 0) return { open: true, until: Infinity };
  const today = wallClock(now, zone);
  const spans = Array.from({ length: 16 }, (_, index) => index - 2).flatMap((offset) => {
    // Noon, so that no change of clocks makes it another day.
    const date = new Date(Date.UTC(today.year, today.month - 1, today.day + offset, 12));
    const weekday = weekdays[date.getUTCDay()]!;
    return windows.filter(({ days }) => days.includes(weekday)).map((window) => spanOf(window, date, zone));
  });
  const running = spans.filter(({ from, to }) => from <= now && now < to);
  if (running.length > 0) return { open: true, until: Math.max(...running.map(({ to }) => to)) };
  return { open: false, until: Math.min(...spans.map(({ from }) => from).filter((from) => from > now)) };
}

function spanOf({ from, to }: Window, date: Date, zone: string): { readonly from: number; readonly to: number } {
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  const length = ends > begins ? ends - begins : ends - begins + 24 * 60;
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  const start = instant(midnight + begins * minuteMs, zone, 'first');
  const end = instant(midnight + (begins + length) * minuteMs, zone, 'last');
  const isThere = shows(start, zone) === midnight + begins * minuteMs;
  return { from: start, to: isThere && end > start ? end : start + length * minuteMs };
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/**
 * When the clock of a zone shows this, given as if it were UTC. Shown twice, the first or the last time; never shown, the
 * moment that it would have been without the change, which is behind the gap.
 */
function instant(wall: number, zone: string, which: 'first' | 'last'): number {
  const offsets = [wall - dayMs, wall + dayMs].map((at) => shows(at, zone) - at);
  const found = offsets.map((offset) => wall - offset).filter((at) => shows(at, zone) === wall);
  if (found.length === 0) return wall - offsets[0]!;
  return which === 'first' ? Math.min(...found) : Math.max(...found);
}

/** What the clock shows, as if it were UTC. */
function shows(at: number, zone: string): number {
  const { year, month, day, hour, minute } = wallClock(at, zone);
  return Date.UTC(year, month - 1, day, hour, minute) + (((at % minuteMs) + minuteMs) % minuteMs);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallClock(at: number, zone: string) {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  formats.set(zone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name)!;
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute') };
}

/** Whether a text names a time zone. */
export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
