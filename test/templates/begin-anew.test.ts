import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { beginAnew } from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`begin-anew ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const server = 'var/lib/rancher/k3s/server';
  const etcd = `${server}/db/etcd`;
  const firstLog = `${etcd}/member/wal/0000000000000000-0000000000000000.wal`;
  const config = 'etc/rancher/k3s/config.yaml';
  const aside = async () => {
    const folder = join(rig.host.prefix, server, 'never-began');
    const made = await readdir(folder).catch(() => []);
    return made.map((name) => `${server}/never-began/${name}`);
  };

  beforeEach(async () => {
    for (const path of ['var/stand-in', 'etc/systemd', 'etc/rancher', 'var/lib']) {
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    }
    await rig.host.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await rig.host.write('var/stand-in/k3s.service.state', 'activating\n');
    await rig.host.write('var/lib/slipway/k3s.started', 'as it is\n');
    await rig.host.write(config, 'cluster-init: true\ntoken: t0\n', 0o600);
    await rig.host.write(firstLog, `\0\0${'\0'.repeat(4096)}member`);
    await rig.host.write(`${etcd}/member/snap/db`, 'empty');
    await rig.host.write(`${server}/tls/server-ca.crt`, 'half');
    await rig.host.write(`${server}/token`, 'K10old::server:t0');
  });

  it('puts the files of a server aside that was stopped while it made etcd, and deletes none of them', async () => {
    expect(await rig.run(beginAnew())).toEqual({ changed: 'true' });
    expect(await rig.host.systemctlCalls()).toContain('stop k3s.service');
    expect(await readdir(join(rig.host.prefix, server))).toEqual(['never-began']);
    const [folder] = await aside();
    expect(await rig.host.read(`${folder}/db/etcd/member/snap/db`)).toBe('empty');
    expect(await rig.host.read(`${folder}/tls/server-ca.crt`)).toBe('half');
    expect(await rig.host.read(`${folder}/token`)).toBe('K10old::server:t0');
    expect(await rig.host.read('var/lib/slipway/k3s.started')).toBeUndefined();
  });

  it('has nothing to do a second time, and keeps what lies aside when it happens again', async () => {
    await rig.run(beginAnew());
    expect(await rig.run(beginAnew())).toEqual({ changed: 'false' });
    await rig.host.write(firstLog, 'member');
    await rig.run(beginAnew());
    expect(await aside()).toHaveLength(2);
  });

  it('puts aside what Kubernetes wrote before k3s could save its bootstrap data', async () => {
    await rig.host.write(firstLog, `\0\0put /registry/namespaces/default\0`);
    expect(await rig.run(beginAnew())).toEqual({ changed: 'true' });
    expect(await aside()).toHaveLength(1);
  });

  it.each<[string, () => Promise<void>]>([
    ['bootstrap data are in its log', () => rig.host.write(firstLog, `\0\0put /bootstrap/4c1d7e9a02bb\0`)],
    ['bootstrap data are in its store', () => rig.host.write(`${etcd}/member/snap/db`, '\0/bootstrap/4c1d7e9a02bb\0')],
    ['a copy of the store has them', () => rig.host.write(`${server}/db/etcd-tmp/member/snap/db`, '/bootstrap/4c1d')],
    ['its log is not the first', () => rig.host.write(`${etcd}/member/wal/0000000000000001-000000000000a1.wal`, '')],
    ['etcd has made a snapshot', () => rig.host.write(`${etcd}/member/snap/0000000000000002-0000000000002711.snap`, '')],
    ['a snapshot for a restore lies there', () => rig.host.write(`${server}/db/snapshots/etcd-snapshot-1`, 'x')],
    ['it once left a cluster', () => rig.host.write(`${server}/db.taken-out/etcd/member/snap/db`, 'x')],
    ['its cluster took it out', () => rig.host.write(`${etcd}/tombstone`, '')],
    ['it has a store of another kind', () => rig.host.write(`${server}/db/state.db`, 'x')],
    ['pods ran on it', () => rig.host.write('var/lib/kubelet/pods/a/volumes', '')],
    ['it has volumes of pods', () => rig.host.write('var/lib/rancher/k3s/storage/pvc-1/data', 'x')],
    ['it joins others', () => rig.host.write(config, 'server: https://10.0.0.2:6443\ntoken: t0\n')],
    ['its configuration says both', () => rig.host.write(config, 'cluster-init: true\nserver: https://10.0.0.2:6443\n')],
    ['it has no configuration', () => rm(join(rig.host.prefix, config))],
  ])('never touches a server where %s', async (_what, make) => {
    await make();
    await expect(rig.run(beginAnew())).rejects.toMatchObject({ taskCode: 'HOLDS_DATA' });
    expect(await rig.host.read(firstLog)).toBeDefined();
    expect(await rig.host.read(`${server}/tls/server-ca.crt`)).toBe('half');
    expect(await aside()).toEqual([]);
    // It goes on as it was.
    expect((await rig.host.systemctlCalls()).at(-1)).toBe('start --no-block k3s.service');
  });

  it('never touches, and never stops, a server that is well', async () => {
    await rig.host.write('var/stand-in/k3s.service.state', 'active\n');
    await expect(rig.run(beginAnew())).rejects.toMatchObject({ taskCode: 'HOLDS_DATA' });
    expect(await rig.host.systemctlCalls()).not.toContain('stop k3s.service');
    expect(await rig.host.read(firstLog)).toBeDefined();
  });
});
