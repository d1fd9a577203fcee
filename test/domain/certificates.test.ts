import { describe, expect, it } from 'vitest';

import { certificateState, endText, firstToEnd } from '../../src/domain/index.js';

const now = Date.UTC(2026, 10, 26);
const inDays = (days: number): string => new Date(now + days * 86_400_000).toISOString();

describe('the end of a certificate', () => {
  it.each([
    [400, 'well'],
    [90, 'well'],
    [89.9, 'soon'],
    [30, 'soon'],
    [29.9, 'urgent'],
    [0.1, 'urgent'],
    [0, 'expired'],
    [-3, 'expired'],
  ])('%d days ahead is %s', (days, state) => {
    expect(certificateState(inDays(days), now)).toBe(state);
  });

  it.each([
    [12.5, 'ends in 12 days, on 2026-12-08'],
    [1, 'ends in 1 day, on 2026-11-27'],
    [0.5, 'ends in less than a day, on 2026-11-26'],
    [-6, 'ended on 2026-11-20'],
  ])('%d days ahead is told in words', (days, text) => {
    expect(endText(inDays(days), now)).toBe(text);
  });

  it('of several is that of the one which ends first, and of none there is none', () => {
    const ends = [40, 10, 20].map((days) => ({ path: `${days}.crt`, until: inDays(days) }));
    expect(firstToEnd(ends)?.path).toBe('10.crt');
    expect(firstToEnd([])).toBeUndefined();
  });
});
