import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { cli, source, created, create, upgrade, hindered, all } from '../support/upgraded-cluster.js';

describe('cluster upgrade', () => {
  it('refuses while clients use APIs that the release does not serve, unless that is accepted', async () => {
    const kube = await create('v1.35.5+k3s1', 1, 0);
    const sandbox = await cli.sandbox();
    const deprecatedRequests = ['flowschemas.v1beta3.flowcontrol.apiserver.k8s.io=1.36', 'endpoints.v1=1.37'];
    await sandbox.call('POST', 'machines', { act: 'change', name: 'demo-cp-1', facts: { deprecatedRequests } });
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toContain('REMOVED_APIS');
    expect(refused.err).toMatch(
      /flowschemas\.v1beta3\.flowcontrol\.apiserver\.k8s\.io, gone since 1\.36: asked of demo-cp-1-\w+/,
    );
    expect(refused.err).not.toContain('endpoints.v1');
    await all(kube, 'v1.35.5+k3s1');
    const shown = await upgrade('v1.36.5+k3s1', ['--accept-removed-apis', '--dry-run']);
    expect(shown.out).toContain('clients still use flowschemas.v1beta3.flowcontrol.apiserver.k8s.io');
    const accepted = await upgrade('v1.36.5+k3s1', ['--accept-removed-apis']);
    expect(accepted, accepted.err).toMatchObject({ code: 0 });
    await all(kube, 'v1.36.5+k3s1');
    kube.close();
  }, 120_000);

  it('is refused with two servers, which survive no loss, and done once there are as many as the file says', async () => {
    const kube = await create('v1.36.4+k3s1', 3, 0);
    const toOne = ['cluster', 'create', 'demo', '--control-planes', '1', '--yes'];
    const halfWay = { when: 'after', kind: 'provider', what: '^DELETE /servers/', act: 'kill' };
    const killed = await cli.run(toOne, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([halfWay]) });
    expect(killed.code, killed.err).toBe(137);
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toContain('QUORUM');
    expect(refused.err).toMatch(/Without demo-cp-\d-\w+ only 1 of 2 servers would vote/);
    expect(refused.err).toContain('2 servers survive no more failures than 1');
    expect(refused.err).toContain('slipway cluster apply demo');
    await all(kube, 'v1.36.4+k3s1');
    kube.close();
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    const done = await upgrade('v1.36.5+k3s1');
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out)).toMatchObject({
      kubernetesVersion: 'v1.36.5+k3s1',
      etcd: { members: 1 },
    });
  }, 180_000);

  it('refuses while a server or a worker is down, and names it', async () => {
    const kube = await create('v1.36.4+k3s1', 3, 1);
    const sandbox = await cli.sandbox();
    await sandbox.call('POST', 'machines', { act: 'kill', name: 'demo-cp-2' });
    await expect.poll(async () => (await hindered(kube)).length, { timeout: 20_000 }).toBe(1);
    const refused = await upgrade('v1.36.5+k3s1');
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toMatch(/demo-cp-2-\w+ is down, and an upgrade would take down more/);
    expect(refused.err).toContain('slipway cluster heal demo');
    kube.close();
  }, 120_000);

  it('keeps to the release that a channel had when it was begun, and writes it into the cluster’s file', async () => {
    const file = join(cli.home, 'cluster.yaml');
    writeFileSync(
      file,
      'name: demo # ours\nprovider: {name: sandbox}\nkubernetes: {version: v1.36.4+k3s1}\ncontrolPlane: {count: 1}\npools: [{name: web, count: 1}]\n',
    );
    await created(['-f', file]);
    const kill = { when: 'before', kind: 'ssh', what: 'start-k3s', act: 'kill' };
    expect((await upgrade('stable', [], { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) })).code).toBe(137);
    expect(readFileSync(file, 'utf8')).toBe(
      'name: demo # ours\nprovider: {name: sandbox}\nkubernetes: {version: v1.36.5+k3s1}\ncontrolPlane: {count: 1}\npools: [{name: web, count: 1}]\n',
    );
    source.known['stable'] = 'v1.36.6+k3s1';
    const { asked } = source;
    const again = await upgrade('stable');
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(again.err).toContain('stable was v1.36.5+k3s1 when this upgrade was begun');
    expect(source.asked).toBe(asked);
    const plan = await cli.run(['cluster', 'plan', '-f', file]);
    expect(plan.out).toContain('No changes.');
    // Through with it, the channel is asked again.
    expect(await upgrade('stable')).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out)).toMatchObject({
      kubernetesVersion: 'v1.36.6+k3s1',
    });
  }, 120_000);

  it('refuses to go back, and says what to type where the channels cannot be asked', async () => {
    const kube = await create('v1.36.4+k3s1', 1, 0);
    expect(await upgrade('v1.36.3+k3s1')).toMatchObject({
      code: 3,
      err: expect.stringContaining('VERSION_OLDER') as string,
    });
    const silent = { SLIPWAY_K3S_CHANNELS: 'http://127.0.0.1:1/' };
    const unreachable = await upgrade('stable', [], silent);
    expect(unreachable).toMatchObject({ code: 2, err: expect.stringContaining('--to v1.MINOR.PATCH+k3s1') as string });
    expect(await upgrade('v1.39')).toMatchObject({
      code: 2,
      err: expect.stringContaining('RELEASE_UNKNOWN') as string,
    });
    // An exact release of this or the next minor needs nobody.
    expect(await upgrade('v1.37.1+k3s1', [], silent)).toMatchObject({ code: 0 });
    await all(kube, 'v1.37.1+k3s1');
    kube.close();
  }, 120_000);
});
