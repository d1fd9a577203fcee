import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Boundary } from '../../src/domain/index.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import { stanzas } from '../../src/workspace/sealed/age.js';
import { backUp, bucket, desk, fill, isBackedUp, isWhole, keep, killing, moved, recipient } from './desk.js';
import { refusal, temporaryFolder, testRecord, testWorkspace } from './support.js';

describe('moving a workspace', () => {
  it('brings everything to a bucket, seals it, and leaves a word where it was', async () => {
    const { server, home, options } = await desk();
    await fill(testWorkspace(home));
    const result = await openAdmin(options()).move(bucket);
    expect(result).toMatchObject({ to: bucket, clusters: ['demo'] });
    await isWhole(testWorkspace(bucket, options()));
    const stored = [...server.objects.values()].map(({ text }) => text).join('\n');
    expect(stored).not.toMatch(/planted|PRIVATE KEY|k3x9|AGE-SECRET-KEY/);
    expect(readdirSync(join(home, 'clusters'))).toEqual([]);
    const error = await refusal(testWorkspace(home).clusterNames());
    expect(error).toMatchObject({ code: 'WORKSPACE_MOVED', exitCode: 2 });
    expect(error.hint).toContain(`--workspace '${bucket}'`);
  });

  it('goes back to a folder, and to the bucket again, each time with its backups', async () => {
    const { home, options } = await desk();
    await fill(testWorkspace(home));
    await backUp(testWorkspace(home, options()));
    await openAdmin(options()).move(bucket);
    expect(existsSync(join(home, 'backups'))).toBe(false);
    await isBackedUp(testWorkspace(bucket, options()));
    await openAdmin({ ...options(), path: bucket }).move(home);
    await isWhole(testWorkspace(home));
    await isBackedUp(testWorkspace(home, options()));
    expect((await refusal(testWorkspace(bucket, options()).clusterNames())).code).toBe('WORKSPACE_MOVED');
    await openAdmin(options()).move(bucket);
    await isWhole(testWorkspace(bucket, options()));
    await isBackedUp(testWorkspace(bucket, options()));
  });

  it('is refused to a bucket whose server does not keep two writers apart, and takes nothing away', async () => {
    const { home, options } = await desk({ conditions: 'late' });
    await fill(testWorkspace(home));
    expect(await refusal(openAdmin(options()).move(bucket))).toMatchObject({ code: 'BUCKET_UNFIT', exitCode: 3 });
    await isWhole(testWorkspace(home));
  });

  it('is refused out of the countries that a cluster may be kept in', async () => {
    const { home, options } = await desk();
    await fill(testWorkspace(home), ['DE']);
    const error = await refusal(openAdmin(options()).move(bucket));
    expect(error).toMatchObject({ code: 'OUTSIDE_RESIDENCY', exitCode: 3 });
    expect(error.message).toBe('demo may only be kept in DE, and s3://small/team is in an unknown country.');
    expect((await refusal(openAdmin(options()).move(`${bucket}?country=us`))).message).toContain('is in US');
    await openAdmin(options()).move(`${bucket}?country=DE`);
  });

  it('waits for nobody: a cluster that somebody works on is named, and nothing is taken away', async () => {
    const { home, options } = await desk();
    await fill(testWorkspace(home));
    const lock = await testWorkspace(home, { process: { pid: 7, host: 'ci', user: 'bob' } })
      .cluster('demo')
      .lock('cluster apply');
    expect(await refusal(openAdmin(options()).move(bucket))).toMatchObject({ code: 'CLUSTER_BUSY', exitCode: 7 });
    await lock.release();
    await openAdmin(options()).move(bucket);
    await isWhole(testWorkspace(bucket, options()));
  });

  it('is refused to a place that holds a workspace already', async () => {
    const { home, options } = await desk();
    await openAdmin(options()).move(bucket);
    const other = temporaryFolder();
    await fill(testWorkspace(other));
    const error = await refusal(openAdmin({ ...options(), path: other }).move(bucket));
    expect(error).toMatchObject({ code: 'MOVE_NOWHERE', exitCode: 2 });
    expect(existsSync(home)).toBe(true);
  });

  it('is not used before all of it is there', async () => {
    const { home, options } = await desk();
    await fill(testWorkspace(home));
    const { boundary, killed } = killing('before write demo/secrets/server-token');
    await Promise.race([killed, openAdmin(options({ boundary })).move(bucket)]);
    const error = await refusal(testWorkspace(bucket, options()).clusterNames());
    expect(error).toMatchObject({ code: 'NOT_A_WORKSPACE', exitCode: 2 });
    expect(error.hint).toContain(`slipway workspace move '${bucket}'`);
  });
});

