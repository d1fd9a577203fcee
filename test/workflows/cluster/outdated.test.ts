import { describe, expect, it } from 'vitest';

import type { OutdatedMachine } from '../../../src/domain/index.js';
import type { RefusedError } from '../../../src/errors/index.js';
import type { ClusterFacts } from '../../../src/phases/context.js';
import { refuseUnreachableVersion, skewProblems } from '../../../src/workflows/cluster/outdated.js';

const outdated: readonly OutdatedMachine[] = [];

/** What a file that asks for a release is refused with, where servers run these. */
function refusal(version: string, ...serverVersions: string[]): RefusedError | undefined {
  const spec = { name: 'demo', kubernetes: { version } } as Parameters<typeof refuseUnreachableVersion>[0];
  try {
    refuseUnreachableVersion(spec, { outdated, serverVersions });
    return undefined;
  } catch (error) {
    return error as RefusedError;
  }
}

describe('a release that the file asks for', () => {
  it.each([
    ['nothing runs yet', 'v1.37.1+k3s1', []],
    ['it runs already', 'v1.36.5+k3s1', ['v1.36.5+k3s1']],
    ['an older patch runs', 'v1.36.5+k3s1', ['v1.36.1+k3s1']],
    ['the minor before it runs', 'v1.36.5+k3s1', ['v1.35.0+k3s1']],
    ['an upgrade to it was cut off', 'v1.36.5+k3s1', ['v1.36.5+k3s1', 'v1.35.0+k3s1', 'v1.35.0+k3s1']],
  ])('is taken where %s', (_, version, servers) => {
    expect(refusal(version, ...servers)).toBeUndefined();
  });

  it('is refused where a minor lies between, with the minor that comes first', () => {
    const refused = refusal('v1.37.1+k3s1', 'v1.35.0+k3s1');
    expect(refused).toMatchObject({ code: 'VERSION_SKIPS_MINOR', exitCode: 3 });
    expect(refused?.message).toContain('so v1.36 comes first');
    expect(refused?.hint).toContain('Set kubernetes.version to a v1.36 release first');
  });

  it('is measured from the server that is furthest behind', () => {
    expect(refusal('v1.37.1+k3s1', 'v1.36.5+k3s1', 'v1.35.0+k3s1')?.code).toBe('VERSION_SKIPS_MINOR');
  });
});

interface Joining {
  readonly role: 'control-plane' | 'worker';
  /** What its node ran before it was lost. */
  readonly had?: string;
}

/** What a machine is refused with that is to be started beside servers that run these. */
function skew({ role, had }: Joining, ...serverVersions: string[]): readonly string[] {
  const slot = { name: 'm', pool: role === 'worker' ? 'web' : 'cp', role, slot: 2 };
  const facts = {
    comparison: { desired: [slot], current: [slot], missing: [], excess: [] },
    nodes: new Map(had === undefined ? [] : [['m', { ready: false, version: had }]]),
    hosts: new Map(),
    serverVersions,
    newcomerVersion: [...serverVersions].sort()[0] ?? 'v1.36.5+k3s1',
  } as unknown as ClusterFacts;
  return skewProblems(facts).map(({ code, message }) => `${code} ${message}`);
}

describe('a machine that is to be started', () => {
  it('fits where it gets what the servers run, also while they are upgraded', () => {
    for (const role of ['control-plane', 'worker'] as const) {
      expect(skew({ role })).toEqual([]);
      expect(skew({ role }, 'v1.35.0+k3s1')).toEqual([]);
      expect(skew({ role }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([]);
    }
  });

  it('is refused as a node that is newer than a server', () => {
    expect(skew({ role: 'worker', had: 'v1.36.5+k3s1' }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([
      'VERSION_SKEW web-2 would run Kubernetes v1.36.5+k3s1, which does not work with servers that run v1.35.0+k3s1 and v1.36.5+k3s1.',
    ]);
    expect(skew({ role: 'control-plane', had: 'v1.36.5+k3s1' }, 'v1.36.5+k3s1', 'v1.35.0+k3s1')).toEqual([]);
  });

  it('is refused as a server where servers are two minors apart already', () => {
    expect(skew({ role: 'control-plane' }, 'v1.37.1+k3s1', 'v1.35.0+k3s1')).toHaveLength(1);
    expect(skew({ role: 'worker' }, 'v1.37.1+k3s1', 'v1.35.0+k3s1')).toEqual([]);
  });
});
