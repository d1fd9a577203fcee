import { spawnSync } from 'node:child_process';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { installK3s, type InstallOptions } from '../../src/distributions/k3s/host/index.js';
import { remoteWith, signal } from '../remote/support.js';
import { k3sStandIn } from '../support/host-stand-ins.js';
import { serveRelease, sha256, type ReleaseServer } from '../support/release-server.js';
import { sshdMissing, startHost } from '../support/sshd.js';
import { smallDisk, useHost } from './support.js';

const version = 'v1.36.5+k3s1';
const binary = k3sStandIn(version);
const place = 'usr/local/bin/k3s';

describe.skipIf(sshdMissing)(`install-k3s ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  let release: ReleaseServer;
  beforeEach(async () => {
    release = await serveRelease(binary);
    await rm(join(rig.host.prefix, 'usr'), { recursive: true, force: true });
  });
  afterEach(() => release.close());

  const install = (options: Partial<InstallOptions> = {}) =>
    rig.run(installK3s({ version, baseUrl: release.url, deadlineMs: 60_000, ...options }));
  const folder = async (): Promise<string[]> => readdir(join(rig.host.prefix, 'usr/local/bin'));

  it('downloads, checks against the release’s sums and installs', async () => {
    expect(await install()).toEqual({ k3s_version: version, sha256: sha256(binary), changed: 'true' });
    expect(await rig.host.read(place)).toBe(binary);
    expect((await stat(join(rig.host.prefix, place))).mode & 0o777).toBe(0o755);
    expect((await stat(join(rig.host.prefix, 'usr/local/bin'))).mode & 0o777).toBe(0o755);
    expect(await folder()).toEqual(['k3s']);
  });

  it('needs no network a second time', async () => {
    await install();
    const before = release.requests.length;
    expect(await install()).toMatchObject({ changed: 'false' });
    expect(release.requests.length).toBe(before);
  });

  it('brings along the images of k3s where it is asked to, checked, and only once', async () => {
    const images = 'var/lib/rancher/k3s/agent/images';
    const names = async (): Promise<string[]> => readdir(join(rig.host.prefix, images));
    await install();
    expect(await install({ images: true })).toMatchObject({ changed: 'true' });
    const [archive] = await names();
    expect(archive).toMatch(/^k3s-airgap-images-(amd64|arm64)\.tar\.zst$/);
    expect(await rig.host.read(`${images}/${archive}`)).toBe('packed');
    const before = release.requests.length;
    expect(await install({ images: true })).toMatchObject({ changed: 'false' });
    expect(release.requests.length).toBe(before);

    await rm(join(rig.host.prefix, images), { recursive: true });
    release.files.set(archive!, Buffer.from('evil'));
    await expect(install({ images: true })).rejects.toMatchObject({ taskCode: 'CHECKSUM_MISMATCH' });
    expect(await names()).toEqual([]);
  });

  it('takes the place of another version', async () => {
    await install();
    const newer = k3sStandIn('v1.36.6+k3s1');
    await release.close();
    release = await serveRelease(newer);
    expect(await install({ version: 'v1.36.6+k3s1' })).toMatchObject({ k3s_version: 'v1.36.6+k3s1', changed: 'true' });
    expect(await rig.host.read(place)).toBe(newer);
  });

  it('mends a binary that was changed on the disk', async () => {
    await install();
    await rig.host.write(place, `${binary}# changed\n`, 0o755);
    expect(await install()).toMatchObject({ changed: 'true' });
    expect(await rig.host.read(place)).toBe(binary);
  });

  it('never installs what does not match its sum, and keeps what was there', async () => {
    await install();
    release.files.set(release.files.has('k3s') ? 'k3s' : 'k3s-arm64', Buffer.from('#!/bin/sh\necho evil\n'));
    await expect(install({ version: 'v1.36.6+k3s1' })).rejects.toMatchObject({ taskCode: 'CHECKSUM_MISMATCH' });
    expect(await rig.host.read(place)).toBe(binary);
    expect(await folder()).toEqual(['k3s']);
  });

  it('never installs another version than it was asked for', async () => {
    await expect(install({ version: 'v1.35.9+k3s1' })).rejects.toMatchObject({
      taskCode: 'VERSION_MISMATCH',
      message: expect.stringContaining(`says it is ${version}, not v1.35.9+k3s1`) as string,
    });
    expect(await folder()).toEqual([]);
  });

  it('trusts a given sum more than the release’s own', async () => {
    await expect(install({ sha256: sha256('other') })).rejects.toMatchObject({ taskCode: 'CHECKSUM_MISMATCH' });
    expect(release.requests.some((path) => path.includes('sha256sum'))).toBe(false);
  });

  it('installs a pushed file without asking the network, and removes it then', async () => {
    const local = join(rig.host.prefix, 'k3s-local');
    await writeFile(local, binary);
    const pushed = join(rig.host.prefix, 'k3s-pushed');
    const session = await rig.remote.connect(rig.host.target, 20_000, { signal });
    await session.upload(local, pushed, 0o600, { signal });
    expect(await install({ file: pushed, sha256: sha256(binary) })).toMatchObject({ changed: 'true' });
    expect(release.requests).toEqual([]);
    expect(await rig.host.read('k3s-pushed')).toBeUndefined();
  });

  it('has k3s unpack itself once, before it is started; where it cannot, its start will say why', async () => {
    const calls = join(rig.host.prefix, 'calls');
    const unpacking = binary.replace('exit 64', `{ echo "\${0##*/} $*" >>"${calls}"; exit 1; }`);
    await release.close();
    release = await serveRelease(unpacking);
    for (const changed of ['true', 'false']) {
      expect(await install()).toMatchObject({ changed });
      expect(await rig.host.read('calls')).toBe('k3s crictl --version\n');
    }
  });

  it('refuses a pushed file without a sum', async () => {
    await expect(install({ file: '/nowhere' })).rejects.toMatchObject({ taskCode: 'BAD_PARAMETER' });
  });

  it.each([
    ['a release that does not exist', async () => void release.files.clear(), /does that release exist/],
    ['a server that is not there', async () => release.close(), /has this machine a way to the internet/],
  ])('says what is wrong with %s', async (_what, spoil, words) => {
    await spoil();
    const failing = rig.run(installK3s({ version, baseUrl: release.url, deadlineMs: 60_000 }));
    await expect(failing).rejects.toMatchObject({
      taskCode: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(words) as string,
    });
  });

  it('says that a name cannot be resolved', async () => {
    await expect(install({ baseUrl: 'http://no-such-host.invalid/v1' })).rejects.toMatchObject({
      taskCode: 'DOWNLOAD_FAILED',
      message: expect.stringContaining('could not be resolved') as string,
    });
  });

  it('clears away what a killed run left', async () => {
    await rig.host.write('usr/local/bin/.k3s.slipway.abc123', 'half');
    await install();
    expect(await folder()).toEqual(['k3s']);
  });
});

