import { describe, expect, it } from 'vitest';

import { parseCluster } from '../../../src/config/index.js';
import { comparePools, desiredShape, differencesOf } from '../../../src/distributions/lke/compare.js';
import { endOf } from '../../../src/distributions/lke/end-of-life.js';
import { fatesOf } from '../../../src/distributions/lke/nodes.js';
import { refuseImpossible } from '../../../src/distributions/lke/refusals.js';
import { lackOf } from '../../../src/distributions/lke/waits.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { ManagedCluster, ManagedPool } from '../../../src/provider/managed.js';

const file = (more = '', pools = '  - { name: web, type: g6-standard-2, count: 2 }') =>
  `name: north
provider: { name: linode, locations: [se-sto] }
kubernetes: { distribution: lke, version: "1.36" }
${more}
pools:
${pools}
`;
const spec = (...args: Parameters<typeof file>) => parseCluster(file(...args), 'cluster.yaml');
const problems = (...args: Parameters<typeof file>): readonly string[] => {
  try {
    spec(...args);
    return [];
  } catch (error) {
    return (error as { details: string[] }).details;
  }
};

const node = (id: string) => ({
  id,
  name: `lke1-${id}`,
  providerId: `linode://${id}`,
  machine: { id, isRunning: true, publicAddress: undefined, privateAddress: undefined, createdAt: '' },
});
const pool = (id: string, more: Partial<ManagedPool> = {}): ManagedPool => ({
  ...{ id, name: 'web', type: 'g6-standard-2', count: 2, autoscale: undefined, taints: [] },
  labels: { 'slipway.dev/pool': 'web' },
  nodes: [node(`${id}1`), node(`${id}2`)],
  ...more,
});
const cluster = (...pools: ManagedPool[]): ManagedCluster => ({
  ...{ id: '1', location: 'se-sto', version: '1.36', highAvailability: false, apiAllow: [], pools },
});
const facts = (id: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{ name: `lke1-${id}`, ready: true, version: 'v1.36.5', schedulable: true, controlPlane: false, conditions: {} },
  ...{ address: undefined, providerId: `linode://${id}`, labels: {}, annotations: {}, taints: [], createdAt: '' },
  ...more,
});
const nodes = (...all: NodeFacts[]) => new Map(all.map((one) => [one.name, one]));

describe('a cluster file of LKE', () => {
  it.each([
    ['kubernetes.version', 'kubernetes', 'image: debian-13', 'image'],
    ['a network', '', 'network: { range: 10.1.0.0/16 }', 'network'],
    ['five servers', '', 'controlPlane: { count: 5 }', 'controlPlane.count'],
    ['a type of servers', '', 'controlPlane: { type: g6-standard-2 }', 'controlPlane.type'],
    ['components', '', 'components: { preset: baseline }', 'components'],
    ['backups of etcd', '', 'backup: {}', 'backup'],
  ])('is refused with %s, and says why', (_what, _word, more, path) => {
    expect(problems(more)).toEqual([expect.stringContaining(`${path}: `)]);
  });

  it('is refused with standbys, an empty pool, and no pool at all', () => {
    expect(problems('', '  - { name: web, count: 1, standby: 1 }')[0]).toContain('LKE has no machines that stand by');
    expect(problems('', '  - { name: web, count: 0 }')[0]).toContain('1 to 100 nodes');
    expect(problems('', '  []')[0]).toContain('at least one pool');
  });

  it('asks for a minor, and not for a release of k3s', () => {
    const text = file().replace('"1.36"', 'v1.36.5+k3s1');
    expect(() => parseCluster(text, 'cluster.yaml')).toThrow('cluster.yaml has a problem');
    expect(spec().kubernetes.version).toBe('1.36');
  });
});

