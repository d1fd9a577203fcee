import { describe, expect, it } from 'vitest';

import { cordonedAnnotation } from '../../src/domain/index.js';
import type { StepContext } from '../../src/engine/index.js';
import type { NodeFacts, NodePatch } from '../../src/kube/types.js';
import type { ClusterApi } from '../../src/phases/context.js';
import { leftAtNode, markLater, releaseNode, upgradingAnnotation } from '../../src/phases/upgrade-marks.js';

const run = { signal: new AbortController().signal } as StepContext;
const own = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
const later = { key: 'slipway.dev/old-release', effect: 'PreferNoSchedule' };
const patches = async (
  act: typeof markLater | typeof releaseNode,
  node: Partial<NodeFacts>,
): Promise<readonly NodePatch[]> => {
  const made: NodePatch[] = [];
  const kube = {
    nodes: () => Promise.resolve([{ name: 'w1', annotations: {}, taints: [], ...node }]),
    patchNode: (_: string, patch: NodePatch) => Promise.resolve(void made.push(patch)),
  };
  await act({ kube } as unknown as ClusterApi, 'w1', run);
  return made;
};

describe('what an upgrade writes at nodes', () => {
  it('is a soft taint beside those there are, once, and taken away alone', async () => {
    expect(await patches(markLater, { taints: [own] })).toEqual([{ taints: [own, later] }]);
    expect(await patches(markLater, { taints: [own, later] })).toEqual([]);
    expect(await patches(releaseNode, { taints: [own, later] })).toEqual([
      { taints: [own], annotations: { [upgradingAnnotation]: null } },
    ]);
  });

  it('lets a node take pods again that it had cordoned, and none that somebody else had', async () => {
    const upgrading = { [upgradingAnnotation]: 'v1.36.4+k3s1' };
    expect(leftAtNode({ taints: [], annotations: { ...upgrading, [cordonedAnnotation]: 'drain' } })).toEqual({
      unschedulable: false,
      annotations: { [upgradingAnnotation]: null, [cordonedAnnotation]: null },
    });
    expect(leftAtNode({ taints: [], annotations: upgrading })).toEqual({
      annotations: { [upgradingAnnotation]: null },
    });
    expect(leftAtNode({ taints: [own], annotations: { [cordonedAnnotation]: 'drain' } })).toBeUndefined();
  });
});
