import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Remote, Session } from '../../src/remote/types.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';
import { remoteWith, signal } from './support.js';

describe.skipIf(sshdMissing)(`copying files to a real sshd ${sshdMissing ?? ''}`, () => {
  let host: TestHost;
  let remote: Remote;
  let session: Session;
  let local: string;
  let place: string;
  const content = Buffer.alloc(3_000_000, 'k3s binary ');
  beforeAll(async () => {
    host = await startHost();
    local = join(await mkdtemp(join(tmpdir(), 'slipway-upload-')), 'file');
  });
  beforeEach(async () => {
    await writeFile(local, content);
    place = join(host.prefix, 'pushed/k3s');
    await rm(join(host.prefix, 'pushed'), { recursive: true, force: true });
    await host.write('pushed/.keep', '');
    remote = remoteWith();
    session = await remote.connect(host.target, 20_000, { signal });
  });
  afterEach(() => remote.close());
  afterAll(async () => {
    await host.stop();
    await rm(join(local, '..'), { recursive: true, force: true });
  });

  const upload = async (): Promise<string[]> => {
    const said: string[] = [];
    await session.upload(local, place, 0o755, { signal, progress: (text) => said.push(text) });
    return said;
  };
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  it('brings it whole, with its mode, and leaves nothing else', async () => {
    expect(await upload()).toContain(`1 of 3 MiB of ${place} copied`);
    expect(hash(await readFile(place))).toBe(hash(content));
    expect((await stat(place)).mode & 0o777).toBe(0o755);
    expect(await readdir(join(place, '..'))).toEqual(['.keep', 'k3s']);
  });

  it('sends nothing when the same file is there', async () => {
    await upload();
    expect(await upload()).toEqual([`${place} is there already`]);
  });

  it('sends again what only has the same size', async () => {
    await upload();
    const other = Buffer.from(content).fill('x', 0, 10);
    await writeFile(place, other);
    expect(await upload()).not.toContain(`${place} is there already`);
    expect(hash(await readFile(place))).toBe(hash(content));
  });

  it('starts over where an earlier one broke off', async () => {
    await upload();
    await truncate(place, 1000);
    await writeFile(`${place}.slipway-part`, content.subarray(0, 5000));
    await upload();
    expect(hash(await readFile(place))).toBe(hash(content));
  });

  it('goes on by itself after the connection was cut in the middle', async () => {
    const said: string[] = [];
    await session.upload(local, place, 0o755, {
      signal,
      progress: (text) => {
        if (said.length === 0) host.cut();
        said.push(text);
      },
    });
    expect(said).toContain('the connection was lost; copying again');
    expect(hash(await readFile(place))).toBe(hash(content));
  });

  it('says what failed when the folder is missing', async () => {
    place = join(host.prefix, 'nowhere/k3s');
    await expect(upload()).rejects.toMatchObject({
      code: 'UPLOAD_FAILED',
      message: expect.stringContaining(place) as string,
    });
  });
});
