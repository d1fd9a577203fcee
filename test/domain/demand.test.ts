import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { clusterSchema } from '../../src/config/cluster-schema.js';
import {
  type DemandNode,
  type DemandOffer,
  type DemandPod,
  type DemandPool,
  type DemandView,
  diffMachines,
  judgeDemand,
  type Machine,
  noDemand,
  slotLabel,
} from '../../src/domain/index.js';

const policy = { growAfterMs: 30_000, shrinkAfterMs: 600_000 };
const pod = (name: string, change: Partial<DemandPod> = {}): DemandPod => ({
  uid: name,
  name: `default/${name}`,
  waitedMs: 31_000,
  asks: { cpuMilli: 1500, memoryMiB: 1000 },
  selector: {},
  tolerations: [],
  apart: false,
  ...change,
});
const offer = (change: Partial<DemandOffer> = {}): DemandOffer => ({
  type: 'cax21',
  location: 'fsn1',
  monthly: 8,
  free: { cpuMilli: 4000, memoryMiB: 7000, pods: 100 },
  shape: { labels: { pool: 'web' }, taints: [] },
  ...change,
});
const pool = (change: Partial<DemandPool> = {}): DemandPool => ({
  name: 'web',
  size: 1,
  min: 1,
  max: 5,
  spent: 8,
  maxMonthlyPrice: undefined,
  currency: 'EUR',
  offers: [offer()],
  standbys: 0,
  empty: [],
  ...change,
});
const node = (change: Partial<DemandNode> = {}): DemandNode => ({
  name: 'demo-web-1',
  labels: { pool: 'web' },
  taints: [],
  free: { cpuMilli: 0, memoryMiB: 0, pods: 50 },
  ...change,
});
const judge = (change: Partial<DemandView>) =>
  judgeDemand(
    { pools: [pool()], nodes: [node()], pods: [pod('a')], helped: new Map(), budget: 4, allWell: true, ...change },
    policy,
  );
const grown = (change: Partial<DemandView>) => judge(change).grow.map(({ pool: name, pods }) => [name, pods.join()]);
const gpu = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

