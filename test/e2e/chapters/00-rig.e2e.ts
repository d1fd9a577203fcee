import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { changes, fingerprint } from '../support/fingerprint.js';
import { createHosts, destroyHosts, reboot, ssh } from '../support/rig.js';

describe('the look at what a host is like', () => {
  let before: readonly string[];
  beforeAll(async () => {
    await createHosts({ look: 90 });
    before = await fingerprint('look');
  });
  afterAll(() => destroyHosts('look'));

  it('is the same a moment later, and after a reboot', async () => {
    expect(changes(before, await fingerprint('look'))).toEqual([]);
    await reboot('look');
    await ssh('look', 'systemctl is-system-running --wait >/dev/null; true');
    expect(changes(before, await fingerprint('look'))).toEqual([]);
  });

  it('sees files, units, mounts, interfaces, rules, users and processes', async () => {
    await ssh(
      'look',
      `echo x >/etc/left.conf; echo y >>/etc/hosts; printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/left.service
       mkdir /var/left; mount -t tmpfs left /var/left; ip link add left type bridge; useradd left
       iptables -N LEFT; nft add table inet left; systemctl daemon-reload`,
    );
    const found = changes(before, await fingerprint('look')).join('\n');
    for (const trace of [
      / \/etc\/left.conf$/m,
      /^\+ file .* \/etc\/hosts$/m,
      /^\+ unit left.service/m,
      /^\+ mount \/var\/left$/m,
      /^\+ interface left$/m,
      /^\+ iptables :LEFT/m,
      /^\+ nft table inet left/m,
      /^\+ user left:/m,
    ]) {
      expect(found).toMatch(trace);
    }
  });
});
