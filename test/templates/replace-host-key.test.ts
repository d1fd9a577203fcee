import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { replaceHostKey } from '../../src/distributions/k3s/host/index.js';
import { generateHostKey, keyBlob, type SshKeyPair } from '../../src/remote/index.js';
import { remoteWith, signal } from '../remote/support.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`replace-host-key ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const key = 'etc/ssh/ssh_host_ed25519_key';
  let next: SshKeyPair;
  beforeAll(() => {
    next = generateHostKey('demo-cp-1');
  });

  /** Whether a new connection is taken when exactly this key is pinned. */
  async function shows(pin: SshKeyPair): Promise<boolean> {
    const remote = remoteWith();
    const target = { ...rig.host.target, pins: async () => [pin.publicKey] };
    try {
      await remote.connect(target, 5_000, { signal });
      return true;
    } catch {
      return false;
    } finally {
      await remote.close();
    }
  }

  it('refuses a pair that does not belong together, and keeps the old key', async () => {
    const odd = { publicKey: generateHostKey('x').publicKey, privateKey: generateHostKey('y').privateKey };
    await expect(rig.run(replaceHostKey({ key: odd }))).rejects.toMatchObject({ taskCode: 'BAD_HOST_KEY' });
    expect(await rig.host.read(key)).toBe(rig.host.hostKey.privateKey.reveal());
  });

  it('keeps the old key when sshd would not take its configuration', async () => {
    await rig.host.write('etc/ssh/sshd_config.d/99-broken.conf', 'NoSuchKeyword yes\n');
    await expect(rig.run(replaceHostKey({ key: next }))).rejects.toMatchObject({
      taskCode: 'SSHD_CONFIG_INVALID',
      message: expect.stringContaining('NoSuchKeyword') as string,
    });
    expect(await rig.host.read(key)).toBe(rig.host.hostKey.privateKey.reveal());
    expect(await rig.host.read('etc/ssh/sshd_config.d/00-slipway-host-key.conf')).toBeUndefined();
    await rig.host.write('etc/ssh/sshd_config.d/99-broken.conf', '');
    expect(await shows(rig.host.hostKey)).toBe(true);
  });

  it('makes sshd show the new key and nothing else, and keeps the session that asked', async () => {
    expect(await rig.run(replaceHostKey({ key: next }))).toEqual({ changed: 'true' });
    await expect.poll(() => shows(next)).toBe(true);
    expect(await shows(rig.host.hostKey)).toBe(false);
    // The session from before the swap still answers.
    expect(await rig.run(replaceHostKey({ key: next }))).toEqual({ changed: 'false' });
  });

  it('stores the private half closed and the public half beside it', async () => {
    expect((await stat(join(rig.host.prefix, key))).mode & 0o777).toBe(0o600);
    expect(keyBlob((await rig.host.read(`${key}.pub`))!)).toEqual(keyBlob(next.publicKey));
    const left = execFileSync('ls', [join(rig.host.prefix, 'etc/ssh')], { encoding: 'utf8' });
    expect(left).not.toContain('slipway.');
  });

  it('offers ed25519 only, whatever other keys the image had', () => {
    const scan = execFileSync('ssh-keyscan', ['-p', String(rig.host.sshdPort), '127.0.0.1'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const types = scan.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(' ')[1]);
    expect(types).toEqual(['ssh-ed25519']);
  });

  it('reloads sshd each time: an earlier run may have been killed just before', async () => {
    const before = (await rig.host.systemctlCalls()).length;
    await rig.run(replaceHostKey({ key: next }));
    expect((await rig.host.systemctlCalls()).slice(before)).toEqual(['reload ssh.service']);
  });

  it('adds the Include line where an older sshd_config has none', async () => {
    const config = (await rig.host.read('etc/ssh/sshd_config'))!;
    await rig.host.write('etc/ssh/sshd_config', config.replace(/^Include.*\n/m, ''));
    const newest = generateHostKey('demo-cp-1');
    await rig.run(replaceHostKey({ key: newest }));
    expect(await rig.host.read('etc/ssh/sshd_config')).toMatch(/^Include .*sshd_config\.d\/\*\.conf\n/);
    await expect.poll(() => shows(newest)).toBe(true);
  });
});
