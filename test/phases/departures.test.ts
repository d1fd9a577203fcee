import { describe, expect, it } from 'vitest';

import type { Comparison, Machine, WantedMachine } from '../../src/domain/index.js';
import type { NodeFacts } from '../../src/kube/types.js';
import { isDead, lostNodes } from '../../src/phases/departures.js';

const node = (name: string, change: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  ready: false,
  version: 'v1.36.5+k3s1',
  schedulable: true,
  controlPlane: false,
  etcdVoter: undefined,
  address: undefined,
  providerId: undefined,
  labels: { 'slipway.dev/pool': 'web' },
  annotations: {},
  taints: [],
  createdAt: '',
  ...change,
});
const named = (name: string) => ({ name });
const comparison = (kept: string[], surplus: string[], missing: string[]): Comparison => ({
  wanted: [],
  kept: kept.map((name) => named(name) as Machine),
  surplus: surplus.map((name) => named(name) as Machine),
  missing: missing.map((name) => named(name) as WantedMachine),
});
const lost = (found: Comparison, ...nodes: NodeFacts[]) =>
  lostNodes({ comparison: found, nodes: new Map(nodes.map((each) => [each.name, each])) }).map(({ name }) => name);

describe('a node is lost', () => {
  it.each<[string, string[], Comparison, NodeFacts[]]>([
    ['when no machine has its name and it is not Ready', ['a'], comparison(['b'], [], []), [node('a'), node('b')]],
    [
      'even while it looks Ready, when its name is to be given again',
      ['a'],
      comparison([], [], ['a']),
      [node('a', { ready: true })],
    ],
    ['not while it is Ready otherwise: it may be somebody’s', [], comparison([], [], []), [node('a', { ready: true })]],
    ['not while its machine is there, wanted or not', [], comparison(['a'], ['b'], []), [node('a'), node('b')]],
    ['not when no pool of ours claims it', [], comparison([], [], []), [node('a', { labels: {} })]],
  ])('%s', (_, expected, found, nodes) => {
    expect(lost(found, ...nodes)).toEqual(expected);
  });

  it('never when no API answered', () => {
    expect(lostNodes({ comparison: comparison([], [], ['a']), nodes: undefined })).toEqual([]);
  });
});

describe('a machine is dead', () => {
  it.each([
    ['off', node('a'), true],
    ['unknown', undefined, true],
    ['unknown', node('a', { ready: true }), false],
    ['running', node('a'), false],
    ['starting', undefined, false],
  ] as const)('%s with node %o: %s', (status, found, expected) => {
    expect(isDead({ status }, found)).toBe(expected);
  });
});
