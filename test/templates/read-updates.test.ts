import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { parseUpdates, readUpdates } from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`whether updates wait for a reboot of a host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const waiting = async (): Promise<string | undefined> => parseUpdates(await rig.run(readUpdates())).waiting;
  const needsRestarting = (code: number): Promise<void> =>
    rig.host.write('../bin/needs-restarting', `#!/bin/sh\nexit ${code}\n`, 0o755);

  beforeEach(async () => {
    for (const path of ['var/run', 'run/reboot-required', '../bin/needs-restarting'])
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
  });

  it('is told by the file that Debian and Ubuntu leave, with some of the packages', async () => {
    expect(await waiting()).toBeUndefined();
    await rig.host.write('var/run/reboot-required', '*** System restart required ***\n');
    expect(await waiting()).toBe('updates of the system');
    await rig.host.write('var/run/reboot-required.pkgs', 'linux-image-6.8.0-90-generic\nlibc6\nlibc6\n$(reboot)\n');
    expect(await waiting()).toBe('_reboot_ libc6 linux-image-6.8.0-90-generic');
  });

  it('is told by `needs-restarting` where there is that instead', async () => {
    await needsRestarting(0);
    expect(await waiting()).toBeUndefined();
    await needsRestarting(1);
    expect(await waiting()).toBe('updates of the system');
  });
});
