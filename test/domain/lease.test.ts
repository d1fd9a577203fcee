import { describe, expect, it } from 'vitest';

import { identityOf, judgeLease, type OperationLease, runnerOf } from '../../src/domain/lease.js';

const now = Date.parse('2026-11-20T10:00:00Z');
const identity = identityOf({ user: 'ada', host: 'desk', pid: 12, run: 'abc1' });
const taker = { identity, predecessors: ['dead1', 'dead2'] };
const theirs = (run: string): string => identityOf({ user: 'ci', host: 'runner', pid: 7, run });
const lease = (holder: string, renewedAgoMs: number | undefined, durationMs = 20_000): OperationLease => ({
  identity: holder,
  operation: 'cluster apply',
  acquiredAt: undefined,
  renewedAt: renewedAgoMs === undefined ? undefined : now - renewedAgoMs,
  durationMs,
});

describe('a look at the Lease', () => {
  it.each([
    ['there is none', undefined, 'free'],
    ['its holder is empty', lease('', 0), 'free'],
    ['this run has it', lease(identity, 0), 'mine'],
    ['this run has it and slept too long', lease(identity, 3_600_000), 'mine'],
    ['a dead run of this workspace had it', lease(theirs('dead2'), 0), 'left'],
    ['a dead run of this workspace had it long ago', lease(theirs('dead1'), 3_600_000), 'left'],
    ['another run has just renewed it', lease(theirs('beef'), 0), 'held'],
    ['another run renewed it in time', lease(theirs('beef'), 20_000), 'held'],
    ['another run’s clock is a little ahead', lease(theirs('beef'), -20_000), 'held'],
    ['another run did not renew it in time', lease(theirs('beef'), 20_001), 'silent'],
    ['another run’s clock is far ahead', lease(theirs('beef'), -20_001), 'silent'],
    ['it does not say when it was renewed', lease(theirs('beef'), undefined), 'silent'],
    ['it does not say how long it counts', lease(theirs('beef'), 1, 0), 'silent'],
    ['something else than Slipway has it', lease('somebody', 0), 'held'],
    ['something else than Slipway has it that is named like a dead run', lease('dead1', 0), 'held'],
  ])('when %s: %s → %s', (_, seen, verdict) => {
    expect(judgeLease(seen, taker, now)).toBe(verdict);
  });

  it('tells user, host, process and run apart, whatever the user is called', () => {
    const runner = { user: 'a@b pid 3 run c', host: 'desk', pid: 12, run: '0f' };
    expect(runnerOf(identityOf(runner))).toEqual(runner);
    expect(runnerOf('somebody')).toBeUndefined();
  });
});
