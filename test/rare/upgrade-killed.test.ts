import { describe, expect, it } from 'vitest';

import { create, upgrade, hindered, all, deploy } from '../support/upgraded-cluster.js';

/** Each kind of boundary, in the order in which an upgrade comes by. */
const points = [
  { when: 'before', kind: 'workspace', what: 'write demo/record' },
  { when: 'before', kind: 'ssh', what: 'snapshot-etcd' },
  { when: 'after', kind: 'ssh', what: 'snapshot-etcd' },
  // Marked, and then cordoned.
  { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-1', nth: 2 },
  { when: 'before', kind: 'ssh', what: 'demo-cp-1\\S* install-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-1\\S* install-k3s' },
  { when: 'before', kind: 'ssh', what: 'demo-cp-2\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-3\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'pods/default/web-\\S*/eviction' },
  { when: 'after', kind: 'ssh', what: 'demo-workers-1\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-workers-2', nth: 3 },
] as const;

describe('cluster upgrade that is killed', () => {
  it('at each kind of boundary, one time after the other, goes on when it is run again', async () => {
    const kube = await create('v1.35.5+k3s1', 3, 2);
    await deploy(kube, 'web', { replicas: 4 });
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await upgrade('v1.36.5+k3s1', [], order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await upgrade('v1.36.5+k3s1');
    expect(again, again.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    kube.close();
  }, 300_000);
});
