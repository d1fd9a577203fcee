import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isTimeZone, type Weekday, weekdays, type Window, windowState } from '../../src/domain/index.js';

const berlin = 'Europe/Berlin';
const daily = (from: string, to: string): Window => ({ days: weekdays, from, to });
const at = (text: string): number => Date.parse(text);
const state = (windows: readonly Window[], zone: string, now: string) => {
  const { open, until } = windowState(windows, zone, at(now));
  return [open, new Date(until).toISOString().slice(0, 16)];
};

describe('a maintenance window', () => {
  it.each([
    // In winter Berlin is an hour ahead of UTC.
    ['before it', [daily('02:00', '04:00')], berlin, '2026-01-10T00:59:59Z', [false, '2026-01-10T01:00']],
    ['as it opens', [daily('02:00', '04:00')], berlin, '2026-01-10T01:00:00Z', [true, '2026-01-10T03:00']],
    ['as it closes', [daily('02:00', '04:00')], berlin, '2026-01-10T03:00:00Z', [false, '2026-01-11T01:00']],
    [
      'in summer, by the same clock',
      [daily('02:00', '04:00')],
      berlin,
      '2026-07-10T00:30:00Z',
      [true, '2026-07-10T02:00'],
    ],
    ['over midnight', [daily('22:00', '02:00')], 'UTC', '2026-01-10T01:00:00Z', [true, '2026-01-10T02:00']],
    // 2026-01-10 is a Saturday, 2026-01-11 a Sunday.
    [
      'over midnight, by the day that it begins on',
      [{ days: ['sat'] as const, from: '22:00', to: '02:00' }],
      'UTC',
      '2026-01-11T01:00:00Z',
      [true, '2026-01-11T02:00'],
    ],
    [
      'on another day',
      [{ days: ['sat'] as const, from: '02:00', to: '04:00' }],
      'UTC',
      '2026-01-11T03:00:00Z',
      [false, '2026-01-17T02:00'],
    ],
    [
      'all day long',
      [{ days: ['sun'] as const, from: '00:00', to: '00:00' }],
      'UTC',
      '2026-01-11T23:59:00Z',
      [true, '2026-01-12T00:00'],
    ],
    [
      'of a zone behind UTC',
      [daily('20:00', '21:00')],
      'America/New_York',
      '2026-01-11T01:30:00Z',
      [true, '2026-01-11T02:00'],
    ],
    // Clocks are set forward at 01:00 UTC on 2026-03-29, from 02:00 to 03:00.
    [
      'that the change of clocks swallows',
      [daily('02:00', '03:00')],
      berlin,
      '2026-03-29T01:30:00Z',
      [true, '2026-03-29T02:00'],
    ],
    [
      'whose beginning the change of clocks swallows',
      [daily('02:30', '03:30')],
      berlin,
      '2026-03-29T01:29:00Z',
      [false, '2026-03-29T01:30'],
    ],
    [
      'that begins before the change',
      [daily('01:00', '04:00')],
      berlin,
      '2026-03-29T01:30:00Z',
      [true, '2026-03-29T02:00'],
    ],
    // Clocks are set back at 01:00 UTC on 2026-10-25, from 03:00 to 02:00.
    [
      'that the clocks show twice',
      [daily('02:00', '03:00')],
      berlin,
      '2026-10-25T01:30:00Z',
      [true, '2026-10-25T02:00'],
    ],
  ] as const)('%s', (_what, windows, zone, now, expected) => {
    expect(state(windows, zone, now)).toEqual(expected);
  });

  it('that a file does not have is always open', () => {
    expect(windowState([], berlin, 0)).toEqual({ open: true, until: Infinity });
  });

  const zones = fc.constantFrom(
    'UTC',
    berlin,
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
  );
  const minutes = fc.integer({ min: 0, max: 24 * 60 - 1 });
  const text = (of: number): string =>
    `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
  const window = fc.record({
    days: fc.uniqueArray(fc.constantFrom<Weekday>(...weekdays), { minLength: 1 }),
    from: minutes.map(text),
    to: minutes.map(text),
  });
  const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) });

  it('opens when it says that it will, and closes when it says that it will', () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), zones, moment, (windows, zone, now) => {
        const found = windowState(windows, zone, now);
        expect(found.until).toBeGreaterThan(now);
        expect(found.until - now).toBeLessThan(15 * 86_400_000);
        if (!found.open) expect(windowState(windows, zone, found.until).open).toBe(true);
        // It stays so until then.
        const between = now + Math.floor((found.until - now) / 2);
        expect(windowState(windows, zone, between).open).toBe(found.open);
      }),
      { numRuns: 200 },
    );
  });

  it('opens on each of its days, whatever the clocks do, for about as long as it says', () => {
    fc.assert(
      fc.property(minutes, fc.integer({ min: 15, max: 600 }), zones, moment, (from, length, zone, now) => {
        const windows = [daily(text(from), text((from + length) % 1440))];
        const first = windowState(windows, zone, now);
        const opens = first.open ? windowState(windows, zone, first.until).until : first.until;
        const { open, until } = windowState(windows, zone, opens);
        expect(open).toBe(true);
        // Clocks are changed by an hour at most, and once in Lord Howe by half of one.
        expect(Math.abs((until - opens) / 60_000 - length)).toBeLessThanOrEqual(60);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Europe/Atlantis', false],
  ])('%s is a time zone: %s', (zone, is) => {
    expect(isTimeZone(zone)).toBe(is);
  });
});
