import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KubeObject } from '../../../src/kube/types.js';
import { readClaims } from '../../../src/workflows/backup/claims.js';
import { SandboxKube } from '../../support/sandbox-kube.js';

const { signal } = new AbortController();
const size = { resources: { requests: { storage: '10Gi' } }, accessModes: ['ReadWriteOnce'], storageClassName: '' };
const volume = (name: string, source: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: { capacity: { storage: '12Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '', ...source },
});
const claim = (name: string, over: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: { ...size, ...over },
});
const onNode = (...names: string[]): object => ({
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: names }] }],
  },
});

let sandbox: SandboxKube;
beforeAll(async () => {
  sandbox = await SandboxKube.start();
});
afterAll(() => sandbox.close());

describe('claims of volumes', () => {
  it('are read with what keeps their data, on which node, and how large they are', async () => {
    const kube = await sandbox.client();
    for (const object of [
      volume('cloud', { csi: { driver: 'csi.hetzner.cloud', volumeHandle: '1' } }),
      volume('disk', { local: { path: '/data' }, nodeAffinity: onNode('web-1') }),
      volume('either', { hostPath: { path: '/data' }, nodeAffinity: onNode('web-1', 'web-2') }),
      volume('share', { nfs: { server: 'files', path: '/' } }),
      claim('cloud', { volumeName: 'cloud' }),
      claim('disk', { volumeName: 'disk', volumeMode: 'Block' }),
      claim('either', { volumeName: 'either' }),
      claim('lost', { volumeName: 'gone' }),
      claim('share', { volumeName: 'share' }),
      claim('waiting', {}),
    ])
      await kube.apply(object, { signal });
    expect(
      (await readClaims(kube, { signal })).map(({ claim, volume, size, kept, node, block }) => [
        ...[claim, volume, size, kept, node, block],
      ]),
    ).toEqual([
      ['default/cloud', 'cloud', '12Gi', 'csi.hetzner.cloud', undefined, false],
      ['default/disk', 'disk', '12Gi', 'disk', 'web-1', true],
      ['default/either', 'either', '12Gi', 'disk', undefined, false],
      ['default/lost', 'gone', '10Gi', undefined, undefined, false],
      ['default/share', 'share', '12Gi', 'nfs', undefined, false],
      ['default/waiting', undefined, '10Gi', undefined, undefined, false],
    ]);
    expect((await readClaims(kube, { signal }))[0]!.labels).toEqual({ app: 'cloud' });
  });
});
