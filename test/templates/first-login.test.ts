import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { firstLogin, parseHostFacts } from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`first-login ${sshdMissing ?? ''}`, () => {
  const rig = useHost();

  /** Only here: what cloud-init says, as its own versions print it. */
  const cloudInit = (script: string): Promise<void> =>
    rig.host.write('../bin/cloud-init', `#!/bin/sh\n[ "$*" = "status --wait --long" ] || exit 64\n${script}\n`, 0o755);

  it('says what the machine is', async () => {
    await rig.host.write('etc/os-release', 'PRETTY_NAME="Ubuntu 26.04"\nID=ubuntu\nVERSION_ID="26.04"\n');
    await cloudInit("printf '....\\nstatus: done\\nboot_status_code: enabled-by-generator\\ndetail:\\nDataSourceHetzner\\n'");
    const facts = parseHostFacts(await rig.run(firstLogin()));
    expect(facts).toMatchObject({ os: 'ubuntu', osVersion: '26.04', hostname: hostname(), privateInterface: undefined });
    expect(facts.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(facts.cores).toBeGreaterThan(0);
    expect(facts.memoryMiB).toBeGreaterThan(100);
    expect(facts.diskFreeMiB).toBeGreaterThan(0);
  });

  it('names the interface that carries the private address', async () => {
    const facts = parseHostFacts(await rig.run(firstLogin({ privateAddress: '127.0.0.1' })));
    expect(facts.privateInterface).toBe('lo');
  });

  it('waits for the private address until its deadline, then tells which addresses there are', async () => {
    const waiting = rig.run(firstLogin({ privateAddress: '198.51.100.7', deadlineMs: 8_000 }));
    await expect(waiting).rejects.toMatchObject({
      taskCode: 'PRIVATE_INTERFACE_MISSING',
      message: expect.stringMatching(/no interface has the address 198\.51\.100\.7; there are: .*lo 127\.0\.0\.1/) as string,
    });
    expect(rig.said).toContain('waiting for the interface with 198.51.100.7');
  });

  it('fails with cloud-init’s own words when cloud-init failed', async () => {
    await cloudInit(
      "printf '\\nstatus: error\\nextended_status: error - done\\ndetail: DataSourceHetzner\\nerrors:\\n\\t- could not write host key\\n'; exit 1",
    );
    await expect(rig.run(firstLogin())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      taskCode: 'CLOUD_INIT_FAILED',
      message: expect.stringContaining('could not write host key') as string,
      hint: expect.stringContaining('cloud-init-output.log') as string,
    });
  });

  it('fails on an error of an older cloud-init too', async () => {
    await cloudInit("printf '\\nstatus: error\\nboot_status_code: x\\ndetail:\\n(\"ssh\", KeyError)\\n'; exit 1");
    await expect(rig.run(firstLogin())).rejects.toMatchObject({ message: expect.stringContaining('KeyError') as string });
  });

  it('neither asks nor judges cloud-init on a machine that its owner set up', async () => {
    await cloudInit("touch \"$SLIPWAY_PREFIX/asked\"; printf 'status: error\\ndetail: DataSourceNone\\n'; exit 1");
    await expect(rig.run(firstLogin({ cloudInit: false }))).resolves.toMatchObject({ os: 'ubuntu' });
    expect(await rig.host.read('asked')).toBeUndefined();
    await expect(rig.run(firstLogin())).rejects.toMatchObject({ taskCode: 'CLOUD_INIT_FAILED' });
    expect(await rig.host.read('asked')).toBe('');
  });

  it('only mentions problems that cloud-init recovered from', async () => {
    await cloudInit(
      "printf '\\nstatus: done\\nextended_status: degraded done\\ndetail: DataSourceHetzner\\nerrors: []\\nrecoverable_errors:\\nWARNING:\\n\\t- old key\\n'; exit 2",
    );
    await expect(rig.run(firstLogin())).resolves.toMatchObject({ os: 'ubuntu' });
    expect(rig.said.join('\n')).toMatch(/could recover from: .*old key/);
  });
});
