import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { programAt } from '../../scripts/client-programs.js';
import { client } from '../support/clients.js';
import { type S3Server, versitygw } from '../support/s3-servers.js';

const run = promisify(execFile);
const script = readFileSync('templates/pod/copy-volume.sh', 'utf8');
const available = client('restic') !== undefined && client('versitygw') !== undefined;
const isRoot = process.getuid?.() === 0;

describe.skipIf(!available)('what a pod does beside a volume, with restic and S3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-volume-'));
  const data = join(folder, 'data');
  const bucketFolder = mkdtempSync(join(tmpdir(), 'slipway-s3-'));
  let server: S3Server;
  let repository: string;

  const pod = async (act: 'copy' | 'restore' | 'try', backup: string, over: Record<string, string> = {}) => {
    const work = mkdtempSync(join(folder, 'work-'));
    const env = {
      PATH: `${dirname(programAt('restic')!)}${delimiter}${process.env['PATH']}`,
      ACT: act,
      DATA: data,
      BACKUP: backup,
      KEEP: '',
      WORK: work,
      PATIENCE: '30',
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: 'planted-repository-password',
      ...server.env,
      ...over,
    };
    const { code, stdout, stderr } = await run('/bin/sh', ['-c', script], { env }).then(
      (done) => ({ code: 0, ...done }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    expect(stdout + stderr).not.toContain('planted');
    return { code, out: stdout };
  };
  const fill = (): void => {
    mkdirSync(join(data, 'tables'), { recursive: true });
    writeFileSync(join(data, 'tables', 'orders'), 'order 1\norder 2\n', { mode: 0o600 });
    writeFileSync(join(data, 'empty'), '');
    symlinkSync('tables/orders', join(data, 'current'));
    chmodSync(join(data, 'tables'), 0o750);
    if (isRoot) {
      lchownSync(join(data, 'tables', 'orders'), 999, 998);
      lchownSync(data, 70, 70);
    }
    chmodSync(data, 0o700);
  };
  /** Everything of the volume: kind, rights, owner and content of each file, its own folder too. */
  const state = (): readonly string[] =>
    ['.', ...readdirSync(data, { recursive: true, encoding: 'utf8' })].sort().map((name) => {
      const path = join(data, name);
      const { mode, uid, gid, mtimeMs } = lstatSync(path);
      const isLink = lstatSync(path).isSymbolicLink();
      const content = isLink ? readlinkSync(path) : lstatSync(path).isFile() ? readFileSync(path, 'utf8') : '';
      return `${name} ${mode.toString(8)} ${uid}:${gid} ${isLink ? '' : mtimeMs} ${content}`;
    });
  const mount = (): void => {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data);
  };

  /** Every file of the bucket, with its size and when it was written. */
  const inBucket = (): readonly string[] =>
    readdirSync(bucketFolder, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const { size, mtimeMs } = lstatSync(join(bucketFolder, name));
        return `${name} ${size} ${lstatSync(join(bucketFolder, name)).isFile() ? mtimeMs : ''}`;
      })
      .filter((line) => line.includes('/demo/'));

  beforeAll(async () => {
    server = (await versitygw(bucketFolder))!;
    repository = `s3:${server.endpoint}/${await server.bucket()}/prod/demo/shop/db`;
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says that there is no repository before the first copy, and restores nothing', async () => {
    mount();
    expect(await pod('restore', 'first')).toMatchObject({ code: 1, out: 'error=no-repository\n' });
  });

  it('brings back on an empty volume what was copied: contents, rights, owners and links', async () => {
    fill();
    const before = state();
    const copied = await pod('copy', 'first');
    expect(copied).toMatchObject({ code: 0, out: expect.stringContaining('partial=false') as string });
    const summary = /^summary=(.*)$/m.exec(copied.out)![1]!;
    expect(JSON.parse(summary)).toMatchObject({ total_files_processed: 2 });
    mount();
    expect(await pod('restore', 'first')).toMatchObject({ code: 0, out: 'restored=first\n' });
    expect(state()).toEqual(before);
  });

  it('tries a copy in an empty folder: all of it comes back and is counted, and nothing is written to the bucket', async () => {
    const before = state();
    mount();
    const stored = inBucket();
    const tried = await pod('try', 'first');
    expect(tried).toMatchObject({ code: 0, out: 'found={"files":2,"bytes":16}\nrestored=first\n' });
    expect(state()).toEqual(before);
    expect(inBucket()).toEqual(stored);
    mount();
    expect(await pod('try', 'never')).toMatchObject({ code: 1, out: expect.stringContaining('not-restored') as string });
    expect(await pod('try', 'first', { RESTIC_REPOSITORY: `${repository}-none` })).toMatchObject({
      code: 1,
      out: 'error=no-repository\n',
    });
    expect(inBucket()).toEqual(stored);
    expect((await pod('restore', 'first')).code).toBe(0);
  });

  it('restores the copy of the backup that is asked for, not the newest', async () => {
    const before = state();
    writeFileSync(join(data, 'tables', 'orders'), 'overwritten');
    writeFileSync(join(data, 'new'), 'since');
    expect((await pod('copy', 'second')).code).toBe(0);
    mount();
    expect((await pod('restore', 'first')).code).toBe(0);
    expect(state()).toEqual(before);
    expect(existsSync(join(data, 'new'))).toBe(false);
  });

  it('goes on with a restore that was ended in the middle', async () => {
    const before = state();
    rmSync(join(data, 'empty'));
    writeFileSync(join(data, 'tables', 'orders'), 'ord');
    expect((await pod('restore', 'first')).code).toBe(0);
    expect(state()).toEqual(before);
  });

  it('removes the copies of backups that are kept no more, and no other', async () => {
    expect((await pod('copy', 'third', { KEEP: 'second' })).code).toBe(0);
    mount();
    expect(await pod('restore', 'first')).toMatchObject({ code: 1, out: expect.stringContaining('not-restored') as string });
    expect((await pod('restore', 'second')).code).toBe(0);
    expect((await pod('restore', 'third')).code).toBe(0);
  });

  it('leaves nothing in the bucket that can be read without the password', async () => {
    expect(await pod('restore', 'third', { RESTIC_PASSWORD: 'another' })).toMatchObject({
      code: 1,
      out: 'error=wrong-password\n',
    });
    expect(await pod('copy', 'fourth', { RESTIC_PASSWORD: 'another' })).toMatchObject({ code: 1 });
  });

  it('says what a server that is gone, or a wrong key, answered', async () => {
    const wrong = await pod('copy', 'fifth', { AWS_SECRET_ACCESS_KEY: 'wrong', PATIENCE: '3' });
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('error=unreachable') as string });
    expect(wrong.out).toContain('said=');
  });
});
