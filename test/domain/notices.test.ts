import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Notice, type NoticeEvent, noticeEvents, stillTold, type Told, untold } from '../../src/domain/index.js';

const notice = (key: string): Notice => ({
  event: key.split(':')[0] as NoticeEvent,
  key,
  cluster: 'demo',
  title: key,
  details: [],
});
const team = { name: 'team', events: [...noticeEvents] };
const phone = { name: 'phone', events: ['heal' as const] };

/** One round: who is told what, and what is remembered of it. */
function round(
  before: Told,
  listeners: readonly (typeof team | typeof phone)[],
  ills: readonly string[],
  looked: readonly NoticeEvent[],
) {
  const all = ills.map(notice);
  let now = stillTold(before, listeners, looked, all);
  const told = untold(now, listeners, all).map(({ listener, notice: { key } }) => {
    now = { ...now, [listener.name]: { ...now[listener.name], [key]: 'now' } };
    return `${listener.name} ${key}`;
  });
  return { told, now };
}

describe('what somebody should know', () => {
  it('is told once to each who wants to hear of it, and again only after it was well in between', () => {
    const first = round({}, [team, phone], ['heal:refused:web-1', 'upgrade:stopped:x'], ['heal', 'upgrade']);
    expect(first.told).toEqual(['team heal:refused:web-1', 'team upgrade:stopped:x', 'phone heal:refused:web-1']);
    const second = round(first.now, [team, phone], ['heal:refused:web-1', 'upgrade:stopped:x'], ['heal', 'upgrade']);
    expect(second.told).toEqual([]);
    const well = round(second.now, [team, phone], ['upgrade:stopped:x'], ['heal', 'upgrade']);
    expect(well.told).toEqual([]);
    expect(
      round(well.now, [team, phone], ['heal:refused:web-1', 'upgrade:stopped:x'], ['heal', 'upgrade']).told,
    ).toEqual(['team heal:refused:web-1', 'phone heal:refused:web-1']);
  });

  it('is not taken to be well by a round that did not look for it', () => {
    const { now } = round({}, [team], ['upgrade:stopped:y'], ['upgrade']);
    const other = round(now, [team], [], ['heal']);
    expect(round(other.now, [team], ['upgrade:stopped:y'], ['upgrade']).told).toEqual([]);
  });

  it('is told to whoever came later, and who left is forgotten', () => {
    const { now } = round({}, [team], ['heal:acted:web-1'], ['heal']);
    const later = round(now, [phone], ['heal:acted:web-1'], ['heal']);
    expect(later.told).toEqual(['phone heal:acted:web-1']);
    expect(Object.keys(later.now)).toEqual(['phone']);
  });

  it('is never told twice in a row, whatever comes and goes', () => {
    const key = fc.constantFrom('heal:refused:a', 'heal:refused:b', 'upgrade:stopped:x');
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(key)), (rounds) => {
        let told: Told = {};
        let before = new Set<string>();
        for (const ills of rounds) {
          const result = round(told, [team], ills, ['heal', 'upgrade']);
          expect(result.told).toEqual(ills.filter((one) => !before.has(one)).map((one) => `team ${one}`));
          told = result.now;
          before = new Set(ills);
        }
      }),
    );
  });
});
