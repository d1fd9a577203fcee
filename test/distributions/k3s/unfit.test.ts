import { describe, expect, it } from 'vitest';

import type { K3sFacts } from '../../../src/distributions/k3s/context.js';
import { unfitMachines } from '../../../src/distributions/k3s/unfit.js';

interface Joining {
  readonly role: 'control-plane' | 'worker';
  /** What its node ran before it was lost. */
  readonly had?: string;
}

/** Why a machine is left that is to be started beside servers that run these. */
function skew({ role, had }: Joining, ...serverVersions: string[]): readonly string[] {
  const slot = { name: 'm', pool: role === 'worker' ? 'web' : 'cp', role, slot: 2 };
  const facts = {
    comparison: { desired: [slot], current: [slot], missing: [], excess: [] },
    nodes: new Map(had === undefined ? [] : [['m', { ready: false, version: had }]]),
    hosts: new Map(),
    serverVersions,
    newcomerVersion: [...serverVersions].sort()[0] ?? 'v1.36.5+k3s1',
  } as unknown as K3sFacts;
  return unfitMachines(facts).map(({ slot, because }) => `${slot} ${because}`);
}

describe('a machine that is to be started', () => {
  it('fits where it gets what the servers run, also while they are upgraded', () => {
    for (const role of ['control-plane', 'worker'] as const) {
      expect(skew({ role })).toEqual([]);
      expect(skew({ role }, 'v1.35.0+k3s1')).toEqual([]);
      expect(skew({ role }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([]);
    }
  });

  it('is left where it is a node that would be newer than a server', () => {
    expect(skew({ role: 'worker', had: 'v1.36.5+k3s1' }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([
      'web-2 would run Kubernetes v1.36.5+k3s1, which does not work with servers that run v1.35.0+k3s1 and v1.36.5+k3s1',
    ]);
    expect(skew({ role: 'control-plane', had: 'v1.36.5+k3s1' }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([]);
  });

  it('is left where it is a server and others are two minors apart already', () => {
    expect(skew({ role: 'control-plane' }, 'v1.37.1+k3s1', 'v1.35.0+k3s1')).toHaveLength(1);
    expect(skew({ role: 'worker' }, 'v1.37.1+k3s1', 'v1.35.0+k3s1')).toEqual([]);
  });
});
