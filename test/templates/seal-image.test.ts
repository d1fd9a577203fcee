import { describe, expect, it } from 'vitest';

import { sealImage } from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`seal-image ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const own = [
    'etc/ssh/ssh_host_rsa_key',
    'etc/ssh/sshd_config.d/00-slipway-host-key.conf',
    'root/.ssh/authorized_keys',
    'root/.bash_history',
    'var/lib/systemd/random-seed',
    'var/lib/cloud/instance/user-data.txt',
    'var/lib/slipway/something',
  ];
  const shared = [
    'usr/local/bin/k3s',
    'usr/local/lib/slipway/k3s.sha256',
    'var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst',
    'etc/os-release',
  ];

  it('takes off the disk what is one machine’s own, and leaves what k3s is started from', async () => {
    for (const file of [...own, ...shared]) await rig.host.write(file, 'x');
    await rig.host.write('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
    expect(await rig.run(sealImage())).toEqual({ sealed: 'true' });
    for (const file of own) expect(await rig.host.read(file), file).toBeUndefined();
    for (const file of shared) expect(await rig.host.read(file), file).toBe('x');
    // Empty, not gone: systemd takes a missing one for a system that was never set up.
    expect(await rig.host.read('etc/machine-id')).toBe('');
  });

  it.each(['etc/rancher/node/password', 'etc/rancher/k3s/config.yaml', 'var/lib/rancher/k3s/server/token', 'etc/slipway/claim'])(
    'refuses a disk with /%s, and leaves it as it is',
    async (file) => {
      await rig.host.write(file, 'secret');
      await rig.host.write('root/.ssh/authorized_keys', 'mine');
      await expect(rig.run(sealImage())).rejects.toMatchObject({ taskCode: 'NOT_AN_IMAGE' });
      expect(await rig.host.read('root/.ssh/authorized_keys')).toBe('mine');
    },
  );
});
