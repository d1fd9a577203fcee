import { mkdirSync, symlinkSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import type { StepContext } from '../../src/engine/index.js';
import { type Bundle, parsePut, putK3sFiles, type PutOptions, writeManifest } from '../../src/distributions/k3s/bundle/index.js';
import { installK3s } from '../../src/distributions/k3s/host/index.js';
import { pushBundle } from '../../src/distributions/k3s/push-bundle.js';
import type { Session } from '../../src/remote/types.js';
import { remoteWith, signal } from '../remote/support.js';
import { sha256, temporary } from '../support/bundles.js';
import { k3sStandIn } from '../support/host-stand-ins.js';
import { sshdMissing, startHost } from '../support/sshd.js';
import { smallDisk, useHost } from './support.js';

const version = 'v1.36.5+k3s1';
const k3s = k3sStandIn(version);
const owner = userInfo().username;
const incoming = 'var/lib/slipway/incoming';
const images = 'var/lib/rancher/k3s/agent/images';

/** A bundle on this computer whose files hold these texts; `k3s` is the program. */
async function bundleOf(folder: string, files: Readonly<Record<string, string>>): Promise<Bundle> {
  const manifest: Omit<Bundle, 'folder'> = {
    kind: 'SlipwayBundle',
    format: 1,
    version,
    source: 'local',
    createdAt: '2026-11-20T10:00:00.000Z',
    files: Object.entries(files).map(([name, text]) => ({
      name,
      kind: name === 'k3s' ? 'program' : name === 'registries.yaml' ? 'registries' : 'images',
      ...(name === 'k3s' ? { arch: 'amd64' as const } : {}),
      sha256: sha256(text),
      bytes: Buffer.byteLength(text),
    })),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await writeManifest(folder, manifest);
  return { ...manifest, folder };
}

/** What a step is given, and what it said. */
function stepRun(): StepContext & { readonly said: string[] } {
  const said: string[] = [];
  return {
    signal,
    said,
    progress: (text) => said.push(text),
    output: () => {
      throw new Error('no other step');
    },
    outputIfDone: () => undefined,
  };
}
const sent = (run: { readonly said: readonly string[] }): string[] =>
  run.said.filter((text) => text.startsWith('copying ')).map((text) => text.split(' ')[1]!);

describe.skipIf(sshdMissing)(`put-k3s-files ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const put = async (files: Readonly<Record<string, string>>, more: Partial<PutOptions> = {}) => {
    const sums = new Map(Object.entries(files).map(([name, text]) => [name, sha256(text)]));
    return parsePut(await rig.run(putK3sFiles({ files: sums, registries: undefined, owner, ...more })));
  };
  const files = { k3s, 'a.tar.zst': 'images a', 'b.tar': 'images b' };

  beforeEach(async () => {
    for (const path of ['var/lib/slipway', 'var/lib/rancher', 'etc/rancher', 'usr'])
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
  });

  it('says what is missing and how much room there is, and makes a folder for it that only its owner sees into', async () => {
    const answer = await put(files);
    expect(answer).toMatchObject({ folder: join(rig.host.prefix, incoming), missing: Object.keys(files) });
    expect(answer.freeMiB).toBeGreaterThan(0);
    expect(answer.imagesFreeMiB).toBeGreaterThan(0);
    expect((await stat(answer.folder)).mode & 0o777).toBe(0o700);
  });

  it('puts images where k3s finds them and leaves the program for its installation', async () => {
    for (const [name, text] of Object.entries(files)) await rig.host.write(`${incoming}/${name}`, text, 0o600);
    expect(await put(files)).toMatchObject({ missing: [], changed: true });
    expect((await readdir(join(rig.host.prefix, images))).sort()).toEqual(['a.tar.zst', 'b.tar']);
    expect((await stat(join(rig.host.prefix, images, 'b.tar'))).mode & 0o777).toBe(0o644);
    expect(await rig.host.read(`${incoming}/k3s`)).toBe(k3s);
  });

  it('takes nothing that is not what was sent', async () => {
    await rig.host.write(`${incoming}/b.tar`, 'half of im');
    expect((await put(files)).missing).toEqual(Object.keys(files));
    expect(await rig.host.read(`${images}/b.tar`)).toBeUndefined();
  });

  it('clears away what a copy left that was cut off', async () => {
    await rig.host.write(`${incoming}/b.tar.slipway-part`, 'half');
    await put(files);
    expect(await readdir(join(rig.host.prefix, incoming))).toEqual([]);
  });

  it('writes registries.yaml for nobody else to read, and leaves one alone that is not ours to change', async () => {
    const path = 'etc/rancher/k3s/registries.yaml';
    await put({ 'b.tar': 'images b' }, { registries: new Secret('configs: {}\n') });
    expect(await rig.host.read(path)).toBe('configs: {}\n');
    expect((await stat(join(rig.host.prefix, path))).mode & 0o777).toBe(0o600);
    await put({ 'b.tar': 'images b' });
    expect(await rig.host.read(path)).toBe('configs: {}\n');
  });

  it.each(['../distributions/k3s/host', 'a b.tar', '.hidden', 'a/b.tar'])('refuses the name %s', async (name) => {
    await expect(put({ [name]: 'x' })).rejects.toMatchObject({ taskCode: 'BAD_PARAMETER' });
  });

  describe('with a bundle pushed to it', () => {
    const connect = (): Promise<Session> => rig.remote.connect(rig.host.target, 20_000, { signal });
    let folder: ReturnType<typeof temporary>;
    beforeEach(() => {
      folder = temporary();
      return () => folder.remove();
    });

    it('has everything in place, and a second run sends nothing', async () => {
      const bundle = await bundleOf(folder.path, { ...files, 'registries.yaml': 'mirrors: {}\n' });
      const first = stepRun();
      const pushed = await pushBundle(bundle, await connect(), { arch: 'amd64' }, first);
      expect(sent(first)).toEqual(Object.keys(files));
      await rig.run(installK3s({ version, ...pushed, deadlineMs: 60_000 }));
      expect(await rig.host.read('usr/local/bin/k3s')).toBe(k3s);
      expect(existsSync(join(rig.host.prefix, incoming))).toBe(false);

      const second = stepRun();
      const again = await pushBundle(bundle, await connect(), { arch: 'amd64' }, second);
      expect(sent(second)).toEqual([]);
      expect(await rig.run(installK3s({ version, ...again, deadlineMs: 60_000 }))).toMatchObject({ changed: 'false' });
    });

    it('is finished after a run that was killed between installing k3s and saying so', async () => {
      const bundle = await bundleOf(folder.path, files);
      const pushed = await pushBundle(bundle, await connect(), { arch: 'amd64' }, stepRun());
      await rig.run(installK3s({ version, ...pushed, deadlineMs: 60_000 }));
      await rm(join(rig.host.prefix, 'usr/local/lib/slipway/k3s.sha256'));
      const run = stepRun();
      const again = await pushBundle(bundle, await connect(), { arch: 'amd64' }, run);
      expect(sent(run)).toEqual([]);
      expect(await rig.run(installK3s({ version, ...again, deadlineMs: 60_000 }))).toMatchObject({ k3s_version: version });
    });

    it('is sent only what changed in the bundle', async () => {
      await pushBundle(await bundleOf(folder.path, files), await connect(), { arch: 'amd64' }, stepRun());
      const run = stepRun();
      const bundle = await bundleOf(folder.path, { ...files, 'b.tar': 'newer images b' });
      await pushBundle(bundle, await connect(), { arch: 'amd64' }, run);
      expect(sent(run)).toEqual(['b.tar']);
      expect(await rig.host.read(`${images}/b.tar`)).toBe('newer images b');
    });

    it('has all files although what is done meanwhile fails, and nothing is sent again', async () => {
      const bundle = await bundleOf(folder.path, files);
      const meanwhile = () => Promise.reject(new Error('a setting was not taken'));
      const push = (run: ReturnType<typeof stepRun>, work?: () => Promise<unknown>) =>
        connect().then((session) => pushBundle(bundle, session, { arch: 'amd64' }, run, work));
      await expect(push(stepRun(), meanwhile)).rejects.toThrow('a setting was not taken');
      const again = stepRun();
      await push(again);
      expect(sent(again)).toEqual([]);
    });

    it('is refused a bundle for other machines, with the way to one that fits', async () => {
      const bundle = await bundleOf(folder.path, files);
      await expect(pushBundle(bundle, await connect(), { arch: 'arm64' }, stepRun())).rejects.toMatchObject({
        code: 'BAD_BUNDLE',
        message: expect.stringContaining('is an arm64 machine and the bundle has amd64 programs') as string,
        hint: expect.stringContaining('--arch amd64 --arch arm64') as string,
      });
      expect(existsSync(join(rig.host.prefix, incoming))).toBe(false);
    });

    it('never takes a file that changed since the bundle was checked', async () => {
      const bundle = await bundleOf(folder.path, files);
      writeFileSync(join(folder.path, 'b.tar'), 'imagez b');
      await expect(pushBundle(bundle, await connect(), { arch: 'amd64' }, stepRun())).rejects.toMatchObject({
        code: 'UPLOAD_FAILED',
        message: expect.stringContaining('b.tar did not arrive') as string,
        hint: expect.stringContaining('slipway bundle verify') as string,
      });
      expect(await rig.host.read(`${images}/b.tar`)).toBeUndefined();
    });
  });
});

const disk = smallDisk(64);

describe.skipIf(!disk)(`a host whose disk is small ${disk ? '' : 'skipped: mounting a small disk needs root'}`, () => {
  const filler = (): string => join(disk!.path, 'filler');
  const MiB = 2 ** 20;
  afterAll(() => disk!.remove());

  it('says that the disk is full when it is only found so while a file is put in its place', async () => {
    const host = await startHost();
    const remote = remoteWith();
    try {
      const session = await remote.connect(host.target, 20_000, { signal });
      const text = 'l'.repeat(20 * MiB);
      await host.write(`${incoming}/large.tar`, text);
      mkdirSync(join(host.prefix, images, '..'), { recursive: true });
      mkdirSync(join(disk!.path, 'images'));
      symlinkSync(join(disk!.path, 'images'), join(host.prefix, images));
      writeFileSync(filler(), Buffer.alloc(60 * MiB));
      const sums = new Map([['large.tar', sha256(text)]]);
      await expect(
        session.run(putK3sFiles({ files: sums, registries: undefined, owner }), { signal, progress: () => {} }),
      ).rejects.toMatchObject({ taskCode: 'DISK_FULL', hint: expect.stringContaining('Make room') as string });
      expect(readdirSync(join(disk!.path, 'images'))).toEqual([]);
    } finally {
      rmSync(filler(), { force: true });
      await remote.close();
      await host.stop();
    }
  });

  it('is told at once when there is no room, and in the middle when somebody else takes it; running again finishes', async () => {
    const folder = temporary();
    const host = await startHost({ prefix: join(disk!.path, 'host') });
    const remote = remoteWith();
    try {
      const session = await remote.connect(host.target, 20_000, { signal });
      await chmod(disk!.path, 0o755);
      const bundle = await bundleOf(folder.path, {
        k3s,
        'small.tar': 's'.repeat(MiB),
        'large.tar': 'l'.repeat(20 * MiB),
      });

      writeFileSync(filler(), Buffer.alloc(40 * MiB));
      const refused = stepRun();
      await expect(pushBundle(bundle, session, { arch: 'amd64' }, refused)).rejects.toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringMatching(/has \d+ MiB free below \S+ where 38 MiB are needed/) as string,
        hint: expect.stringContaining('what has arrived is not sent again') as string,
      });
      expect(sent(refused)).toEqual([]);
      rmSync(filler());

      // Somebody fills the disk once the first archive has arrived.
      const cut = stepRun();
      const greedy: Session = {
        target: session.target,
        hostKey: session.hostKey,
        run: (task, options) => session.run(task, options),
        command: (...args) => session.command(...args),
        download: (...args) => session.download(...args),
        upload: async (local, ...rest) => {
          if (local.endsWith('large.tar')) writeFileSync(filler(), Buffer.alloc(50 * MiB));
          await session.upload(local, ...rest);
        },
      };
      await expect(pushBundle(bundle, greedy, { arch: 'amd64' }, cut)).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(sent(cut)).toEqual(['k3s', 'small.tar', 'large.tar']);
      expect(readdirSync(join(host.prefix, incoming)).some((name) => name.endsWith('part'))).toBe(false);
      rmSync(filler());

      const finished = stepRun();
      await pushBundle(bundle, session, { arch: 'amd64' }, finished);
      expect(sent(finished)).toEqual(['large.tar']);
      expect(readFileSync(join(host.prefix, images, 'large.tar')).length).toBe(20 * MiB);
    } finally {
      await remote.close();
      await host.stop();
      folder.remove();
    }
  });
});
