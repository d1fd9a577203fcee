import { describe, expect, it } from 'vitest';

import { type ClaimUser, type ClaimVolume, isChosenClaim, placeOfFiles } from '../../src/domain/index.js';

const claim = (over: Partial<ClaimVolume> = {}): ClaimVolume => ({
  claim: 'shop/data-db-0',
  labels: { app: 'db' },
  size: '10Gi',
  volume: 'pvc-1',
  kept: 'csi.hetzner.cloud',
  path: undefined,
  node: undefined,
  block: false,
  ...over,
});
const user = (over: Partial<ClaimUser> = {}): ClaimUser => ({
  name: 'db-0',
  namespace: 'shop',
  uid: 'u-1',
  labels: {},
  node: 'web-1',
  running: true,
  claims: ['data-db-0'],
  ...over,
});

describe('a claim belongs to a backup', () => {
  it.each([
    [[{ namespace: 'shop' }], true],
    [[{ namespace: 'other' }], false],
    [[{ namespace: 'shop', name: 'data-*' }], true],
    [[{ namespace: 'shop', name: 'data' }], false],
    [[{ namespace: 'shop', name: 'data.db.0' }], false],
    [[{ namespace: 'shop', labels: { app: 'db' } }], true],
    [[{ namespace: 'shop', labels: { app: 'db', tier: 'web' } }], false],
    [[{ namespace: 'other' }, { namespace: 'shop', name: 'data-db-0' }], true],
    [[], false],
  ])('where some of %j means it: %s', (selectors, is) => expect(isChosenClaim(claim(), selectors)).toBe(is));
});

describe('the files of a claim', () => {
  it('are found where a pod that runs has it mounted', () => {
    const others = [user({ namespace: 'other', node: 'web-2' }), user({ running: false, node: 'web-3' })];
    expect(placeOfFiles(claim(), [...others, user()])).toEqual({
      node: 'web-1',
      path: '/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~csi/pvc-1/mount',
    });
  });

  it('are found on the disk of their node, whether or not a pod runs', () => {
    const local = claim({ kept: 'disk', path: '/var/lib/rancher/k3s/storage/pvc-1', node: 'web-2' });
    expect(placeOfFiles(local, [])).toEqual({ node: 'web-2', path: '/var/lib/rancher/k3s/storage/pvc-1' });
    expect(placeOfFiles({ ...local, node: undefined }, [user()])).toMatchObject({ node: 'web-1' });
  });

  it.each<[string, Partial<ClaimVolume>, readonly ClaimUser[]]>([
    ['bound to no volume that is there', { volume: undefined, kept: undefined }, [user()]],
    ['bound to no volume that is there', { kept: undefined }, [user()]],
    ['a raw device, whose files cannot be copied', { block: true }, [user()]],
    ['mounted nowhere now: no pod that runs uses it', {}, [user({ claims: ['other'] })]],
    ['in a volume of nfs, which is backed up where it is kept', { kept: 'nfs' }, [user()]],
    ['on a disk of no known node', { kept: 'disk', path: '/data' }, []],
  ])('cannot be reached where the claim is %s', (why, over, pods) =>
    expect(placeOfFiles(claim(over), pods)).toEqual({ why }),
  );
});