const disk = smallDisk(2);

describe.skipIf(!disk)(`a full disk ${disk ? '' : 'skipped: mounting a small disk needs root'}`, () => {
  afterAll(() => disk!.remove());

  it('is told as what it is, and leaves nothing half-made', async () => {
    const host = await startHost({ prefix: join(disk!.path, 'host') });
    const release = await serveRelease(binary + '#'.repeat(4_000_000));
    const remote = remoteWith();
    try {
      const session = await remote.connect(host.target, 20_000, { signal });
      const task = installK3s({ version, baseUrl: release.url, deadlineMs: 60_000 });
      await expect(session.run(task, { signal })).rejects.toMatchObject({
        taskCode: 'DISK_FULL',
        hint: expect.stringContaining('Make room') as string,
      });
      expect(await readdir(join(host.prefix, 'usr/local/bin'))).toEqual([]);
    } finally {
      await remote.close();
      await release.close();
      await host.stop();
    }
  });

  it('is told even when the task itself finds no room', async () => {
    const host = await startHost({ prefix: join(disk!.path, 'host-2') });
    const remote = remoteWith();
    try {
      const session = await remote.connect(host.target, 20_000, { signal });
      spawnSync('sh', ['-c', `cat /dev/zero >"${disk!.path}/filler"`]);
      await expect(session.run(installK3s({ version }), { signal })).rejects.toMatchObject({
        code: 'TASK_FAILED',
        taskCode: 'DISK_FULL',
      });
    } finally {
      rmSync(join(disk!.path, 'filler'));
      await remote.close();
      await host.stop();
    }
  });
});