describe('pools of LKE', () => {
  it('are known by their mark and their type, and are never made again', () => {
    const found = comparePools(spec(), 'g6-standard-1', cluster(pool('9'), pool('3')));
    expect(found.asked[0]).toMatchObject({ current: { id: '3' }, former: [{ id: '9' }] });
    const foreign = comparePools(spec(), 'g6-standard-1', cluster(pool('3', { name: undefined })));
    expect(foreign).toMatchObject({ asked: [{ current: undefined }], foreign: [{ id: '3' }], excess: [] });
  });

  it('of another type are former ones, whose nodes all leave', () => {
    const old = pool('3', { type: 'g6-standard-1' });
    const pools = comparePools(spec(), 'g6-standard-1', cluster(old));
    expect(pools.asked[0]).toMatchObject({ current: undefined, former: [{ id: '3' }] });
    const fates = fatesOf({ pools, nodes: nodes(facts('31'), facts('32')) }, { version: '1.36', round: undefined });
    expect(fates.removed.map(({ id }) => id)).toEqual(['31', '32']);
    expect(fates.recycled).toEqual([]);
  });

  it('that are too large lose the node that does not serve, then the youngest', () => {
    const pools = comparePools(spec('', '  - { name: web, type: g6-standard-2, count: 1 }'), 'x', cluster(pool('3')));
    const going = (first: boolean, second: boolean): readonly string[] =>
      fatesOf(
        { pools, nodes: nodes(facts('31', { ready: first }), facts('32', { ready: second })) },
        { version: '1.36', round: undefined },
      ).removed.map(({ id }) => id);
    expect(going(true, true)).toEqual(['32']);
    expect(going(false, true)).toEqual(['31']);
  });

  it('that scale by themselves stay as large as they are, within their range', () => {
    const text = '  - { name: web, type: g6-standard-2, autoscale: { min: 2, max: 4 } }';
    const sizeAt = (count: number): number => {
      const [asked] = comparePools(spec('', text), 'x', cluster(pool('3', { count }))).asked;
      return desiredShape(asked!).count;
    };
    expect([1, 3, 9].map(sizeAt)).toEqual([2, 3, 4]);
  });

  it('say what differs of them, and fewer nodes are no difference', () => {
    const [asked] = comparePools(spec(), 'x', cluster(pool('3'))).asked;
    expect(differencesOf(pool('3'), desiredShape(asked!))).toEqual([]);
    expect(differencesOf(pool('3', { count: 3 }), desiredShape(asked!))).toEqual([]);
    expect(differencesOf(pool('3', { count: 1, labels: {} }), desiredShape(asked!))).toEqual([
      '1 to 2 nodes',
      'labels',
    ]);
  });
});

describe('nodes of LKE', () => {
  const pools = comparePools(spec(), 'x', cluster(pool('3')));

  it('of an older minor are recycled, those of an older patch only when somebody asks for it', () => {
    const found = { pools, nodes: nodes(facts('31', { version: 'v1.35.8' }), facts('32', { version: 'v1.36.4' })) };
    const recycled = (...names: string[]): readonly string[] =>
      fatesOf(found, {
        version: '1.36',
        round: { replacing: new Set(names), leavingFirst: new Set() },
      }).recycled.map(({ id }) => id);
    expect(recycled()).toEqual(['31']);
    expect(recycled('lke1-32')).toEqual(['31', '32']);
  });

  it('that a stopped run had emptied take pods again', () => {
    const cordoned = facts('32', { annotations: { 'slipway.dev/cordoned-for': 'drain' }, schedulable: false });
    const fates = fatesOf({ pools, nodes: nodes(facts('31'), cordoned) }, { version: '1.36', round: undefined });
    expect(fates.uncordoned.map(({ id }) => id)).toEqual(['32']);
  });

  it('count once they are Ready on the machine that they have now, and a former machine is gone', () => {
    expect(lackOf(pool('3'), [facts('31'), facts('32')])).toBeUndefined();
    expect(lackOf(pool('3'), [facts('31'), facts('32', { ready: false })])).toBe('1 of 2 nodes are Ready');
    // A node of the same name whose machine was another.
    expect(lackOf(pool('3'), [facts('31'), facts('32', { providerId: 'linode://9' })])).toBe('1 of 2 nodes are Ready');
    expect(lackOf(pool('3'), [facts('31'), facts('32')], new Set(['32']))).toBe('lke1-32 is still there');
    expect(lackOf(undefined, [])).toBe('it is not there');
  });
});

describe('a cluster of LKE that is there', () => {
  const refusal = (managed: Partial<ManagedCluster>, more = ''): string | undefined => {
    try {
      refuseImpossible(spec(more), { managed: { ...cluster(), ...managed } });
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('goes one minor at a time and never back, stays in its region, and keeps its kind of control plane', () => {
    expect(refusal({})).toBeUndefined();
    expect(refusal({ version: '1.35' })).toBeUndefined();
    expect(refusal({ version: '1.34' })).toBe('MINOR_SKIPPED');
    expect(refusal({ version: '1.37' })).toBe('VERSION_OLDER');
    expect(refusal({ location: 'eu-west' })).toBe('SETTINGS_FIXED');
    expect(refusal({}, 'controlPlane: { count: 3 }')).toBe('SETTINGS_FIXED');
    expect(refusal({ highAvailability: true }, 'controlPlane: { count: 3 }')).toBeUndefined();
  });

  it('has its minor until Kubernetes is expected to end it, and later minors every four months', () => {
    const now = Date.parse('2026-11-27T00:00:00Z');
    expect(endOf('1.35', now)).toEqual({ version: '1.35', until: '2027-02-28', daysLeft: 93 });
    expect(endOf('v1.34.6', now)).toMatchObject({ version: '1.34', daysLeft: -31 });
    expect(endOf('1.38', now)).toMatchObject({ until: '2028-02-28' });
    expect(endOf('unknown', now)).toBeUndefined();
  });
});
