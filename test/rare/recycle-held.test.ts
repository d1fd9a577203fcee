import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { signal, path, slipway, errorOf, generations, younger, kubeNow } from '../support/recycled-cluster.js';

describe('what holds a node', () => {
  it('a budget that never lets its pods go is named before the first change, and again fit the same command goes on', async () => {
    const kube = await kubeNow();
    const before = await generations();
    try {
      const labels = { app: 'web' };
      const metadata = { name: 'web', namespace: 'default' };
      const selector = { matchLabels: labels };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } };
      const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
      await kube.apply({ ...deployment, spec: { replicas: 1, selector, template } }, { signal });
      const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata };
      await kube.apply({ ...budget, spec: { minAvailable: 1, selector } }, { signal });
      await expect
        .poll(async () => (await kube.get(budget, { signal }))?.['status'])
        .toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
      const error = await errorOf('pool', 'rotate', 'demo', 'web', '--yes');
      expect(error).toMatchObject({ code: 'BUDGET_NEVER_ALLOWS', exit: 3 });
      expect(error.details.join('\n')).toMatch(/default\/web-\S+: budget web keeps 1 of 1/);
      expect(await generations()).toEqual(before);
      await kube.delete(budget, { signal });
    } finally {
      kube.close();
    }
    expect((await slipway('pool', 'rotate', 'demo', 'web', '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
  }, 240_000);

  it('data on its disk is refused, and given up with the claim where --accept-data-loss names the pod', async () => {
    const kube = await kubeNow();
    const before = await generations();
    const node = (await kube.nodes({ signal })).find(({ name }) => name.startsWith('demo-web-2'))!.name;
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } };
    const accessModes = ['ReadWriteOnce'];
    try {
      await kube.apply(
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: 'disk' },
          spec: { local: { path: '/data' }, capacity: { storage: '1Gi' }, accessModes, storageClassName: '' },
        },
        { signal },
      );
      await kube.apply(
        {
          ...claim,
          spec: { volumeName: 'disk', accessModes, storageClassName: '', resources: { requests: { storage: '1Gi' } } },
        },
        { signal },
      );
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true }];
      await kube.apply(
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'db-0', namespace: 'default', ownerReferences },
          spec: { nodeName: node, containers: [{ name: 'db', image: 'db:1' }], volumes },
        },
        { signal },
      );
      const rotate = ['pool', 'rotate', 'demo', 'web'];
      const refused = await errorOf(...rotate, '--yes');
      expect(refused).toMatchObject({ code: 'LOCAL_DATA', exit: 3 });
      expect(refused.hint).toContain('--accept-data-loss');
      expect(await generations()).toEqual(before);
      const asked = await errorOf(...rotate, '--accept-data-loss', 'default/db-0');
      expect(asked.details.join('\n')).toContain('default/db-0');
      const done = await slipway(...rotate, '--accept-data-loss', 'default/db-0', '--yes');
      expect(done, done.err).toMatchObject({ code: 0 });
      expect(await kube.get(claim, { signal })).toBeUndefined();
    } finally {
      kube.close();
    }
    expect(await generations()).toEqual(younger(before, ['web-1', 'web-2']));
  }, 240_000);
});

describe('fresh machines of another kind', () => {
  it('are of the type and at the location that `pool rotate` is given, which it writes into the file', async () => {
    const done = await slipway(
      'pool',
      'rotate',
      'demo',
      'web',
      '--type',
      'cax31',
      '--location',
      'nbg1',
      '--max-surge',
      '2',
      '--yes',
      '--json',
    );
    expect(done, done.err).toMatchObject({ code: 0 });
    const { replaced, waves, monthly } = JSON.parse(done.out) as {
      replaced: { slot: string; type: string; location: string }[];
      waves: number;
      monthly: { difference: number };
    };
    expect(replaced.map(({ slot, type, location }) => `${slot} ${type} ${location}`).sort()).toEqual([
      'web-1 cax31 nbg1',
      'web-2 cax31 nbg1',
    ]);
    expect(waves).toBe(1);
    expect(monthly.difference).toBeGreaterThan(0);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('name: demo # of the shop');
    expect(text).toMatch(/\{name: web, type: cax31, count: 2, locations: \[nbg1\]\} # customers/);
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
  }, 240_000);

  it('have the image that `cluster recycle` is given; --outdated replaces none that has it', async () => {
    const before = await generations();
    writeFileSync(path, `${readFileSync(path, 'utf8')}image: debian-13\n`);
    expect((await slipway('cluster', 'recycle', 'demo', '--outdated', '--node', 'web-1')).code).toBe(2);
    const first = await slipway('cluster', 'recycle', 'demo', '--pool', 'web', '--yes');
    expect(first, first.err).toMatchObject({ code: 0 });
    const rest = await slipway('cluster', 'recycle', 'demo', '--outdated', '--yes');
    expect(rest, rest.err).toMatchObject({ code: 0 });
    expect(await generations()).toEqual(younger(before));
    const listed = JSON.parse((await slipway('cluster', 'list', '--json')).out) as { clusters: { lastLook: object }[] };
    expect(listed.clusters[0]!.lastLook).toMatchObject({ by: 'cluster recycle', steps: 0, outdated: [] });
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
    const nothing = await slipway('cluster', 'recycle', 'demo', '--outdated', '--yes');
    expect(nothing).toMatchObject({ code: 0, out: 'No node of demo is left to replace.' });
  }, 240_000);

  it('are refused where the flags do not say whose they are', async () => {
    expect(await errorOf('cluster', 'recycle', 'demo', '--type', 'cax31', '--yes')).toMatchObject({
      code: 'BAD_FLAGS',
      exit: 2,
    });
    const elsewhere = await errorOf('pool', 'rotate', 'demo', 'web', '--location', 'hel1', '--yes');
    expect(elsewhere).toMatchObject({ code: 'BAD_FLAGS', exit: 2 });
    expect(elsewhere.hint).toContain('provider.locations');
    expect(await errorOf('cluster', 'recycle', 'demo', '--pool', 'web', '--image', 'x', '--yes')).toMatchObject({
      code: 'BAD_FLAGS',
      exit: 2,
    });
  });
});
