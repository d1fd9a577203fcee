import { type Clock, systemClock } from '../../src/domain/clock.js';

const day = 86_400_000;

/** The computer's clock, but that somebody sets it a day on, or back, each time that it is looked at. */
export function jumpingClock(way: 'forward' | 'back'): Clock {
  let set = 0;
  return { ...systemClock, now: () => systemClock.now() + (set += way === 'forward' ? day : -day) };
}
