import { describe, expect, it } from 'vitest';

import type { StepContext } from '../../../src/engine/index.js';
import type { NodeFacts, NodePatch } from '../../../src/kube/types.js';
import type { ClusterApi } from '../../../src/phases/context.js';
import { leaveEtcd } from '../../../src/distributions/k3s/etcd.js';
import { FakeClock } from '../../support/fake-clock.js';

const removed = 'etcd.k3s.cattle.io/removed-node-name';
const member = 'etcd.k3s.cattle.io/node-name';
const node = (annotations: Record<string, string> = {}, controlPlane = true): NodeFacts =>
  ({ name: 'cp-2', controlPlane, annotations }) as unknown as NodeFacts;
const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;

/** An etcd that takes the member out when it is asked for the `turn`-th time. */
function api(turn: number) {
  const patches: NodePatch[] = [];
  let isOut: () => void;
  const out = new Promise<void>((resolve) => (isOut = resolve));
  const kube = {
    patchNode: (_name: string, patch: NodePatch) => {
      patches.push(patch);
      if (patches.length === turn) isOut();
      return Promise.resolve();
    },
  };
  const watch = {
    until: async (_name: string, _what: string, ready: (node: NodeFacts | undefined) => boolean) => {
      await out;
      expect(ready(node())).toBe(false);
      expect(ready(node({ [removed]: 'cp-2-abc' }))).toBe(true);
      // It joined again meanwhile, as another member.
      expect(ready(node({ [removed]: 'cp-2-abc', [member]: 'cp-2-def' }))).toBe(false);
      expect(ready(undefined)).toBe(true);
    },
  };
  return { patches, api: { kube, watch } as unknown as ClusterApi };
}

describe('a server that is to leave etcd', () => {
  it('is asked for once where etcd lets it go', async () => {
    const { api: cluster, patches } = api(1);
    await leaveEtcd(cluster, new FakeClock(), node(), run);
    expect(patches).toHaveLength(1);
    expect(patches[0]!.annotations).toMatchObject({ 'etcd.k3s.cattle.io/remove': 'true' });
  });

  it('is asked for again, by a node that changes each time, while etcd finds its members not well', async () => {
    const { api: cluster, patches } = api(4);
    await leaveEtcd(cluster, new FakeClock(), node(), run);
    expect(new Set(patches.map(({ annotations }) => JSON.stringify(annotations))).size).toBe(4);
    for (const { annotations } of patches) expect(annotations).toMatchObject({ 'etcd.k3s.cattle.io/remove': 'true' });
  });

  it('is left alone where it is out already, or never was in', async () => {
    const { api: cluster, patches } = api(1);
    await leaveEtcd(cluster, new FakeClock(), node({ [removed]: 'cp-2-abc' }), run);
    await leaveEtcd(cluster, new FakeClock(), node({}, false), run);
    expect(patches).toEqual([]);
  });

  it('is asked for when an earlier member of its node is out, but this one is not', async () => {
    const { api: cluster, patches } = api(1);
    const rejoined = node({ [removed]: 'cp-2-abc', [member]: 'cp-2-def' });
    await leaveEtcd(cluster, new FakeClock(), rejoined, run);
    expect(patches).toHaveLength(1);
  });
});
