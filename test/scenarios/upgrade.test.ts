import { describe, expect, it } from 'vitest';

import { signal, cli, source, create, upgrade, hindered, all, deploy, said } from '../support/upgraded-cluster.js';

describe('cluster upgrade', () => {
  it('goes two minors, the servers by each and one at a time, a first worker alone, and pods stay up', async () => {
    const kube = await create('v1.34.5+k3s1', 3, 5);
    await deploy(kube, 'web', { replicas: 4, budgets: [{ maxUnavailable: 1 }] });
    const run = await upgrade('stable', ['--max-unavailable', '2', '--progress', 'json']);
    expect(run, run.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    const events = said(run).filter(({ id }) => id?.startsWith('upgrade:'));
    const slots = (type: string, to: string) =>
      events
        .filter((event) => event.type === type && event.id!.endsWith(to))
        .map(({ id }) => id!.split(':')[1]!.split('-').slice(1, 3).join('-'));
    expect(slots('step-started', 'v1.35.9+k3s1')).toEqual(['cp-1', 'cp-2', 'cp-3']);
    expect(slots('step-started', 'v1.36.5+k3s1').slice(0, 4)).toEqual(['cp-1', 'cp-2', 'cp-3', 'workers-1']);
    // How many were at work at once.
    let now = 0;
    const atOnce = events
      .filter(({ type, id }) => id!.includes('-workers-') && ['step-started', 'step-done'].includes(type))
      .map(({ type }) => (now += type === 'step-started' ? 1 : -1));
    expect(atOnce.slice(0, 2)).toEqual([1, 0]);
    expect(Math.max(...atOnce)).toBe(2);
    // The snapshot is whole before anything is changed.
    const first = said(run).filter(({ type }) => type === 'step-done' || type === 'step-progress');
    expect(first[0]?.text ?? first[1]?.text).toMatch(/slipway-at-v1\.34\.5-k3s1|taking a snapshot/);
    const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as object;
    expect(status).toMatchObject({ kubernetesVersion: 'v1.36.5+k3s1', outdated: [], differs: [] });
    kube.close();
  }, 240_000);

  it('refuses before its first change what a budget never allows, two budgets on one pod as such, and pods of nobody', async () => {
    const kube = await create('v1.35.5+k3s1', 1, 2);
    await deploy(kube, 'all', { budgets: [{ minAvailable: 2 }] });
    await deploy(kube, 'twice', { budgets: [{ maxUnavailable: 1 }, { maxUnavailable: 1 }] });
    await deploy(kube, 'lonely', { replicas: 1 });
    await kube.apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'by-hand', namespace: 'default' },
        spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
      },
      { signal },
    );
    await expect
      .poll(
        async () =>
          (
            await kube.get(
              { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'by-hand', namespace: 'default' } },
              { signal },
            )
          )?.['status'],
      )
      .toMatchObject({ phase: 'Running' });
    const refused = await upgrade('v1.36');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toMatch(/default\/all-\S+: budget all-1 keeps 2 of 2, so none may ever go/);
    expect(refused.err).toMatch(/default\/twice-\S+: held by 2 budgets, twice-1, twice-2/);
    expect(refused.err).toContain('default/by-hand');
    await all(kube, 'v1.35.5+k3s1');
    expect(await hindered(kube)).toEqual([]);
    // A patch moves nobody, so that nothing of it is in the way.
    const patched = await upgrade('v1.35');
    expect(patched, patched.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.35.9+k3s1');
    const shown = await cli.run(['cluster', 'upgrade', 'demo', '--to', 'v1.35.10+k3s1', '--dry-run'], source.env);
    expect(shown.out).toContain('its pods run on');
    kube.close();
  }, 180_000);
});
