import { describe, expect, it } from 'vitest';

import { cli, create, upgrade, versions, hindered, all } from '../support/upgraded-cluster.js';

describe('a release that a node does not run on', () => {
  it('puts back a worker that a patch does not run on, begins nothing after it, and goes on when it is run again', async () => {
    const kube = await create('v1.36.4+k3s1', 1, 3);
    const sandbox = await cli.sandbox();
    const trait = (crashesWith: string | null) =>
      sandbox.call('POST', 'machines', { act: 'change', name: 'demo-workers-2', facts: { crashesWith } });
    await trait('v1.36.5+k3s1');
    const failed = await upgrade('v1.36.5+k3s1');
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toMatch(
      /demo-workers-2-\w+ could not be brought to v1\.36\.5\+k3s1, and has v1\.36\.4\+k3s1 again/,
    );
    expect(failed.err).toContain('UPGRADE_PUT_BACK');
    expect(failed.err).toMatch(/run it again to finish: \S.*cluster upgrade demo --to v1\.36\.5\+k3s1/);
    expect(await versions(kube)).toEqual({
      'cp-1': 'v1.36.5+k3s1',
      'workers-1': 'v1.36.5+k3s1',
      'workers-2': 'v1.36.4+k3s1',
      'workers-3': 'v1.36.4+k3s1',
    });
    expect(await hindered(kube)).toEqual([]);
    expect((await cli.run(['cluster', 'status', 'demo'])).out).toContain(
      'An upgrade to v1.36.5+k3s1 was stopped: 1 of 1 servers and 1 of 3 workers run it. Go on: slipway cluster upgrade demo --to v1.36.5+k3s1',
    );
    await trait(null);
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect((await cli.run(['cluster', 'status', 'demo'])).out).not.toContain('An upgrade');
    kube.close();
  }, 180_000);

  it('ends at a node that a minor does not run on, and goes on with it when it is run again', async () => {
    const kube = await create('v1.35.5+k3s1', 3, 1);
    const sandbox = await cli.sandbox();
    const trait = (crashesWith: string | null) =>
      sandbox.call('POST', 'machines', { act: 'change', name: 'demo-cp-2', facts: { crashesWith } });
    await trait('v1.36.5+k3s1');
    const failed = await upgrade('v1.36.5+k3s1');
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toContain('UPGRADE_FAILED');
    expect(Object.values(await versions(kube)).filter((version) => version === 'v1.36.5+k3s1')).toHaveLength(1);
    await trait(null);
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    kube.close();
  }, 180_000);
});
