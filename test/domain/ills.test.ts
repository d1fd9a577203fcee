import { describe, expect, it } from 'vitest';

import { type IllFacts, standingIlls, supportOf, supportText } from '../../src/domain/index.js';

const day = 24 * 3_600_000;
const now = Date.parse('2026-11-26T12:00:00Z');
const inDays = (days: number): string => new Date(now + days * day).toISOString();

const channels = new Map([
  ['v1.36', 'v1.36.6+k3s1'],
  ['v1.47', 'v1.47.1+k3s1'],
  ['v1.48', 'v1.48.0-rc1+k3s1'],
]);

describe('whether a release is maintained', () => {
  it.each([
    ['v1.37.0+k3s1', 'is maintained until 2027-10-28'],
    ['v1.36.5+k3s1', 'is maintained until 2027-06-28'],
    ['v1.34.9+k3s1', 'is not maintained any more, since 2026-10-27'],
  ])('is judged by the day that Kubernetes names: %s %s', (version, text) => {
    const support = supportOf(version, channels, now)!;
    expect(support.by).toBe('date');
    expect(supportText(version, support)).toBe(`${version} ${text}`);
  });

  it.each([
    ['2026-12-29T23:59:59Z', 'maintained'],
    ['2026-12-31T00:00:01Z', 'ending'],
    ['2027-02-28T23:59:59Z', 'ending'],
    ['2027-03-01T00:00:00Z', 'ended'],
  ])('changes for v1.35 with the day: at %s it is %s', (at, state) => {
    expect(supportOf('v1.35.7+k3s2', undefined, Date.parse(at))).toMatchObject({ state, until: '2027-02-28' });
  });

  it.each([
    ['v1.46.2+k3s1', 'maintained', 'is maintained'],
    ['v1.45.2+k3s1', 'ending', 'is of the oldest minor that is maintained, as v1.47 is out'],
    ['v1.44.2+k3s1', 'ended', 'is not maintained any more, as v1.47 is out'],
  ])('is judged by the newer minors where no day is known: %s is %s', (version, state, text) => {
    const support = supportOf(version, channels, now)!;
    expect(support).toEqual({ state, by: 'newer minors', newest: 'v1.47' });
    expect(supportText(version, support)).toBe(`${version} ${text}`);
  });

  it('is not known of a release without a day where nobody tells of others', () => {
    expect(supportOf('v1.48.0+k3s1', undefined, now)).toBeUndefined();
    expect(supportOf('v1.48.0+k3s1', new Map([['v1.49', 'v1.49.0-rc1+k3s1']]), now)).toBeUndefined();
    expect(supportOf('unknown', channels, now)).toBeUndefined();
  });
});

const well: IllFacts = {
  cluster: 'demo',
  certificates: [{ machine: 'demo-cp-1', path: 'server.crt', until: inDays(300) }],
  renewal: 'ask',
  version: 'v1.36.6+k3s1',
  support: supportOf('v1.36.6+k3s1', undefined, now),
  backup: { everyMs: day, ageMs: day, drillEveryMs: 7 * day, unproven: [], provenMs: 7 * day },
};
const near = (days: number): Pick<IllFacts, 'certificates'> => ({
  certificates: [...well.certificates, { machine: 'demo-web-1', path: 'kubelet.crt', until: inDays(days) }],
});

describe('ills that stay', () => {
  it.each<[string, Partial<IllFacts>, readonly string[]]>([
    ['none of a cluster that is well', {}, []],
    ['a certificate within 90 days of its end', near(89), ['certificate:soon']],
    ['not one that a round renews by itself in time', { ...near(89), renewal: 'auto' }, []],
    ['one within 30 days, whoever should have renewed it', { ...near(29), renewal: 'auto' }, ['certificate:urgent']],
    ['one that has ended', near(-1), ['certificate:expired']],
    [
      'a release that is not maintained',
      { version: 'v1.34.9+k3s1', support: supportOf('v1.34.9+k3s1', undefined, now) },
      ['version:ended:v1.34'],
    ],
    ['a backup twice as old as it may be', { backup: { ...well.backup!, ageMs: 2 * day + 1 } }, ['backup:late']],
    ['a drill that is two weeks old', { backup: { ...well.backup!, provenMs: 15 * day } }, ['backup:unproven']],
    [
      'nothing where there are no backups yet',
      { backup: { ...well.backup!, ageMs: undefined, provenMs: undefined } },
      [],
    ],
  ])('are %s', (_, change, keys) => {
    const ills = standingIlls({ ...well, ...change }, now);
    expect(ills.map(({ key }) => key)).toEqual(keys);
    for (const { details } of ills) expect(details.join()).toMatch(/: slipway \w+/);
  });
});
