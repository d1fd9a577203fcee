import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/domain/clock.js';
import type { StepContext } from '../../src/engine/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { freeNode } from '../../src/phases/out-of-service.js';
import { FakeClock } from '../support/fake-clock.js';
import { readyNode, SandboxKube } from '../support/sandbox-kube.js';

const signal = new AbortController().signal;
const run = { signal, progress: () => {} } as unknown as StepContext;
let rig: SandboxKube;
let kube: Kube;

const pod = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName: 'web-1', containers: [{ name: 'main', image: 'nginx' }] },
});
const attachment: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: { name: 'csi-1' },
  spec: { attacher: 'csi.example', nodeName: 'web-1', source: { persistentVolumeName: 'pv-1' } },
};
const store = () => rig.api.store;
const kind = (name: string) => store().resource(name === 'VolumeAttachment' ? 'storage.k8s.io/v1' : 'v1', name);
const left = (name: string): readonly string[] =>
  store()
    .list(kind(name), '')
    .map(({ metadata }) => metadata.name);
/** What was asked of the API that changes something. */
const writes = (): readonly string[] =>
  rig.requests.filter((line) => !line.startsWith('GET ')).map((line) => line.replace(/\?.*$/, ''));
const isMarked = (): boolean =>
  JSON.stringify(store().find(kind('Node'), '', 'web-1')?.spec ?? {}).includes('node.kubernetes.io/out-of-service');

beforeEach(async () => {
  // No kubelet ends a pod.
  rig = await SandboxKube.start(1, { kubeletLives: (name) => name !== 'web-1' });
  kube = await rig.client();
  for (const name of ['web-1', 'web-2']) rig.put(readyNode(name));
  for (const name of ['a', 'b']) rig.put(pod(name));
  rig.put({ ...pod('other'), spec: { nodeName: 'web-2', containers: [{ name: 'main', image: 'nginx' }] } });
  rig.put(attachment);
});
afterEach(() => rig.close());

describe('what a lost node holds is freed', () => {
  it('by the mark, then without its pods; its volumes are waited for while the node is there', async () => {
    let wasMarked = false;
    store().watch(({ resource, type }) => {
      // The driver: at once where the mark is there when the last pod has gone.
      if (resource.plural !== 'pods' || type !== 'DELETED' || left('Pod').length > 1) return;
      wasMarked = isMarked();
      if (wasMarked) store().remove(kind('VolumeAttachment'), '', 'csi-1');
    });
    await freeNode({ kube }, systemClock, 'web-1', run);
    expect(wasMarked).toBe(true);
    expect([left('Pod'), left('VolumeAttachment'), left('Node')]).toEqual([['other'], [], ['web-1', 'web-2']]);
    expect(writes()[0]).toBe('PATCH /api/v1/nodes/web-1');
    expect(writes().some((line) => line.includes('volumeattachments'))).toBe(false);
  });

  it('by deleting its attachments, where the cloud’s controller deletes the node before they are gone', async () => {
    store().watch(({ resource, type }) => {
      if (resource.plural === 'pods' && type === 'DELETED' && left('Node').includes('web-1'))
        store().remove(kind('Node'), '', 'web-1');
    });
    await freeNode({ kube }, systemClock, 'web-1', run);
    expect(left('VolumeAttachment')).toEqual([]);
    expect(writes().at(-1)).toBe('DELETE /apis/storage.k8s.io/v1/volumeattachments/csi-1');
  });

  it('by deleting its attachments and its pods, where the node was gone before', async () => {
    store().remove(kind('Node'), '', 'web-1');
    await freeNode({ kube }, systemClock, 'web-1', run);
    expect([left('Pod'), left('VolumeAttachment')]).toEqual([['other'], []]);
    expect(writes().some((line) => line.startsWith('PATCH'))).toBe(false);
  });

  it('as far as it can be: what a driver keeps that does not run holds up nobody', async () => {
    await freeNode({ kube }, new FakeClock(), 'web-1', run);
    expect([left('Pod'), left('VolumeAttachment'), isMarked()]).toEqual([['other'], ['csi-1'], true]);
  });

  it('once: a run that was stopped marks no node twice', async () => {
    store().remove(kind('VolumeAttachment'), '', 'csi-1');
    await freeNode({ kube }, systemClock, 'web-1', run);
    await freeNode({ kube }, systemClock, 'web-1', run);
    expect(writes().filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
  });
});
