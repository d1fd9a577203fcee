import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { assign, fit } from '../../../providers/ssh/assign.js';
import type { HostSpec } from '../../../src/domain/spec/hosts.js';
import type { MachineRequest } from '../../../src/provider/port.js';
import { host, machine } from './support.js';

const names = ({ hosts, without }: ReturnType<typeof assign<HostSpec>>) => ({
  hosts: Object.fromEntries([...hosts].map(([name, { name: given }]) => [name, given])),
  without: without.map(({ name }) => name),
});

describe('hosts are given to machines', () => {
  it('in the order of the file, control planes first', () => {
    expect(names(assign([machine('web'), machine('cp')], [host('a'), host('b'), host('c')]))).toEqual({
      hosts: { 'demo-cp-1-g1': 'a', 'demo-web-1-g1': 'b' },
      without: [],
    });
  });

  it('of the type and the location that are named, and no other', () => {
    const hosts = [host('a'), host('b', { type: 'big' }), host('c', { type: 'big', location: 'cellar' })];
    const desired = machine('web', 1, { types: ['big'], location: 'cellar' });
    expect(names(assign([desired], hosts)).hosts).toEqual({ 'demo-web-1-g1': 'c' });
    expect(names(assign([desired], hosts.slice(0, 2))).without).toEqual(['demo-web-1-g1']);
  });

  it('by the order of types that is asked for', () => {
    const hosts = [host('a', { type: 'small' }), host('b', { type: 'big' })];
    const desired = machine('web', 1, { types: ['big', 'small'] });
    expect(names(assign([desired], hosts)).hosts).toEqual({ 'demo-web-1-g1': 'b' });
  });

  it('keeping hosts of a named type for those who ask for them', () => {
    const hosts = [host('a', { type: 'big' }), host('b')];
    expect(names(assign([machine('cp')], hosts)).hosts).toEqual({ 'demo-cp-1-g1': 'b' });
  });

  it('so that nobody goes without where all could have one', () => {
    const hosts = [host('a', { type: 'big' }), host('b', { type: 'big' }), host('c', { type: 'small' })];
    const desired = [machine('cp'), machine('web', 1, { types: ['big'] }), machine('web', 2, { types: ['big'] })];
    const { hosts: given, without } = names(assign(desired, hosts));
    expect(without).toEqual([]);
    expect(given['demo-cp-1-g1']).toBe('c');
  });

  it('spread over locations, those that are taken already counted', () => {
    const hosts = ['r1', 'r1', 'r2', 'r3'].map((location, index) => host(`h${index}`, { location }));
    expect(names(assign([machine('cp', 1), machine('cp', 2)], hosts)).hosts).toEqual({
      'demo-cp-1-g1': 'h0',
      'demo-cp-2-g1': 'h2',
    });
    const used = [
      { pool: 'cp', location: 'r1' },
      { pool: 'cp', location: 'r2' },
    ];
    expect(names(assign([machine('cp', 3)], hosts, used)).hosts).toEqual({ 'demo-cp-3-g1': 'h3' });
  });
});

describe('whatever is asked of whatever hosts', () => {
  const word = fc.constantFrom('any', 'x', 'y');
  const hosts = fc
    .array(fc.record({ type: word, location: word }), { maxLength: 6 })
    .map((list) => list.map((one, index) => host(`h${index}`, { ...one, address: `10.1.0.${index + 1}` })));
  const requests = fc
    .array(
      fc.record({ pool: fc.constantFrom('cp', 'web'), types: fc.uniqueArray(word, { minLength: 1 }), location: word }),
      {
        maxLength: 6,
      },
    )
    .map((list) => list.map(({ pool, ...change }, index) => machine(pool, index + 1, change)));

  it('each host is given once, to one it fits, the same each time', () => {
    fc.assert(
      fc.property(requests, hosts, (desired, free) => {
        const { hosts: given, without } = assign(desired, free);
        expect(new Set([...given.values()].map(({ name }) => name)).size).toBe(given.size);
        for (const [name, one] of given)
          expect(
            fit(
              one,
              desired.find((other) => other.name === name)!,
            ),
          ).toBeDefined();
        expect(given.size + without.length).toBe(desired.length);
        expect(names(assign([...desired].reverse(), free))).toEqual(names({ hosts: given, without }));
      }),
    );
  });

  it('as many get one as is possible at all', () => {
    fc.assert(
      fc.property(requests, hosts, (desired, free) => {
        expect(assign(desired, free).hosts.size).toBe(most(desired, free));
      }),
      { numRuns: 60 },
    );
  });
});

/** By trying everything. */
function most([first, ...rest]: readonly MachineRequest[], free: readonly HostSpec[]): number {
  if (!first) return 0;
  const with_ = free
    .filter((one) => fit(one, first) !== undefined)
    .map(
      (one) =>
        1 +
        most(
          rest,
          free.filter((other) => other !== one),
        ),
    );
  return Math.max(most(rest, free), ...with_);
}
