import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type DesiredState, diffMachine, diffReasons, type ObservedState, remedies } from '../../src/domain/index.js';

const desired: DesiredState = {
  version: 'v1.36.5+k3s1',
  types: ['cax21', 'cx33'],
  image: 'ubuntu-26.04',
  template: 'facade',
  locations: ['fsn1', 'nbg1'],
  config: 'c0ffee',
  labels: { tier: 'web', zone: 'a' },
};
const observed: ObservedState = {
  version: 'v1.36.5+k3s1',
  type: 'cax21',
  imageNames: ['ubuntu-26.04', '161547269'],
  template: 'facade',
  location: 'fsn1',
  config: 'c0ffee',
  labels: { tier: 'web', zone: 'a', 'kubernetes.io/os': 'linux' },
};

describe('diffMachine', () => {
  it.each<[string, Partial<DesiredState>, Partial<ObservedState>, object]>([
    ['the machine that was asked for differs in nothing', {}, {}, { reasons: [], remedy: 'none' }],
    ['a fallback type is as good as the first', {}, { type: 'cx33' }, { reasons: [], remedy: 'none' }],
    ['any of the locations is as good as the first', {}, { location: 'nbg1' }, { reasons: [], remedy: 'none' }],
    ['an image may be asked for by its number', { image: '161547269' }, {}, { reasons: [], remedy: 'none' }],
    [
      'an older release is upgraded in place',
      {},
      { version: 'v1.35.0+k3s1' },
      {
        reasons: [{ reason: 'version', desired: 'v1.36.5+k3s1', observed: 'v1.35.0+k3s1' }],
        remedy: 'in-place',
      },
    ],
    [
      'a later build of the same release is an upgrade',
      { version: 'v1.36.5+k3s10' },
      { version: 'v1.36.5+k3s2' },
      {
        reasons: [{ reason: 'version', desired: 'v1.36.5+k3s10', observed: 'v1.36.5+k3s2' }],
        remedy: 'in-place',
      },
    ],
    [
      'a newer release cannot go back',
      {},
      { version: 'v1.37.0+k3s1' },
      { reasons: [{ reason: 'version', desired: 'v1.36.5+k3s1', observed: 'v1.37.0+k3s1' }], remedy: 'refuse' },
    ],
    [
      'a type that is none of the list is replaced',
      {},
      { type: 'cx23' },
      { reasons: [{ reason: 'type', desired: 'cax21 or cx33', observed: 'cx23' }], remedy: 'replace' },
    ],
    [
      'another image is replaced',
      {},
      { imageNames: ['ubuntu-24.04', '45557056'] },
      { reasons: [{ reason: 'image', desired: 'ubuntu-26.04', observed: 'ubuntu-24.04' }], remedy: 'replace' },
    ],
    [
      'another template is replaced',
      {},
      { template: 'decade' },
      { reasons: [{ reason: 'template', desired: 'facade', observed: 'decade' }], remedy: 'replace' },
    ],
    [
      'another image is told, and not its template as well',
      {},
      { imageNames: ['debian-13'], template: 'decade' },
      { reasons: [{ reason: 'image', desired: 'ubuntu-26.04', observed: 'debian-13' }], remedy: 'replace' },
    ],
    [
      'another location is replaced',
      {},
      { location: 'hel1' },
      { reasons: [{ reason: 'location', desired: 'fsn1 or nbg1', observed: 'hel1' }], remedy: 'replace' },
    ],
    [
      'another configuration is changed in place',
      {},
      { config: 'decade' },
      { reasons: [{ reason: 'config', desired: 'c0ffee', observed: 'decade' }], remedy: 'in-place' },
    ],
    [
      'labels that are missing or others are changed in place',
      {},
      { labels: { tier: 'db' } },
      {
        reasons: [{ reason: 'labels', desired: 'tier=web, zone=a', observed: 'tier=db, zone is not set' }],
        remedy: 'in-place',
      },
    ],
    [
      'one that is marked for removal is replaced',
      {},
      { marked: true },
      { reasons: [{ reason: 'marked', desired: 'in service', observed: 'marked for removal' }], remedy: 'replace' },
    ],
    [
      'the strongest remedy of several counts',
      {},
      { version: 'v1.35.0+k3s1', type: 'cx23', config: 'decade' },
      { reasons: [{ reason: 'version' }, { reason: 'type' }, { reason: 'config' }], remedy: 'replace' },
    ],
    [
      'going back is refused whatever else differs',
      {},
      { version: 'v1.37.0+k3s1', type: 'cx23' },
      { reasons: [{ reason: 'version' }, { reason: 'type' }], remedy: 'refuse' },
    ],
  ])('%s', (_title, asked, found, diff) => {
    expect(diffMachine({ ...desired, ...asked }, { ...observed, ...found })).toMatchObject(diff);
  });

  it('says nothing of what is not known or left open', () => {
    expect(diffMachine(desired, {})).toEqual({ reasons: [], remedy: 'none' });
    expect(diffMachine({}, observed)).toEqual({ reasons: [], remedy: 'none' });
  });

  it('has a reason exactly when it has a remedy, and gives two different values for each', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
    const version = fc.constantFrom('v1.35.0+k3s1', 'v1.36.5+k3s1', 'v1.36.5+k3s2');
    const asked = fc.record({
      version: maybe(version),
      types: maybe(fc.array(name)),
      image: maybe(name),
      template: maybe(name),
      locations: maybe(fc.array(name)),
      config: maybe(name),
      labels: maybe(fc.dictionary(name, name)),
    });
    const found = fc.record({
      version: maybe(version),
      type: maybe(name),
      imageNames: maybe(fc.array(name)),
      template: maybe(name),
      location: maybe(name),
      config: maybe(name),
      labels: maybe(fc.dictionary(name, name)),
      marked: fc.boolean(),
    });
    fc.assert(
      fc.property(asked, found, (one, other) => {
        const { reasons, remedy } = diffMachine(one, other);
        expect(remedy === 'none').toBe(reasons.length === 0);
        expect(remedies).toContain(remedy);
        expect(new Set(reasons.map(({ reason }) => reason)).size).toBe(reasons.length);
        for (const { reason, desired: left, observed: right } of reasons) {
          expect(diffReasons).toContain(reason);
          expect(left).not.toBe(right);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
