import { describe, expect, it } from 'vitest';

import { etcdMinorIn, etcdObstacle } from '../../../../src/distributions/k3s/upgrade/etcd-versions.js';

const members = (...clusters: string[]) =>
  new Map(clusters.map((cluster, index) => [`cp-${index + 1}`, { server: '3.6.7', cluster }]));

describe('etcd on the way to another release', () => {
  it.each([
    ['v1.33.7+k3s3', 5],
    ['v1.34.1+k3s1', 6],
    ['v1.36.5+k3s1', 6],
    ['v1.37.1+k3s1', 7],
  ])('%s brings etcd 3.%i', (release, minor) => {
    expect(etcdMinorIn(release)).toBe(minor);
  });

  it.each([
    ['3.5.0', 'v1.34.1+k3s1'],
    ['3.6.0', 'v1.37.1+k3s1'],
    ['3.6.0', 'v1.36.5+k3s1'],
  ])('at version %s goes to %s', (cluster, to) => {
    expect(etcdObstacle(members(cluster, cluster, cluster), to)).toBeUndefined();
  });

  it('two minors behind does not, although every member runs a release that would', () => {
    expect(etcdObstacle(members('3.5.0', '3.5.0'), 'v1.37.1+k3s1')).toBe(
      'etcd is at version 3.5.0 still, and v1.37.1+k3s1 brings 3.7, which does not read it.',
    );
  });

  it('never goes back', () => {
    expect(etcdObstacle(members('3.7.0'), 'v1.36.5+k3s1')).toMatch(/brings 3\.6, which does not read it/);
  });

  it('whose members say different things is not touched', () => {
    expect(etcdObstacle(members('3.5.0', '3.6.0'), 'v1.36.5+k3s1')).toBe(
      'The members of etcd do not agree on its version: cp-1 says 3.5.0, cp-2 says 3.6.0.',
    );
  });
});
