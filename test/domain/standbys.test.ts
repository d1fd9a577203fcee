import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type Comparison,
  type DesiredMachine,
  diffMachines,
  labelKeys,
  type Machine,
  newStandby,
  preparedMark,
  slotLabel,
  withPromotions,
} from '../../src/domain/index.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { ClusterFile, ClusterSpec } from '../../src/domain/spec/schema.js';

const cluster = { name: 'demo', id: 'abc123' };
const defaults = { controlPlaneType: 'cx23', workerType: 'cx33', location: 'fsn1', image: 'ubuntu-26.04' };
const specOf = (...pools: NonNullable<ClusterFile['pools']>): ClusterSpec =>
  clusterSchema.parse({ name: 'demo', provider: { name: 'sandbox' }, pools });
const prepared = preparedMark('v1.36.5+k3s1');
const made = (desired: DesiredMachine, change: Partial<Machine> = {}): Machine => ({
  ...desired,
  id: desired.name,
  type: desired.types[0]!,
  status: 'running',
  publicAddress: undefined,
  privateAddress: undefined,
  createdAt: '2026-11-20T10:00:00Z',
  ...(desired.standby === undefined ? {} : { standby: prepared }),
  ...change,
});
/** Everything that a file asks for. */
const whole = (spec: ClusterSpec): Machine[] => {
  const { desired, standbys } = diffMachines(cluster, spec, defaults, []);
  return [...desired, ...standbys.missing].map((machine) => made(machine));
};
const compare = (spec: ClusterSpec, machines: readonly Machine[]): Comparison =>
  withPromotions(diffMachines(cluster, spec, defaults, machines), cluster, spec, defaults, machines);
const places = (machines: readonly (DesiredMachine | Machine)[]): string[] => machines.map(slotLabel);

describe('machines that stand by', () => {
  const spec = specOf({ name: 'web', count: 2, standby: 1 });

  it('are made beside those of the pool, with names and a label of their own', () => {
    const { missing, standbys } = diffMachines(cluster, spec, defaults, []);
    expect(places(missing)).toEqual(['cp-1', 'web-1', 'web-2']);
    expect(standbys).toMatchObject({ current: [], excess: [] });
    expect(standbys.missing).toMatchObject([{ pool: 'web', types: ['cx33'], location: 'fsn1' }]);
    expect(standbys.missing[0]!.name).toMatch(/^demo-web-s1-[a-z2-9]{5}$/);
    expect(standbys.missing[0]!.labels).toMatchObject({ [labelKeys.standby]: newStandby, [labelKeys.pool]: 'web' });
  });

  it('are nobody’s node: they are in no place, neither missing nor excess', () => {
    const { missing, excess, current, standbys } = compare(spec, whole(spec));
    expect([missing, excess, places(current)]).toEqual([[], [], ['cp-1', 'web-1', 'web-2']]);
    expect(standbys).toMatchObject({ missing: [], excess: [] });
    expect(places(standbys.current)).toEqual(['web-s1']);
  });

  it.each<[string, Partial<Machine>]>([
    ['is off', { status: 'off' }],
    ['is of another type', { type: 'cx43' }],
    ['is elsewhere', { location: 'hel1' }],
    ['has another image', { imageNames: ['debian-13'] }],
  ])('one that %s goes, and another one is made beside it', (_, change) => {
    const machines = whole(spec).map((machine) => (machine.standby ? { ...machine, ...change } : machine));
    const { standbys } = compare(spec, machines);
    expect(standbys.current).toEqual([]);
    expect(standbys.excess).toHaveLength(1);
    expect(standbys.missing).toHaveLength(1);
    expect(standbys.missing[0]!.name).not.toBe(standbys.excess[0]!.name);
  });

  it('those that are not asked for any more go', () => {
    const { standbys, missing } = compare(specOf({ name: 'web', count: 2 }), whole(spec));
    expect(places(standbys.excess)).toEqual(['web-s1']);
    expect([missing, standbys.current, standbys.missing]).toEqual([[], [], []]);
  });
});

describe('a place that is missing', () => {
  const spec = specOf({ name: 'web', count: 2, standby: 1 }, { name: 'db', count: 1 });
  const without = (place: string): Machine[] => whole(spec).filter((machine) => slotLabel(machine) !== place);

  it('is taken by the standby of its pool, under its own name and labels, and the next one is made', () => {
    const { missing, desired, standbys } = compare(spec, without('web-1'));
    expect(missing).toHaveLength(1);
    const [place] = missing;
    expect(place!.name).toMatch(/^demo-web-1-/);
    expect(place!.labels).not.toHaveProperty(labelKeys.standby);
    expect(place!.promotes?.name).toMatch(/^demo-web-s1-/);
    expect(desired).toContainEqual(place);
    expect(places(standbys.missing)).toEqual(['web-s1']);
    expect(standbys.current).toEqual([]);
  });

  it('of another pool is not', () => {
    const { missing, standbys } = compare(spec, without('db-1'));
    expect(missing.map(({ promotes }) => promotes)).toEqual([undefined]);
    expect(places(standbys.current)).toEqual(['web-s1']);
  });

  it('is taken by one that is prepared, before one that is not', () => {
    const two = specOf({ name: 'web', count: 1, standby: 2 });
    const machines = whole(two)
      .filter((machine) => slotLabel(machine) !== 'web-1')
      .map((machine) => (slotLabel(machine) === 'web-s1' ? { ...machine, standby: newStandby } : machine));
    expect(slotLabel(compare(two, machines).missing[0]!.promotes!)).toBe('web-s2');
  });

  it('is not taken by one that is still being made', () => {
    const machines = without('web-1').map((one) => (one.standby ? { ...one, status: 'starting' as const } : one));
    expect(compare(spec, machines).missing[0]!.promotes).toBeUndefined();
  });
});

describe('whatever machines there are', () => {
  const pools = fc.record({ web: fc.nat(4), standby: fc.nat(3), before: fc.nat(4), waiting: fc.nat(4) });
  it('no place is filled twice, and as many stand by as are asked for once all steps are done', () =>
    fc.assert(
      fc.property(pools, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (sizes, there) => {
        const before = whole(specOf({ name: 'web', count: sizes.before, standby: sizes.waiting }));
        const machines = before.filter((machine, index) => machine.role === 'control-plane' || there[index]);
        const spec = specOf({ name: 'web', count: sizes.web, standby: sizes.standby });
        const { desired, current, missing, excess, standbys } = compare(spec, machines);
        const promoted = missing.flatMap(({ promotes }) => promotes ?? []);
        expect(new Set(promoted).size).toBe(promoted.length);
        const kept = [...current, ...excess, ...promoted, ...standbys.current, ...standbys.excess];
        expect(kept.map(({ name }) => name).sort()).toEqual(machines.map(({ name }) => name).sort());
        expect(standbys.current.length + standbys.missing.length).toBe(sizes.standby);
        expect(desired).toHaveLength(1 + sizes.web);

        const taken = new Set([...excess, ...promoted, ...standbys.excess]);
        const after = [
          ...machines.filter((machine) => !taken.has(machine)),
          ...[...missing, ...standbys.missing].map((one) => made(one)),
        ];
        expect(new Set(after.map(({ name }) => name)).size).toBe(after.length);
        const again = compare(spec, after);
        expect([again.missing, again.excess, again.standbys.missing, again.standbys.excess]).toEqual([[], [], [], []]);
      }),
    ));
});
