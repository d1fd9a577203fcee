import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  diffMachines,
  etcdHealth,
  inRange,
  type Machine,
  machineName,
  outsideResidency,
  quorum,
  resolveSelf,
  withoutMachines,
} from '../../src/domain/index.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../src/domain/spec/schema.js';

const cluster = { name: 'demo', id: 'abc123' };
const defaults = { controlPlaneType: 'cx23', workerType: 'cx33', location: 'fsn1', image: 'ubuntu-26.04' };
const spec = (file: Partial<ClusterFile> = {}) =>
  clusterSchema.parse({ name: 'demo', provider: { name: 'sandbox' }, ...file });

/** The machines of a comparison as if they had been made. */
const made = (desired: ReturnType<typeof diffMachines>['desired']): Machine[] =>
  desired.map((machine, index) => ({
    ...machine,
    id: String(index + 1),
    type: machine.types[0]!,
    status: 'running',
    publicAddress: undefined,
    privateAddress: undefined,
    createdAt: '2026-11-20T10:00:00Z',
  }));

describe('which machines a cluster shall have', () => {
  it('is one server for a bare cluster', () => {
    const { missing } = diffMachines(cluster, spec(), defaults, []);
    expect(missing).toMatchObject([{ pool: 'cp', role: 'control-plane', slot: 1, types: ['cx23'], location: 'fsn1' }]);
  });

  it('spreads each group over its locations', () => {
    const file = spec({
      provider: { name: 'hetzner', locations: ['fsn1', 'nbg1', 'hel1'] },
      controlPlane: { count: 3 },
      pools: [{ name: 'web', count: 4 }],
    });
    const { missing } = diffMachines(cluster, file, defaults, []);
    expect(missing.map(({ location }) => location)).toEqual(['fsn1', 'nbg1', 'hel1', 'fsn1', 'nbg1', 'hel1', 'fsn1']);
  });

  it('gives the slot of a machine that is marked for removal to one of the next generation, and lets the old one go', () => {
    const file = spec({ pools: [{ name: 'web', count: 2 }] });
    const before = made(diffMachines(cluster, file, defaults, []).desired);
    const markedForRemoval = before.map((machine) =>
      machine.slot === 2 ? { ...machine, markedForRemoval: true } : machine,
    );
    const { missing, excess, current } = diffMachines(cluster, file, defaults, markedForRemoval);
    expect(missing).toMatchObject([{ pool: 'web', slot: 2, generation: 2 }]);
    expect(excess).toEqual([markedForRemoval.find((machine) => machine.markedForRemoval)]);
    expect(current).toHaveLength(2);
    expect(missing[0]!.name).not.toBe(excess[0]!.name);
    const arrived = [...markedForRemoval, ...made(missing)];
    expect(diffMachines(cluster, file, defaults, arrived).missing).toEqual([]);
  });

  it('finds nothing missing and nothing excess once all are made, whatever the sizes', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 5), fc.array(fc.nat({ max: 6 }), { maxLength: 4 }), (count, sizes) => {
        const file = spec({
          controlPlane: { count: count },
          pools: sizes.map((size, index) => ({ name: `p${index}`, count: size })),
        });
        const { desired } = diffMachines(cluster, file, defaults, []);
        expect(new Set(desired.map(({ name }) => name)).size).toBe(desired.length);
        const again = diffMachines(cluster, file, defaults, made(desired));
        expect(again.missing).toEqual([]);
        expect(again.excess).toEqual([]);
        expect(again.desired.map(({ name }) => name)).toEqual(desired.map(({ name }) => name));
      }),
    );
  });

  it('takes the highest slots when a pool shrinks, and every machine of a pool that left the file', () => {
    const big = spec({
      pools: [
        { name: 'web', count: 3 },
        { name: 'old', count: 1 },
      ],
    });
    const machines = made(diffMachines(cluster, big, defaults, []).desired);
    const { excess, missing } = diffMachines(cluster, spec({ pools: [{ name: 'web', count: 1 }] }), defaults, machines);
    expect(missing).toEqual([]);
    expect(excess.map(({ pool, slot }) => `${pool}-${slot}`)).toEqual(['web-3', 'web-2', 'old-1']);
  });

  it('keeps the newest of two machines in one slot and does not count one that is being deleted', () => {
    const [first] = made(diffMachines(cluster, spec(), defaults, []).desired);
    const newer = { ...first!, id: '9', generation: 2, name: 'demo-cp-1-newer' };
    expect(diffMachines(cluster, spec(), defaults, [first!, newer])).toMatchObject({
      current: [{ id: '9' }],
      excess: [{ id: '1' }],
    });
    expect(diffMachines(cluster, spec(), defaults, [{ ...first!, status: 'deleting' }]).missing).toHaveLength(1);
  });
});

describe('names', () => {
  it('are the same each time, differ by slot and generation, and fit 63 characters', () => {
    const slot = { pool: 'web', role: 'worker', slot: 1, generation: 1 } as const;
    expect(machineName(cluster, slot)).toBe(machineName(cluster, { ...slot }));
    expect(machineName(cluster, slot)).toMatch(/^demo-web-1-[a-z2-9]{5}$/);
    expect(machineName(cluster, { ...slot, generation: 2 })).not.toBe(machineName(cluster, slot));
    const longest = { ...slot, pool: 'p'.repeat(16), slot: 500 };
    expect(machineName({ name: 'c'.repeat(32), id: 'x' }, longest).length).toBeLessThanOrEqual(63);
  });
});

describe('quorum', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i members is %i', (members, needed) => expect(quorum(members)).toBe(needed));

  it('says how many may still fail', () =>
    expect(etcdHealth(3, 3)).toEqual({ members: 3, voters: 3, needed: 2, spare: 1 }));
});

describe('withoutMachines', () => {
  it('asks for these machines no more, and takes nothing away of what exists', () => {
    const asked = spec({ controlPlane: { count: 1 }, pools: [{ name: 'web', count: 2 }] });
    const existing = made(diffMachines(cluster, asked, defaults, []).desired).slice(0, 2);
    const comparison = diffMachines(cluster, asked, defaults, existing);
    const left = withoutMachines(
      comparison,
      comparison.desired.slice(1).map(({ name }) => ({ machine: name })),
    );
    expect(left.desired).toEqual(comparison.desired.slice(0, 1));
    expect(left).toMatchObject({ missing: [], current: comparison.current, excess: [] });
  });
});

describe('ranges and countries', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24', true],
    ['203.0.114.7', '203.0.113.0/24', false],
    ['2001:db8::1', '2001:db8::/32', true],
    ['203.0.113.7', '2001:db8::/32', false],
    ['nonsense', '0.0.0.0/0', false],
  ])('%s in %s: %s', (address, range, inside) => expect(inRange(address, range)).toBe(inside));

  it('puts this computer in the place of self, once', () =>
    expect(resolveSelf(['self', '203.0.113.7/32', '10.0.0.0/8'], '203.0.113.7/32')).toEqual([
      '10.0.0.0/8',
      '203.0.113.7/32',
    ]));

  it('judges by country, not by the name of a place', () => {
    const countryOf = (name: string) => ({ fsn1: 'DE', hel1: 'fi', 'eu-west': 'GB' })[name];
    expect(outsideResidency(['fsn1', 'hel1', 'eu-west', 'mars'], countryOf, ['DE', 'FI'])).toEqual([
      { location: 'eu-west', country: 'GB' },
      { location: 'mars', country: undefined },
    ]);
    expect(outsideResidency(['eu-west'], countryOf, undefined)).toEqual([]);
  });
});
