import { mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { claimHost, parseClaim, parseFullDisks, readClaim, releaseHost } from '../../providers/ssh/claim.js';
import { rebootHost } from '../../src/remote/reboot-host.js';
import { machineLabels } from '../../src/domain/labels.js';
import { prepareHost } from '../../src/distributions/k3s/host/index.js';
import type { ClusterRef } from '../../src/domain/machine.js';
import type { MachineRequest } from '../../src/provider/port.js';
import { sshdMissing } from '../support/sshd.js';
import { smallDisk, useHost } from './support.js';

const demo: ClusterRef = { name: 'demo', id: 'k3f9x2' };
const at = '2026-11-21T08:00:00.000Z';

function place(cluster: ClusterRef, slot: number): MachineRequest {
  const where = { pool: 'web', role: 'worker', slot, generation: 1 } as const;
  const labels = machineLabels(cluster, where, 'k3s');
  return { ...where, name: `${cluster.name}-web-${slot}`, types: ['any'], location: 'any', image: 'any', labels };
}

describe.skipIf(sshdMissing)(`claims of a host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const claim = (cluster = demo, slot = 1) => rig.run(claimHost(cluster, place(cluster, slot), at));
  const read = async () => parseClaim(await rig.run(readClaim()));
  const release = async () => {
    const held = await read();
    return rig.run(releaseHost(held ?? { machine: 'none', cluster: demo, ...place(demo, 1), claimedAt: at }));
  };
  /** Every file and folder of the host, with its mode and size, but for what the tests' own stand-ins keep. */
  const everything = async (): Promise<string[]> => {
    const names = await readdir(rig.host.prefix, { recursive: true });
    const kept = names.filter((name) => !/^(var\/stand-in|run\/slipway)(\/|$)/.test(name)).sort();
    return Promise.all(
      kept.map(async (name) => {
        const { mode, size } = await stat(join(rig.host.prefix, name));
        return `${(mode & 0o7777).toString(8)} ${(mode & 0o170000) === 0o40000 ? '' : `${size} `}${name}`;
      }),
    );
  };

  beforeEach(async () => void (await release()));

  it('are none at first', async () => {
    expect(await read()).toBeUndefined();
  });

  it('say whose it is and as what, to nobody but root', async () => {
    expect(await claim()).toMatchObject({ claimed_at: at, changed: 'true' });
    expect(await read()).toEqual({
      machine: 'demo-web-1',
      cluster: demo,
      pool: 'web',
      role: 'worker',
      slot: 1,
      generation: 1,
      distribution: 'k3s',
      claimedAt: at,
    });
    expect((await stat(join(rig.host.prefix, 'etc/slipway/claim'))).mode & 0o777).toBe(0o600);
  });

  it('tell of each disk with data of the cluster once, and of one that is all but full', async ({ skip }) => {
    const disk = smallDisk(3);
    if (!disk) return skip('no file system can be mounted here');
    const data = join(rig.host.prefix, 'var/lib/rancher/k3s');
    try {
      await mkdir(join(data, 'server'), { recursive: true });
      await mkdir(join(rig.host.prefix, 'var/lib/kubelet'), { recursive: true });
      await symlink(disk.path, join(data, 'server/db'));
      const facts = await rig.run(readClaim());
      expect(facts['data_free_mib']).toMatch(/^\/var\/lib\/rancher\/k3s=\d+ \/var\/lib\/rancher\/k3s\/server\/db=[0-3]$/);
      expect(parseFullDisks(facts)).toContainEqual({
        path: '/var/lib/rancher/k3s/server/db',
        freeMiB: expect.any(Number) as number,
      });
    } finally {
      await rm(data, { recursive: true });
      await rm(join(rig.host.prefix, 'var/lib/kubelet'), { recursive: true });
      disk.remove();
    }
  });

  it.each([
    ['/var/lib/rancher/k3s=511', [{ path: '/var/lib/rancher/k3s', freeMiB: 511 }]],
    ['/var/lib/rancher/k3s=512', []],
    ['', []],
    ['/var/lib/rancher/k3s=many', []],
  ])('say with “%s” that these disks are all but full: %j', (text, full) => {
    expect(parseFullDisks({ data_free_mib: text })).toEqual(full);
  });

  it('made again stay as they were first made', async () => {
    await claim();
    const again = await rig.run(claimHost(demo, place(demo, 1), '2030-01-01T00:00:00.000Z'));
    expect(again).toMatchObject({ claimed_at: at, changed: 'false' });
  });

  it.each([
    ['another cluster', { name: 'other', id: 'zzzzzz' }, 1],
    ['a cluster of the same name, but another', { name: 'demo', id: 'zzzzzz' }, 1],
    ['the same cluster as another machine', demo, 2],
  ])('are not given to %s', async (_who, cluster, slot) => {
    await claim();
    await expect(claim(cluster, slot)).rejects.toMatchObject({
      taskCode: 'HOST_TAKEN',
      message: expect.stringContaining('belongs to the cluster demo as demo-web-1') as string,
    });
    expect((await read())?.cluster).toEqual(demo);
  });

  it('are given to one of many who ask at once', async () => {
    const asked = [demo, { name: 'other', id: 'zzzzzz' }, { name: 'third', id: 'yyyyyy' }];
    const answers = await Promise.allSettled(asked.map((cluster) => claim(cluster)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('released leave the host as it was found, and what is not ours alone', async () => {
    await rig.host.write('etc/sysctl.d/99-mine.conf', 'vm.swappiness = 10\n');
    await rig.host.write('etc/systemd/system/mine.service', '[Service]\n');
    await rig.host.write('var/tmp/mine', 'x');
    await rig.host.write('usr/local/bin/mine', 'x', 0o755);
    await rig.host.write('etc/modules-load.d/mine.conf', 'x');
    await rig.host.write('usr/local/lib/mine', 'x');
    await rig.host.write('var/log/mine', 'x');
    const before = await everything();
    await claim();
    await rig.run(prepareHost({ blockMetadata: true }));
    await rig.host.write('etc/systemd/system/k3s.service', '[Service]\n');
    await rig.host.write('usr/local/bin/k3s', '#!/bin/sh\n', 0o755);
    await rig.host.write('etc/rancher/k3s/config.yaml', 'token: secret\n', 0o600);
    await rig.host.write('etc/rancher/node/password', 'secret', 0o600);
    await rig.host.write('var/lib/rancher/k3s/server/db/etcd/member', 'x');
    await rig.host.write('var/lib/kubelet/pods/1/volumes/data', 'x');
    await rig.host.write('var/lib/slipway/k3s.sha256', 'x');
    await rig.host.write('var/tmp/slipway-k3s', 'x');
    await rig.host.write('var/log/pods/1/0.log', 'x');
    expect(await everything()).not.toEqual(before);
    expect(await release()).toEqual({ changed: 'true' });
    expect(await everything()).toEqual(before);
    expect(await rig.host.systemctlCalls()).toContain('disable --now k3s.service');
  });

  it('of others are not released', async () => {
    await claim({ name: 'other', id: 'zzzzzz' });
    const ours = { machine: 'demo-web-1', cluster: demo, ...place(demo, 1), claimedAt: at };
    await rig.host.write('var/lib/rancher/k3s/server/db', 'x');
    await expect(rig.run(releaseHost(ours))).rejects.toMatchObject({ taskCode: 'HOST_TAKEN' });
    expect(await rig.host.read('var/lib/rancher/k3s/server/db')).toBe('x');
  });

  it('that are none leave everything as it is', async () => {
    await rig.host.write('var/lib/rancher/k3s/server/db', 'of somebody');
    expect(await release()).toEqual({ changed: 'false' });
    expect(await rig.host.read('var/lib/rancher/k3s/server/db')).toBe('of somebody');
  });

  it('whose release was cut off are still there, and it is finished', async () => {
    await claim();
    await rig.host.write('etc/systemd/system/k3s.service', '[Service]\n');
    await rig.host.write('usr/local/bin/k3s', 'x', 0o755);
    // systemd does not stop it this time.
    const real = (await rig.host.read('../bin/systemctl'))!;
    await rig.host.write('../bin/systemctl', '#!/bin/sh\necho "Job timed out" >&2\nexit 1\n', 0o755);
    await expect(release()).rejects.toMatchObject({ taskCode: 'UNIT_FAILED' });
    expect((await read())?.machine).toBe('demo-web-1');
    await rig.host.write('../bin/systemctl', real, 0o755);
    expect(await release()).toEqual({ changed: 'true' });
    expect(await rig.host.read('usr/local/bin/k3s')).toBeUndefined();
  });

  it('a host that has started anew since is not rebooted again', async () => {
    const { boot_id: now = '' } = await rig.run(readClaim());
    expect(await rig.run(rebootHost('an-earlier-start'))).toEqual({ boot_id: now });
    expect(await rig.host.systemctlCalls()).not.toContain('reboot');
  });
});
