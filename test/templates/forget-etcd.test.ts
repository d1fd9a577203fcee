import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { forgetEtcd } from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`forget-etcd ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const db = 'var/lib/rancher/k3s/server/db';
  const state = (text: string) => rig.host.write('var/stand-in/k3s.service.state', `${text}\n`);

  beforeEach(async () => {
    for (const path of ['var/stand-in', 'etc/systemd', 'var/lib']) {
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    }
    await rig.host.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await rig.host.write('var/lib/slipway/k3s.started', 'as it is\n');
    await rig.host.write(`${db}/etcd/member/snap/db`, 'data');
  });

  it('puts the data of a server aside that waits in vain, so that it is started anew', async () => {
    await state('activating');
    expect(await rig.run(forgetEtcd())).toEqual({ changed: 'true' });
    expect(await rig.host.systemctlCalls()).toContain('stop k3s.service');
    expect(await rig.host.read(`${db}/etcd/member/snap/db`)).toBeUndefined();
    expect(await rig.host.read(`${db}.taken-out/etcd/member/snap/db`)).toBe('data');
    expect(await rig.host.read('var/lib/slipway/k3s.started')).toBeUndefined();
  });

  it('has nothing to do a second time', async () => {
    await state('activating');
    await rig.run(forgetEtcd());
    expect(await rig.run(forgetEtcd())).toEqual({ changed: 'false' });
    expect(await rig.host.read(`${db}.taken-out/etcd/member/snap/db`)).toBe('data');
  });

  it('takes one that k3s has not ended yet, although its etcd was taken out', async () => {
    await state('active');
    await rig.host.write(`${db}/etcd/tombstone`, '');
    expect(await rig.run(forgetEtcd())).toEqual({ changed: 'true' });
    expect(await rig.host.systemctlCalls()).toContain('stop k3s.service');
    expect(await rig.host.read(`${db}.taken-out/etcd/member/snap/db`)).toBe('data');
  });

  it('never touches a server that is well', async () => {
    await state('active');
    await expect(rig.run(forgetEtcd())).rejects.toMatchObject({ taskCode: 'STILL_A_MEMBER' });
    expect(await rig.host.read(`${db}/etcd/member/snap/db`)).toBe('data');
    expect(await rig.host.systemctlCalls()).not.toContain('stop k3s.service');
  });
});
