import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  cli,
  slipway,
  status,
  errorOf,
  generations,
  younger,
  boundary,
  finishesWhenKilled,
} from '../support/recycled-cluster.js';
import { keepData, whatStays } from '../support/what-stays.js';

describe('`cluster recycle`', () => {
  let stays: Awaited<ReturnType<typeof whatStays>>;

  beforeAll(async () => {
    await keepData();
    stays = await whatStays();
  });
  // Whatever it was killed at: load balancers, their addresses and volumes are the ones that there were.
  afterEach(async () => expect(await whatStays()).toEqual(stays));

  it.each<[string, 'cp' | 'web', object]>([
    [
      'after a provider’s request',
      'cp',
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', nth: 2, act: 'kill' },
    ],
    [
      'after it was written down what is to be replaced',
      'web',
      { when: 'after', kind: 'kube', what: 'slipway-recycle', act: 'kill' },
    ],
  ])('killed %s is finished by the same command, which replaces each node once', (_, pool, order) =>
    finishesWhenKilled(pool, order),
  );

  it('that was stopped is told of by plan and status, and keeps others from replacing something else', async () => {
    const before = await generations();
    const order = { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' };
    await cli.run(['cluster', 'recycle', 'demo', '--pool', 'web', '--yes'], boundary(order));
    const go = 'slipway cluster recycle demo --pool web';
    expect((await slipway('cluster', 'plan', 'demo')).err).toContain(go);
    expect((await status()).remarks.join('\n')).toContain(go);
    const other = await errorOf('cluster', 'recycle', 'demo', '--yes');
    expect(other).toMatchObject({ code: 'RECYCLE_UNFINISHED', exit: 3 });
    expect(other.message).toContain(go);
    expect((await slipway('pool', 'rotate', 'demo', 'web', '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
    expect((await slipway('cluster', 'plan', 'demo')).err).not.toContain(go);
  }, 240_000);

  it('that was stopped is dropped by --restart, which replaces what it names and leaves the rest', async () => {
    const before = await generations();
    const order = { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' };
    await cli.run(['cluster', 'recycle', 'demo', '--pool', 'web', '--yes'], boundary(order));
    const restarted = await slipway('cluster', 'recycle', 'demo', '--node', 'web-1', '--restart', '--yes');
    expect(restarted, restarted.err).toMatchObject({ code: 0 });
    expect(await generations()).toEqual({ ...before, 'web-1': before['web-1']! + 2 });
    expect((await slipway('cluster', 'plan', 'demo')).err).not.toContain('slipway cluster recycle');
  }, 240_000);
});
