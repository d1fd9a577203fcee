import { describe, expect, it } from 'vitest';

import { file, slipway, answer, refusal, machines, etcd, isDone } from '../support/replaced-cluster.js';

describe('the only server of a cluster', () => {
  it('is left as it is by apply, which does the rest and says how it can be replaced', async () => {
    file({ servers: 1, workers: 1 });
    const smaller = await slipway('cluster', 'apply', 'demo', '--yes');
    expect(smaller, smaller.err).toMatchObject({ code: 0 });
    const before = await machines();
    file({ server: 'cax31', web: 'cax41' });
    const advice = 'Have three servers for a while: set controlPlane.count to 3, then slipway cluster apply demo';
    const plan = await slipway('cluster', 'plan', 'demo', '--detailed-exitcode');
    expect(plan).toMatchObject({ code: 5 });
    expect(plan.err).toContain(advice);
    const status = await answer<{ remarks: string[] }>('cluster', 'status', 'demo');
    expect(status.remarks.join()).toContain(advice);
    const applied = await slipway('cluster', 'apply', 'demo', '--yes');
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(applied.err).toContain(advice);
    expect(applied.out).toMatch(/cp-1 +machine type cax21 → cax31: needs cluster recycle/);
    expect(await machines()).toEqual([before[0], 'web-1 cax41 fsn1']);
    const refused = await refusal('cluster', 'recycle', 'demo', '--pool', 'cp', '--yes');
    expect(refused).toMatchObject({ code: 'RECYCLE_BLOCKED', exit: 3 });
    expect(refused.hint).toContain(advice);
  }, 240_000);

  it('becomes three of another type in one run, and one again in the next', async () => {
    file({ servers: 3 });
    const three = await slipway('cluster', 'apply', 'demo', '--yes');
    expect(three, three.err).toMatchObject({ code: 0 });
    expect((await machines()).slice(0, 3)).toEqual([1, 2, 3].map((slot) => `cp-${slot} cax31 fsn1`));
    expect(await etcd()).toMatchObject({ members: 3, voters: 3 });
    await isDone();
    file({ servers: 1 });
    const one = await slipway('cluster', 'apply', 'demo', '--yes');
    expect(one, one.err).toMatchObject({ code: 0 });
    expect(await machines()).toEqual(['cp-1 cax31 fsn1', 'web-1 cax41 fsn1']);
    expect(await etcd()).toMatchObject({ members: 1, voters: 1 });
    await isDone();
  }, 240_000);
});
