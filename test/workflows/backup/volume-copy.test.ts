import { describe, expect, it } from 'vitest';

import { Secret } from '../../../src/domain/index.js';
import type { KubeObject } from '../../../src/kube/types.js';
import { runVolumeWork } from '../../../src/workflows/backup/volume-copy.js';
import { becomes, FakeKubelet } from '../../support/fake-kubelet.js';
import { claimAnnotation, copyLabel, type VolumeWork } from '../../../src/workflows/backup/volume-pod.js';

const { signal } = new AbortController();
const access = {
  repository: 's3:https://s3.example.com/copies/demo/shop/db',
  region: 'fsn1',
  pathStyle: true,
  key: { id: 'volumes-only', secret: new Secret('planted-secret') },
  password: new Secret('planted-password'),
};
const common = { claim: 'shop/db', backup: 'b2', keep: [], image: 'restic', access } as const;
const copy: VolumeWork = { ...common, act: 'copy', node: 'web-1', path: '/data/db' };
const leftBy = (kind: string, name: string, claim: string, phase?: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name,
    namespace: 'kube-system',
    labels: { [copyLabel]: 'copy' },
    annotations: { [claimAnnotation]: claim },
  },
  ...(phase === undefined ? {} : { status: { phase } }),
});

describe('work beside a volume', () => {
  it('leaves neither its pod nor its keys behind, however it ends', async () => {
    for (const phase of ['Succeeded', 'Failed']) {
      const kube = new FakeKubelet(becomes(phase));
      await runVolumeWork(kube.api, copy, { signal }).catch(() => undefined);
      expect(kube.left()).toEqual([]);
    }
  });

  it('takes away keys and ended pods that killed runs left for its claim, and leaves those that work or are of others', async () => {
    const kube = new FakeKubelet(becomes('Succeeded'));
    for (const one of [
      leftBy('Secret', 'killed', 'shop/db'),
      leftBy('Pod', 'killed', 'shop/db', 'Succeeded'),
      leftBy('Secret', 'before-its-pod', 'shop/db'),
      leftBy('Secret', 'works', 'shop/db'),
      leftBy('Pod', 'works', 'shop/db', 'Running'),
      leftBy('Secret', 'of-another', 'shop/files'),
    ])
      kube.put(one);
    expect(await runVolumeWork(kube.api, copy, { signal })).toEqual({ files: 2, bytes: 16, partial: false });
    expect(kube.left()).toEqual(['Secret works', 'Pod works', 'Secret of-another']);
  });

  it('is given up at once where the folder is not there, as the kubelet says, or the node is gone', async () => {
    const kube = new FakeKubelet((pod, put) => {
      put({ ...pod, status: { phase: 'Pending' } });
      const message =
        'MountVolume.SetUp failed for volume "data" : hostPath type check failed: /data/db is not a directory';
      put({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'e' },
        involvedObject: { uid: pod.metadata['uid'] },
        message,
      });
    });
    await expect(runVolumeWork(kube.api, copy, { signal })).rejects.toMatchObject({
      code: 'VOLUME_FAILED',
      message: 'The volume of shop/db on web-1 was not copied: /data/db is no folder there.',
    });
    expect(kube.left()).toEqual([]);
    const gone = { ...copy, node: 'web-9' };
    await expect(runVolumeWork(kube.api, gone, { signal })).rejects.toThrow('the cluster has no node web-9 any more');
  });

  it('may take hours, but not to begin', async () => {
    const kube = new FakeKubelet(becomes('Succeeded'));
    await runVolumeWork(kube.api, copy, { signal });
    expect(kube.deadlines).toEqual([900_000, 6 * 3_600_000]);
  });

  it('tries a copy in an empty folder alone, where there is room for it, and tells what came back', async () => {
    let pod: KubeObject | undefined;
    const kube = new FakeKubelet((made, put) => {
      pod = made;
      becomes('Succeeded')(made, put);
    });
    kube.log = 'found={"files":2,"bytes":16}\nrestored=b2\n';
    const tried = await runVolumeWork(kube.api, { ...common, act: 'try', bytes: 2 ** 30 }, { signal });
    expect(tried).toMatchObject({ files: 2, bytes: 16 });
    expect(pod!['spec']).toMatchObject({
      containers: [{ resources: { requests: { 'ephemeral-storage': '1293Mi' } } }],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'work', emptyDir: {} },
      ],
    });
    expect(JSON.stringify(pod)).not.toMatch(/hostPath|nodeName|planted/);
    kube.log = 'restored=b2\n';
    await expect(runVolumeWork(kube.api, { ...common, act: 'try', bytes: 1 }, { signal })).rejects.toThrow(
      'The copy of the volume of shop/db cannot be brought back: it did not tell what came back.',
    );
  });
});