describe('a machine of a pool that scales by itself', () => {
  it.each<[string, Partial<DemandView>, readonly (readonly [string, string])[]]>([
    ['is made for a pod that found no node for 30 s', {}, [['web', 'a']]],
    ['is not made for one that has just come', { pods: [pod('a', { waitedMs: 29_000 })] }, []],
    [
      'is shared by pods that fit on it together',
      { pods: [pod('a'), pod('b'), pod('c')] },
      [
        ['web', 'a,b'],
        ['web', 'c'],
      ],
    ],
    [
      'is made for each pod that may not be beside another',
      { pods: [pod('a', { apart: true }), pod('b', { apart: true })] },
      [
        ['web', 'a'],
        ['web', 'b'],
      ],
    ],
    [
      'is not made for a pod that has room on a node that is there',
      { nodes: [node({ free: { cpuMilli: 2000, memoryMiB: 2000, pods: 1 } })] },
      [],
    ],
    [
      'is not made for one that asks for more than a machine has',
      { pods: [pod('a', { asks: { cpuMilli: 5000, memoryMiB: 1 } })] },
      [],
    ],
    [
      'is not made for one whose selector the pool does not match',
      { pods: [pod('a', { selector: { tier: 'db' } })] },
      [],
    ],
    ['is made for one whose selector it matches', { pods: [pod('a', { selector: { pool: 'web' } })] }, [['web', 'a']]],
    [
      'is made for one of whose affinities one matches',
      {
        pods: [
          pod('a', {
            terms: [[{ key: 'zone', operator: 'Exists' }], [{ key: 'pool', operator: 'In', values: ['web', 'db'] }]],
          }),
        ],
      },
      [['web', 'a']],
    ],
    [
      'is not made for one with an affinity to one node',
      { pods: [pod('a', { terms: [[{ key: 'metadata.name', operator: 'In', values: ['x'] }]] })] },
      [],
    ],
    [
      'is not made where its taint is not tolerated',
      { pools: [pool({ offers: [offer({ shape: { labels: {}, taints: [gpu] } })] })] },
      [],
    ],
    [
      'is made where its taint is tolerated',
      {
        pools: [pool({ offers: [offer({ shape: { labels: {}, taints: [gpu] } })] })],
        pods: [pod('a', { tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes' }] })],
      },
      [['web', 'a']],
    ],
    ['is not made beyond the maximum', { pools: [pool({ size: 5 })] }, []],
    ['is not made for a pod that no machine could help', { pods: [pod('a', { hopeless: 'it asks for a GPU' })] }, []],
    ['is not made while too many are down', { budget: 0 }, []],
    [
      'is not made beyond what may be changed at once',
      { budget: 1, pods: [pod('a', { apart: true }), pod('b', { apart: true })] },
      [['web', 'a']],
    ],
    ['is not made where the pool would cost too much', { pools: [pool({ maxMonthlyPrice: 15.99 })] }, []],
    ['is made for the very price that is allowed', { pools: [pool({ maxMonthlyPrice: 16 })] }, [['web', 'a']]],
    [
      'is not made where there is a limit and no price',
      { pools: [pool({ maxMonthlyPrice: 16, offers: [offer({ monthly: undefined })] })] },
      [],
    ],
    ['is not made where nothing is to be had', { pools: [pool({ offers: [] })] }, []],
    [
      'is of the cheapest pool that fits',
      {
        pools: [
          pool(),
          pool({ name: 'small', offers: [offer({ monthly: 5 })] }),
          pool({ name: 'db', offers: [offer({ monthly: 1, shape: { labels: {}, taints: [gpu] } })] }),
        ],
      },
      [['small', 'a']],
    ],
    [
      'is of the next cheapest where the cheapest is full',
      { pools: [pool({ name: 'small', size: 5, offers: [offer({ monthly: 5 })] }), pool()] },
      [['web', 'a']],
    ],
    [
      'is of the pool with a standby at the same price',
      { pools: [pool(), pool({ name: 'ready', standbys: 1 })] },
      [['ready', 'a']],
    ],
    [
      'is not made again for one that it did not help to be apart',
      { pods: [pod('a', { apart: true })], helped: new Map([['a', 1]]) },
      [],
    ],
    ['is made again for one whose room others took', { helped: new Map([['a', 1]]) }, [['web', 'a']]],
    ['is not made for ever', { helped: new Map([['a', 3]]) }, []],
  ])('%s', (_, change, expected) => {
    expect(grown(change)).toEqual(expected);
  });

  it('is made where the volumes of its pod are, and nowhere else', () => {
    const offers = [offer(), offer({ location: 'hel1' })];
    const bound = pod('a', { locations: ['hel1'] });
    expect(judge({ pools: [pool({ offers })], pods: [bound] }).grow).toMatchObject([{ location: 'hel1' }]);
    expect(judge({ pools: [pool()], pods: [bound] }).grow).toEqual([]);
    expect(judge({ pools: [pool({ offers })] }).grow).toMatchObject([{ location: undefined }]);
  });

  it('tells why, and what keeps a pool from growing', () => {
    const pods = [pod('a'), pod('b', { waitedMs: 64_000 })];
    expect(judge({ pods }).grow[0]!.because).toBe('2 pods have waited for a place for 64 s: default/b, default/a');
    const unmet = (change: Partial<DemandPool>, budget = 4) => judge({ pools: [pool(change)], budget }).unmet;
    expect(unmet({ size: 5 })).toEqual(['default/a waits for a place: pool web has its 5 machines']);
    expect(unmet({ maxMonthlyPrice: 12 })).toEqual([
      'default/a waits for a place: pool web would cost 16.00 EUR a month, more than its maxMonthlyPrice of 12.00',
    ]);
    expect(unmet({}, 0)).toEqual(['default/a waits for a place: no more machines may be changed at once now']);
    // What no pool could ever take is none of its business.
    expect(judge({ pods: [pod('a', { selector: { tier: 'db' } })] }).unmet).toEqual([]);
  });
});

describe('machines of a pool that stayed empty', () => {
  const idle = (slot: number, emptyMs = 600_000) => ({ name: `demo-web-${slot}`, slot, emptyMs });
  const removed = (change: Partial<DemandView>) => judge({ pods: [], ...change }).shrink.map(({ name }) => name);

  it.each<[string, Partial<DemandView>, readonly string[]]>([
    ['go, the last first', { pools: [pool({ size: 4, empty: [idle(2), idle(4)] })] }, ['demo-web-4', 'demo-web-2']],
    ['stay for the first ten minutes', { pools: [pool({ size: 2, empty: [idle(2, 599_000)] })] }, []],
    [
      'stay where the pool would be too small',
      { pools: [pool({ size: 2, empty: [idle(1), idle(2)] })] },
      ['demo-web-2'],
    ],
    ['stay while not all machines are well', { allWell: false, pools: [pool({ size: 2, empty: [idle(2)] })] }, []],
    ['go only so many at once', { budget: 1, pools: [pool({ size: 4, empty: [idle(2), idle(4)] })] }, ['demo-web-4']],
    ['stay while their pool grows', { pods: [pod('a')], pools: [pool({ size: 2, empty: [idle(2)] })] }, []],
  ])('%s', (_, change, expected) => {
    expect(removed(change)).toEqual(expected);
  });

  it('tells for how long', () => {
    expect(judge({ pods: [], pools: [pool({ size: 2, empty: [idle(2, 660_000)] })] }).shrink[0]!.because).toBe(
      'it has been empty for 11 min',
    );
  });
});

it('whatever waits and is empty, no pool leaves its bounds, and never is more changed than may be', () => {
  const pods = fc.array(fc.record({ cpuMilli: fc.nat(5000), apart: fc.boolean() }), { maxLength: 30 });
  const pools = fc.array(
    fc.record({ min: fc.nat(3), more: fc.nat(4), size: fc.nat(7), idle: fc.nat(7), price: fc.nat(20) }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(pods, pools, fc.nat(6), (some, many, budget) => {
      const all = many.map(({ min, more, size, idle, price }, index) =>
        pool({
          name: `p${index}`,
          min,
          max: Math.max(1, min + more),
          size: Math.min(size, Math.max(1, min + more)),
          offers: [offer({ monthly: price })],
          empty: Array.from({ length: Math.min(idle, size) }, (_, slot) => ({
            name: `p${index}-${slot}`,
            slot,
            emptyMs: 700_000,
          })),
        }),
      );
      const { grow, shrink } = judge({
        pools: all,
        pods: some.map(({ cpuMilli, apart }, index) => pod(`${index}`, { asks: { cpuMilli, memoryMiB: 1 }, apart })),
        budget,
      });
      expect(grow.length + shrink.length).toBeLessThanOrEqual(budget);
      for (const { name, size, min, max } of all) {
        const more = grow.filter((one) => one.pool === name).length;
        const less = shrink.filter((one) => one.name.startsWith(`${name}-`)).length;
        expect(size + more).toBeLessThanOrEqual(Math.max(max, size));
        if (less > 0) expect(size - less).toBeGreaterThanOrEqual(min);
        expect(more * less).toBe(0);
      }
      // No pod has two machines.
      const helped = grow.flatMap((one) => one.pods);
      expect(new Set(helped).size).toBe(helped.length);
    }),
  );
});

describe('a pool that scales by itself', () => {
  const cluster = { name: 'demo', id: 'abc123' };
  const defaults = { controlPlaneType: 'cx23', workerType: 'cx33', location: 'fsn1', image: 'ubuntu-26.04' };
  const spec = clusterSchema.parse({
    name: 'demo',
    provider: { name: 'sandbox' },
    pools: [{ name: 'web', autoscale: { min: 1, max: 3 } }],
  });
  const machine = (slot: number, change: Partial<Machine> = {}) =>
    ({
      name: `web-${slot}`,
      id: `web-${slot}`,
      pool: 'web',
      role: 'worker',
      slot,
      generation: 1,
      location: 'fsn1',
      status: 'running',
      ...change,
    }) as Machine;
  const compare = (machines: readonly Machine[], demand = noDemand) => {
    const { missing, current, excess } = diffMachines(cluster, spec, defaults, machines, demand);
    const own = (some: readonly { pool: string; slot: number }[]) =>
      some.filter(({ pool: name }) => name === 'web').map(slotLabel);
    return { missing: own(missing), current: own(current), excess: own(excess) };
  };

  it('has the least at first, and any number up to the most is no difference', () => {
    expect(compare([])).toEqual({ missing: ['web-1'], current: [], excess: [] });
    for (const slots of [[1], [2], [1, 3], [4, 7, 9]])
      expect(compare(slots.map((slot) => machine(slot)))).toEqual({
        missing: [],
        current: slots.map((slot) => `web-${slot}`),
        excess: [],
      });
  });

  it('gives back only what is above the most', () => {
    expect(compare([1, 2, 4, 5].map((slot) => machine(slot)))).toMatchObject({ missing: [], excess: ['web-5'] });
  });

  it('has a machine replaced that is marked for removal, and not one that leaves', () => {
    const marked = machine(2, { markedForRemoval: true });
    expect(compare([machine(1), marked])).toEqual({ missing: ['web-2'], current: ['web-1'], excess: ['web-2'] });
    expect(compare([machine(1), marked], { places: [], leaving: new Set(['web-2']) })).toEqual({
      missing: [],
      current: ['web-1'],
      excess: ['web-2'],
    });
  });

  it('has machines where they are asked for, also where only volumes say so', () => {
    const places = [{ pool: 'web', slot: 2, location: 'hel1' }];
    expect(compare([machine(1)], { places, leaving: new Set() })).toMatchObject({ missing: ['web-2'] });
    const { missing } = diffMachines(cluster, spec, defaults, [machine(1)], { places, leaving: new Set() });
    expect(missing.find(({ pool: name }) => name === 'web')).toMatchObject({ location: 'hel1' });
    expect(missing.find(({ pool: name }) => name === 'web')).not.toHaveProperty('elsewhere');
  });
});