describe('sealing a workspace anew', () => {
  it('lets another computer in, and out again', async () => {
    const { server, options, other } = await moved();
    expect((await refusal(testWorkspace(bucket, other()).clusterNames())).code).toBe('WRONG_IDENTITY');
    await openAdmin(options()).rotate({ add: [recipient], remove: [] });
    await isWhole(testWorkspace(bucket, other()));
    await isWhole(testWorkspace(bucket, options()));
    await openAdmin(options()).rotate({ add: [], remove: [recipient] });
    expect((await refusal(testWorkspace(bucket, other()).clusterNames())).code).toBe('WRONG_IDENTITY');
    const sealed = [...server.objects].filter(([path]) => !path.endsWith('/lock'));
    for (const [path, { text }] of sealed) expect(stanzas(text), path).toBe(1);
    await isWhole(testWorkspace(bucket, options()));
  });

  it('is refused where it would lock this computer out', async () => {
    const { other, options } = await moved();
    await openAdmin(options()).rotate({ add: [recipient], remove: [] });
    const error = await refusal(openAdmin(other()).rotate({ add: [], remove: [recipient] }));
    expect(error).toMatchObject({ code: 'LOCKED_OUT', exitCode: 3 });
    expect((await refusal(openAdmin(options()).rotate({ add: ['age1nonsense'], remove: [] }))).code).toBe(
      'BAD_IDENTITY',
    );
    await isWhole(testWorkspace(bucket, other()));
  });
});

describe('a workspace that is sealed anew', () => {
  it('is so by one run at a time, with no cluster in it, too', async () => {
    const { options } = await desk();
    await openAdmin(options()).move(bucket);
    const held = await testWorkspace(bucket, options({ process: { pid: 7, host: 'ci', user: 'bob' } }))
      .cluster('0-workspace')
      .lock('workspace rotate');
    const rotate = (): Promise<unknown> =>
      openAdmin(options({ path: bucket })).rotate({ add: [recipient], remove: [] });
    expect(await refusal(rotate())).toMatchObject({ code: 'CLUSTER_BUSY', exitCode: 7 });
    await held.release();
    await rotate();
  });

  it('seals a backup anew that a killed run wrote meanwhile with the key of before', async () => {
    const { home, options } = await desk();
    await fill(testWorkspace(home));
    await openAdmin(options()).move(bucket);
    const late = killing('after write backups/demo/2026-11-26t15-00-00z-3fa2/manifest.json');
    const early = (await testWorkspace(bucket, options({ boundary: late.boundary })).backups(undefined, 'make'))!;
    let changes = 0;
    // Before the second change of the header all was looked at, and the old key is about to go.
    const boundary: Boundary = async ({ when, what }) => {
      if (when !== 'before' || !what.includes('workspace.json') || (changes += 1) !== 2) return;
      await Promise.race([keep(early), late.killed]);
    };
    await openAdmin(options({ path: bucket, boundary })).rotate({ add: [recipient], remove: [] });
    expect(changes).toBe(2);
    await isBackedUp(testWorkspace(bucket, options()));
  });
});

describe('recovering a workspace', () => {
  it('sets aside what cannot be used, keeps the rest, and loses nothing of it', async () => {
    const { server, home, options } = await desk();
    await fill(testWorkspace(home));
    await openAdmin(options()).move(bucket);
    const admin = openAdmin({ ...options(), path: bucket });
    expect(await admin.inspect()).toMatchObject({ findings: [], replaced: false });
    const path = 'small/team/clusters/demo/record.json';
    const cut = server.objects.get(path)!.text.slice(0, 100);
    server.objects.set(path, { ...server.objects.get(path)!, text: cut, tag: '"cut"' });
    const { findings } = await admin.inspect();
    expect(findings).toMatchObject([{ key: 'clusters/demo/record.json', is: 'damaged' }]);
    expect(await admin.setAside(findings)).toEqual(['demo']);
    expect([...server.objects].find(([key]) => key.startsWith('small/team/aside/'))?.[1].text).toBe(cut);
    expect(await testWorkspace(bucket, options()).cluster('demo').record()).toBeUndefined();
    expect((await admin.inspect()).findings).toEqual([]);
  });

  it('lets an older bucket count where that is asked for', async () => {
    const { server, home, options } = await desk();
    await fill(testWorkspace(home));
    await openAdmin(options()).move(bucket);
    const older = new Map(server.objects);
    const workspace = testWorkspace(bucket, options());
    await workspace.cluster('demo').saveRecord({ ...testRecord('demo'), runningVersion: 'v1.36.5+k3s1' });
    for (const [key, object] of older) server.objects.set(key, object);
    const again = (): Promise<unknown> => testWorkspace(bucket, options()).cluster('demo').record();
    expect(await refusal(again())).toMatchObject({ code: 'BLOB_SWAPPED', exitCode: 3 });
    const admin = openAdmin({ ...options(), path: bucket });
    await admin.acceptOlder((await admin.inspect()).findings);
    expect(await again()).toMatchObject({ id: 'k3x9' });
  });
});
