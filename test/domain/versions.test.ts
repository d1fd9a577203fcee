import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  compareVersions,
  fitsServers,
  isNewer,
  lowestVersion,
  minorsBetween,
  parseVersion,
  upgradePath,
} from '../../src/domain/index.js';

const release = fc
  .tuple(fc.integer({ min: 30, max: 42 }), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 1, max: 12 }))
  .map(([minor, patch, build]) => `v1.${minor}.${patch}+k3s${build}`);
const releases = fc.array(release, { maxLength: 30 });
const runs = { numRuns: 1000 };

describe('parseVersion', () => {
  it.each([
    ['v1.36.5+k3s1', { major: 1, minor: 36, patch: 5, prerelease: undefined, flavour: 'k3s', build: 1 }],
    ['v1.36.5+k3s12', { minor: 36, patch: 5, flavour: 'k3s', build: 12 }],
    ['v1.37.0-rc1+k3s1', { minor: 37, patch: 0, prerelease: 'rc1', build: 1 }],
    ['v1.31.9+lke7', { minor: 31, patch: 9, flavour: 'lke', build: 7 }],
    ['v1.36.5', { minor: 36, patch: 5, flavour: '', build: 0 }],
  ])('%s is read into its parts', (text, parts) => {
    expect(parseVersion(text)).toMatchObject(parts);
  });

  it.each(['', '1.36.5+k3s1', 'v1.36', 'v1.36.5+', 'v1.36.5+k3s', 'v1.36.5+k3s1 ', 'latest'])(
    '%j is no version',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );
});

describe('compareVersions', () => {
  it.each([
    ['v1.35.9+k3s1', 'v1.36.0+k3s1'],
    ['v1.36.9+k3s1', 'v1.36.10+k3s1'],
    ['v1.36.5+k3s1', 'v1.36.5+k3s2'],
    ['v1.36.5+k3s2', 'v1.36.5+k3s10'],
    ['v1.9.9+k3s1', 'v1.10.0+k3s1'],
    ['v1.37.0-rc1+k3s1', 'v1.37.0+k3s1'],
    ['v1.37.0-rc2+k3s1', 'v1.37.0-rc10+k3s1'],
    ['v1.36.5', 'v1.36.5+k3s1'],
    ['unknown', 'v1.0.0'],
  ])('%s comes before %s', (lower, higher) => {
    expect(compareVersions(lower, higher)).toBeLessThan(0);
    expect(compareVersions(higher, lower)).toBeGreaterThan(0);
    expect(isNewer(higher, lower)).toBe(true);
    expect(isNewer(lower, lower)).toBe(false);
  });

  it('is a total order, in which every sorting of the same versions ends the same', () => {
    fc.assert(
      fc.property(releases, (list) => {
        const sorted = [...list].sort(compareVersions);
        expect([...list].reverse().sort(compareVersions)).toEqual(sorted);
        expect(lowestVersion(list)).toBe(sorted[0]);
      }),
      runs,
    );
    fc.assert(
      fc.property(release, release, (a, b) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        expect(compareVersions(a, b) === 0).toBe(a === b);
      }),
      runs,
    );
  });
});

describe('version skew', () => {
  it.each([
    ['node', 'v1.36.5+k3s1', ['v1.36.5+k3s1'], true],
    ['node', 'v1.36.9+k3s1', ['v1.36.5+k3s1'], true],
    ['node', 'v1.33.0+k3s1', ['v1.36.5+k3s1'], true],
    ['node', 'v1.32.0+k3s1', ['v1.36.5+k3s1'], false],
    ['node', 'v1.36.0+k3s1', ['v1.35.9+k3s1', 'v1.36.0+k3s1'], false],
    ['node', 'v1.36.0+k3s1', ['v1.35.9+k3s1'], false],
    ['server', 'v1.36.0+k3s1', ['v1.35.9+k3s1', 'v1.35.9+k3s1'], true],
    ['server', 'v1.37.0+k3s1', ['v1.35.9+k3s1'], false],
    ['server', 'v1.35.0+k3s1', ['v1.36.9+k3s1'], true],
    ['server', 'v1.34.0+k3s1', ['v1.36.9+k3s1'], false],
    ['node', 'v1.36.0+k3s1', [], true],
    ['node', 'unknown', ['v1.36.0+k3s1'], false],
    ['node', 'v2.36.0+k3s1', ['v1.36.0+k3s1'], false],
  ] as const)('a %s at %s with servers at %j fits: %s', (part, version, servers, fits) => {
    expect(fitsServers(part, version, servers)).toBe(fits);
  });

  it('a newcomer at the lowest version of a control plane that fits together fits it', () => {
    fc.assert(
      fc.property(fc.array(release, { minLength: 1, maxLength: 5 }), (servers) => {
        fc.pre(servers.every((server) => fitsServers('server', server, servers)));
        const lowest = lowestVersion(servers)!;
        expect(fitsServers('node', lowest, servers)).toBe(true);
        expect(fitsServers('server', lowest, servers)).toBe(true);
      }),
      runs,
    );
  });
});

describe('upgrades', () => {
  const known = ['v1.34.1+k3s1', 'v1.35.0+k3s1', 'v1.35.2+k3s1', 'v1.35.2+k3s2', 'v1.36.0-rc1+k3s1', 'v1.36.5+k3s1'];

  it.each([
    ['v1.34.1+k3s1', 'v1.36.5+k3s1', ['v1.35.2+k3s2', 'v1.36.5+k3s1']],
    ['v1.35.0+k3s1', 'v1.36.5+k3s1', ['v1.36.5+k3s1']],
    ['v1.35.0+k3s1', 'v1.35.2+k3s1', ['v1.35.2+k3s1']],
    ['v1.36.5+k3s1', 'v1.36.5+k3s1', []],
    ['v1.36.5+k3s1', 'v1.35.2+k3s2', undefined],
    ['v1.33.0+k3s1', 'v1.38.0+k3s1', undefined],
    ['unknown', 'v1.36.5+k3s1', undefined],
  ])('from %s to %s the way is %j', (current, target, path) => {
    expect(upgradePath(current, target, known)).toEqual(path);
  });

  it('names the minors that an upgrade may not skip', () => {
    expect(minorsBetween('v1.34.1+k3s1', 'v1.37.0+k3s1')).toEqual(['v1.35', 'v1.36']);
    expect(minorsBetween('v1.35.1+k3s1', 'v1.36.0+k3s1')).toEqual([]);
    expect(minorsBetween('v1.36.1+k3s1', 'v1.34.0+k3s1')).toEqual([]);
  });

  it('every step of a way is newer than the one before it by one minor at most, and the last is the target', () => {
    fc.assert(
      fc.property(release, release, releases, (current, target, list) => {
        const path = upgradePath(current, target, list);
        if (path === undefined || path.length === 0) return;
        expect(path.at(-1)).toBe(target);
        [current, ...path].reduce((before, after) => {
          const [from, to] = [parseVersion(before)!, parseVersion(after)!];
          expect([...list, target]).toContain(after);
          expect(isNewer(after, before)).toBe(true);
          expect([to.major, to.minor - from.minor <= 1]).toEqual([from.major, true]);
          return after;
        });
      }),
      runs,
    );
  });

  it('with every minor known there is a way to everything newer and to nothing older', () => {
    const all = Array.from({ length: 13 }, (_, i) => `v1.${30 + i}.3+k3s1`);
    fc.assert(
      fc.property(release, release, (current, target) => {
        expect(upgradePath(current, target, all) !== undefined).toBe(compareVersions(target, current) >= 0);
      }),
      runs,
    );
  });
});
