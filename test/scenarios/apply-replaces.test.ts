import { describe, expect, it } from 'vitest';

import {
  signal,
  type Step,
  file,
  slipway,
  answer,
  refusal,
  machines,
  names,
  etcd,
  steps,
  isDone,
  kubeNow,
} from '../support/replaced-cluster.js';

describe('`cluster apply` of a file that asks for another type, image or location', () => {
  it('makes the plan that `cluster recycle --outdated` makes, which plan, a dry run and status show', async () => {
    const before = await names();
    file({ web: 'cax31' });
    const recycle = await steps('cluster', 'recycle', 'demo', '--outdated', '--dry-run');
    expect(recycle).toEqual([
      expect.stringMatching(/^web-1: create cax31 in fsn1, join it; drain demo-web-1-\w+ and delete it$/),
      expect.stringMatching(/^web-2: create cax31 in fsn1, join it; drain demo-web-2-\w+ and delete it$/),
    ]);
    expect(await steps('cluster', 'plan', 'demo')).toEqual(recycle);
    expect(await steps('cluster', 'apply', 'demo', '--dry-run')).toEqual(recycle);
    const status = await answer<{ differs: readonly Step[]; outdated: unknown[] }>('cluster', 'status', 'demo');
    expect(status.differs.map(({ target, text }) => `${target}: ${text}`)).toEqual(recycle);
    expect(status.outdated).toEqual([]);
    const shown = await slipway('cluster', 'apply', 'demo', '--dry-run');
    expect(shown.out).toMatch(/in wave 1 of 2; lost: cax21 in fsn1, with everything on its disk/);
    expect(shown.out).toMatch(/The whole cluster: about [\d.]+ EUR a month, net \(now [\d.]+, \+[\d.]+\)/);
    expect(shown.out).not.toContain('needs cluster recycle');
    expect(await names()).toEqual(before);
  }, 120_000);

  it('asks first and names what is lost, and is left undone by what changes a pool alone', async () => {
    const error = await refusal('cluster', 'apply', 'demo');
    expect(error).toMatchObject({ code: 'CONFIRMATION_NEEDED', exit: 2 });
    expect(error.details.join('\n')).toMatch(/web-2: create cax31 .*\n +in wave 2 of 2; lost: cax21 in fsn1/);
    const scaled = await slipway('pool', 'scale', 'demo', 'web', '--count', '3', '--yes');
    expect(scaled, scaled.err).toMatchObject({ code: 0 });
    expect(scaled.out).toMatch(/web-1 +machine type cax21 → cax31: needs cluster recycle/);
    expect((await machines()).filter((machine) => machine.startsWith('web'))).toEqual([
      'web-1 cax21 fsn1',
      'web-2 cax21 fsn1',
      'web-3 cax31 fsn1',
    ]);
  }, 120_000);

  it('makes what else the file asks for first, then replaces workers and servers, and is done', async () => {
    file({ web: 'cax31', server: 'cax31', workers: 4 });
    const applied = await answer<{ changed: number; outdated: unknown[] }>('cluster', 'apply', 'demo', '--yes');
    expect(applied.outdated).toEqual([]);
    expect(await machines()).toEqual([
      ...['cp-1', 'cp-2', 'cp-3', 'web-1', 'web-2', 'web-3', 'web-4'].map((place) => `${place} cax31 fsn1`),
    ]);
    expect(await etcd()).toMatchObject({ members: 3, voters: 3 });
    await isDone();
  }, 240_000);

  it('is refused where a pod would lose its data, unless --accept-data-loss names it', async () => {
    file({ image: 'debian-13', workers: 2 });
    const kube = await kubeNow();
    const before = await names();
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } };
    const size = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    try {
      const node = (await kube.nodes({ signal })).find(({ name }) => name.startsWith('demo-web-2'))!.name;
      const disk = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'disk' } };
      await kube.apply(
        { ...disk, spec: { ...size, local: { path: '/data' }, capacity: { storage: '1Gi' } } },
        { signal },
      );
      const resources = { requests: { storage: '1Gi' } };
      await kube.apply({ ...claim, spec: { ...size, volumeName: 'disk', resources } }, { signal });
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true }];
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0', namespace: 'default', ownerReferences } };
      const spec = { nodeName: node, containers: [{ name: 'db', image: 'db:1' }], volumes };
      await kube.apply({ ...pod, spec }, { signal });
      for (const command of [['plan'], ['apply', '--yes'], ['apply', '--dry-run']]) {
        const refused = await refusal('cluster', command[0]!, 'demo', ...command.slice(1));
        expect(refused).toMatchObject({ code: 'LOCAL_DATA', exit: 3 });
        expect(refused.hint).toContain('--accept-data-loss NAMESPACE/POD of cluster apply');
      }
      expect(await names()).toEqual(before);
      const done = await slipway('cluster', 'apply', 'demo', '--accept-data-loss', 'default/db-0', '--yes');
      expect(done, done.err).toMatchObject({ code: 0 });
      expect(await names()).not.toContain(node);
    } finally {
      kube.close();
    }
    const later = await kubeNow();
    expect(await later.get(claim, { signal })).toBeUndefined();
    later.close();
    await isDone();
  }, 240_000);
});
