import { describe, expect, it } from 'vitest';

import { type ClaimVolume, uncoveredClaim, uncoveredOf, uncoveredText } from '../../src/domain/index.js';

const claim = (over: Partial<ClaimVolume>): ClaimVolume => ({
  claim: 'shop/db',
  labels: {},
  size: '10Gi',
  volume: 'pvc-1',
  kept: 'csi.hetzner.cloud',
  path: undefined,
  node: undefined,
  block: false,
  ...over,
});

describe('what a backup does not cover', () => {
  it.each<[Partial<ClaimVolume>, string]>([
    [{}, 'volume of shop/db, 10Gi: in a volume of csi.hetzner.cloud'],
    [{ kept: 'disk', node: 'web-1' }, 'volume of shop/db, 10Gi: on the disk of web-1 alone'],
    [{ kept: 'disk' }, 'volume of shop/db, 10Gi: on the disk of a node'],
    [{ volume: undefined, kept: undefined }, 'volume of shop/db, 10Gi: bound to no volume'],
    [{ block: true }, 'volume of shop/db, 10Gi: a raw device, whose files cannot be copied'],
    [{ kept: undefined, size: undefined }, 'volume of shop/db: in a volume of an unknown driver'],
  ])('is told by name, size and the reason: %j', (over, text) =>
    expect(uncoveredText(uncoveredClaim(claim(over)))).toBe(text),
  );

  it('has each claim of the snapshot once, and those by name alone that came after the look', () => {
    const found = [uncoveredClaim(claim({})), uncoveredClaim(claim({ claim: 'shop/gone' }))];
    expect(uncoveredOf(['shop/db', 'shop/new'], found).map(uncoveredText)).toEqual([
      'volume of shop/db, 10Gi: in a volume of csi.hetzner.cloud',
      'volume of shop/new: its contents are no part of etcd',
    ]);
  });

  it('leaves out claims that were copied, and keeps streams', () => {
    const stream = { kind: 'stream', name: 'nats/FAST', why: 'kept in memory' } as const;
    expect(uncoveredOf(['shop/db'], [stream], ['shop/db'])).toEqual([stream]);
  });
});
