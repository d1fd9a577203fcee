import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BundleNeeds } from '../../../../src/distributions/bundles.js';
import type { UsageError } from '../../../../src/errors/index.js';
import {
  type BundleManifest,
  manifestName,
  readBundle,
  verifyBundle,
  writeManifest,
} from '../../../../src/distributions/k3s/bundle/index.js';
import { program, releaseFolder, sha256, temporary } from '../../../support/bundles.js';

const version = 'v1.36.5+k3s1';
const { signal } = new AbortController();
let folder: ReturnType<typeof temporary>;

const manifest = (): BundleManifest =>
  JSON.parse(readFileSync(join(folder.path, manifestName), 'utf8')) as BundleManifest;
const listed = (name: string, kind: BundleManifest['files'][number]['kind'], arch?: 'amd64' | 'arm64') => {
  const content = readFileSync(join(folder.path, name));
  return { name, kind, ...(arch ? { arch } : {}), sha256: sha256(content), bytes: content.length };
};
/** Changes a file and what the manifest says of it, as somebody would who makes bundles by hand. */
const swap = async (name: string, content: Buffer): Promise<void> => {
  writeFileSync(join(folder.path, name), content);
  const before = manifest();
  const files = before.files.map((file) =>
    file.name === name ? { ...file, sha256: sha256(content), bytes: content.length } : file,
  );
  await writeManifest(folder.path, { ...before, files });
};
const problems = async (needs: BundleNeeds = {}): Promise<string> => {
  const error = await verifyBundle(folder.path, needs, signal).then(
    () => undefined,
    (thrown: UsageError) => thrown,
  );
  if (error === undefined) return '';
  expect(error).toMatchObject({ code: 'BAD_BUNDLE', exitCode: 2 });
  expect(error.hint).toContain('slipway bundle create');
  return [error.message, ...error.details].join('\n');
};

beforeEach(async () => {
  folder = temporary();
  releaseFolder(folder.path);
  writeFileSync(join(folder.path, 'extra.tar'), 'extra');
  await writeManifest(folder.path, {
    kind: 'SlipwayBundle',
    format: 1,
    version,
    source: 'release',
    createdAt: '2026-11-20T10:00:00.000Z',
    files: [
      listed('sha256sum-amd64.txt', 'sums', 'amd64'),
      listed('k3s', 'program', 'amd64'),
      listed('k3s-airgap-images-amd64.tar.zst', 'images', 'amd64'),
      listed('extra.tar', 'images'),
    ],
  });
});
afterEach(() => folder.remove());

describe('a bundle', () => {
  it('in order is returned with its folder', async () => {
    const found = await verifyBundle(folder.path, { version, architectures: ['amd64'] }, signal);
    expect(found).toEqual({ ...manifest(), folder: folder.path });
  });

  it.each<[string, () => unknown, string | RegExp]>([
    ['a file that is gone', () => rmSync(join(folder.path, 'extra.tar')), 'extra.tar: is missing'],
    ['a file that was cut off', () => writeFileSync(join(folder.path, 'k3s'), 'x'), /k3s: has 1 bytes where \d+ are/],
    [
      'a file with another content of the same length',
      () => writeFileSync(join(folder.path, 'extra.tar'), 'extrA'),
      `extra.tar: has SHA-256 ${sha256('extrA')} where ${sha256('extra')} is expected`,
    ],
    [
      'an archive nobody listed',
      () => writeFileSync(join(folder.path, 'more.tar.zst'), ''),
      'more.tar.zst: is not listed',
    ],
    ['no manifest', () => rmSync(join(folder.path, manifestName)), 'bundle.json: is missing'],
    ['half a manifest', () => writeFileSync(join(folder.path, manifestName), '{"kind":'), 'bundle.json: is no JSON'],
    [
      'a manifest of a newer program',
      () => writeFileSync(join(folder.path, manifestName), JSON.stringify({ ...manifest(), format: 2 })),
      'is of a newer Slipway',
    ],
    [
      'a name that leads out of the folder',
      () =>
        writeFileSync(join(folder.path, manifestName), JSON.stringify(manifest()).replace('extra.tar', '../extra.tar')),
      'is not in order at files.3.name',
    ],
    [
      'a program of another architecture',
      () => swap('k3s', program('arm64')),
      'k3s: is a program for arm64, not for amd64',
    ],
    [
      'a program of no known architecture',
      () => swap('k3s', program('s390x')),
      'k3s: is a program for another architecture',
    ],
    [
      'a script as program',
      () => swap('k3s', Buffer.from('#!/bin/sh\necho I am a k3s\n')),
      'k3s: is no program for Linux',
    ],
    [
      'a program that is not the release’s',
      () => swap('k3s', program('amd64', 'another version')),
      `k3s: is not the one of ${version}: sha256sum-amd64.txt has another SHA-256`,
    ],
    [
      'a sum file that does not know the program',
      () => swap('sha256sum-amd64.txt', Buffer.from('')),
      'sha256sum-amd64.txt: has no line for k3s',
    ],
  ])('with %s is refused', async (_what, spoil, words) => {
    await spoil();
    expect(await problems()).toMatch(words);
  });

  it('tells all that is wrong at once', async () => {
    rmSync(join(folder.path, 'extra.tar'));
    appendFileSync(join(folder.path, 'k3s'), 'more');
    expect(await problems({ version: 'v1.36.6+k3s1', architectures: ['amd64', 'arm64'] })).toMatch(
      /in 4 ways.*\nit holds k3s v1\.36\.5\+k3s1, and v1\.36\.6\+k3s1 is asked for\nit holds no k3s program for arm64 machines\nk3s: has \d+ bytes.*\nextra\.tar: is missing/,
    );
  });

  it('that was moved is as good as before', async () => {
    const moved = `${folder.path}-moved`;
    renameSync(folder.path, moved);
    expect((await verifyBundle(moved, {}, signal)).version).toBe(version);
    renameSync(moved, folder.path);
  });

  it('is not a folder that does not exist', async () => {
    await expect(readBundle(join(folder.path, 'nowhere'))).rejects.toMatchObject({ code: 'BAD_BUNDLE' });
  });

  it('stops being read when the command is interrupted', async () => {
    const reason = new Error('interrupted');
    await expect(verifyBundle(folder.path, {}, AbortSignal.abort(reason))).rejects.toThrow();
  });
});
