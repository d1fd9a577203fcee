import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Secret, type BoundaryPoint } from '../../src/domain/index.js';
import { folderOf, opensshKeyPair, refusal, temporaryFolder, testRecord, testWorkspace } from './support.js';

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

describe('a cluster’s folder', () => {
  it('keeps every file to its owner', async () => {
    const path = join(temporaryFolder(), 'deep', 'workspace');
    const folder = testWorkspace(path).cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    await folder.identity();
    await folder.secret('server-token', () => 'planted-token');
    await folder.firstHostKey('demo-cp-1');
    await folder.saveKubeconfig(new Secret('apiVersion: v1\n'));
    await (await folder.journal('cluster create')).close();
    const lock = await folder.lock('cluster create');
    expect(everything(path).length).toBeGreaterThan(10);
    for (const entry of [path, ...everything(path)])
      expect([entry, mode(entry)]).toEqual([entry, statSync(entry).isDirectory() ? '700' : '600']);
    await lock.release();
  });

  it('gives a summary that says what the record does, and of one that cannot be read the same error', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    expect(await folder.summary()).toBeUndefined();
    const record = { ...testRecord('demo'), runningVersion: 'v1.35.0+k3s1' };
    await folder.saveRecord(record);
    const file = join(folderOf(folder), 'record.json');
    expect(await folder.summary()).toEqual({
      provider: 'sandbox',
      kubernetesVersion: 'v1.35.0+k3s1',
      desiredVersion: record.spec.kubernetes.version,
      machines: 1,
      createdAt: record.createdAt,
    });
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { spec: { pools?: unknown; name: unknown } };
    // One in an older form is read as a whole, with its defaults.
    writeFileSync(file, JSON.stringify({ ...stored, spec: { ...stored.spec, pools: undefined } }));
    expect(await folder.summary()).toMatchObject({ machines: 1, kubernetesVersion: 'v1.35.0+k3s1' });
    for (const broken of ['{', 'null', JSON.stringify({ ...stored, version: 99 }), JSON.stringify({ version: 1 })]) {
      writeFileSync(file, broken);
      const error = await refusal(folder.record());
      expect(await refusal(folder.summary())).toEqual(error);
    }
  });

  it('reads no file that is larger than any it could have written', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    const file = join(folderOf(folder), 'record.json');
    truncateSync(file, 2 ** 40);
    const error = await refusal(folder.record());
    expect(error).toMatchObject({ code: 'WORKSPACE_CORRUPT', exitCode: 2 });
    expect(error.message).toBe(`${file} is damaged: it has 1048576 MiB, more than any file of a workspace.`);
  });

  it('gives the record back as it was saved', async () => {
    const path = temporaryFolder();
    await testWorkspace(path).cluster('demo').saveRecord(testRecord('demo'));
    const workspace = testWorkspace(path);
    expect(await workspace.cluster('demo').record()).toEqual(testRecord('demo'));
    expect(await workspace.clusterNames()).toEqual(['demo']);
    expect(await workspace.cluster('other').record()).toBeUndefined();
  });

  it('names a damaged record with the way back, and never overwrites it', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    const file = join(folderOf(folder), 'record.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
    for (const use of [() => folder.record(), () => folder.saveRecord(testRecord('demo'))]) {
      const error = await refusal(use());
      expect(error).toMatchObject({ code: 'WORKSPACE_CORRUPT', exitCode: 2 });
      expect(error.message).toContain(file);
      expect(error.hint).toContain('slipway cluster adopt demo');
    }
    expect(readFileSync(file, 'utf8')).toHaveLength(40);
  });

  it('validates the spec again when it is read', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    const file = join(folderOf(folder), 'record.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"count": 1', '"count": 2'));
    const error = await refusal(folder.record());
    expect(error.code).toBe('WORKSPACE_CORRUPT');
    expect(error.message).toContain('spec.controlPlane.count');
  });

  it('asks for an upgrade when a newer Slipway wrote the record', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    const file = join(folderOf(folder), 'record.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"version": 1', '"version": 7'));
    const error = await refusal(folder.record());
    expect(error.code).toBe('RECORD_TOO_NEW');
    expect(error.message).toContain('format 7; this one reads 1');
  });

  it('makes one identity, however many ask at once, and in any number of processes', async () => {
    const path = temporaryFolder();
    const asked = await Promise.all(Array.from({ length: 6 }, () => testWorkspace(path).cluster('demo').identity()));
    expect(new Set(asked.map((key) => key.privateKey.reveal())).size).toBe(1);
    const file = join(path, 'clusters', 'demo', 'id_ed25519');
    const derived = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ').slice(0, 2);
    for (const key of asked) expect(key.publicKey.split(' ').slice(0, 2)).toEqual(derived.map((part) => part.trim()));
    expect(readFileSync(`${file}.pub`, 'utf8').trim()).toBe(asked[0]?.publicKey);
  });

  it('mends the public half when a kill came between the two files', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    const { publicKey } = await folder.identity();
    writeFileSync(join(folderOf(folder), 'id_ed25519.pub'), opensshKeyPair('other').publicKey);
    expect((await folder.identity()).publicKey).toBe(publicKey);
    expect(readFileSync(join(folderOf(folder), 'id_ed25519.pub'), 'utf8').trim()).toBe(publicKey);
  });

  it('lets the first stored secret count', async () => {
    const path = temporaryFolder();
    const values = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        testWorkspace(path)
          .cluster('demo')
          .secret('server-token', () => `token-${i}`),
      ),
    );
    expect(new Set(values.map((value) => value.reveal())).size).toBe(1);
    const again = await testWorkspace(path)
      .cluster('demo')
      .secret('server-token', () => 'late');
    expect(again.reveal()).toBe(values[0]?.reveal());
  });

  it('takes back permissions that let others read, and says so', async () => {
    const path = temporaryFolder();
    const warnings: string[] = [];
    const workspace = testWorkspace(path, { warn: (text) => warnings.push(text) });
    await workspace.cluster('demo').identity();
    const file = join(path, 'clusters', 'demo', 'id_ed25519');
    chmodSync(file, 0o644);
    chmodSync(path, 0o755);
    await workspace.cluster('demo').identity();
    await workspace.clusterNames();
    expect([mode(file), mode(path)]).toEqual(['600', '700']);
    expect(warnings.join('\n')).toMatch(/id_ed25519 could be read by others[\s\S]*was open to others/);
  });

  it('passes the boundary before and after each write, by the file’s short name', async () => {
    const points: BoundaryPoint[] = [];
    const folder = testWorkspace(temporaryFolder(), { boundary: async (point) => void points.push(point) }).cluster(
      'demo',
    );
    await folder.saveRecord(testRecord('demo'));
    await folder.addPin('demo-cp-1', 'ssh-ed25519 AAAA');
    expect(points).toEqual(
      ['write demo/record.json', 'write demo/hosts/demo-cp-1.json'].flatMap((what) => [
        { when: 'before', kind: 'workspace', what },
        { when: 'after', kind: 'workspace', what },
      ]),
    );
  });

  it('leaves the old file whole when a write dies half-way', async () => {
    const path = temporaryFolder();
    await testWorkspace(path).cluster('demo').saveRecord(testRecord('demo'));
    const dying = testWorkspace(path, {
      boundary: async ({ when }) => {
        if (when === 'before') throw new Error('killed here');
      },
    });
    await expect(dying.cluster('demo').saveRecord({ ...testRecord('demo'), id: 'new' })).rejects.toThrow('killed here');
    expect((await testWorkspace(path).cluster('demo').record())?.id).toBe('k3x9');
  });

  it('refuses names that would leave the workspace', () => {
    const workspace = testWorkspace(temporaryFolder());
    for (const name of ['../other', '.', '..', '', 'a/b', '.hidden', 'a\0'])
      expect(() => workspace.cluster(name)).toThrowError(expect.objectContaining({ code: 'NAME_INVALID' }));
  });

  it('is gone with everything in it after remove, while the lock is still held', async () => {
    const path = temporaryFolder();
    const workspace = testWorkspace(path);
    const folder = workspace.cluster('demo');
    await folder.saveRecord(testRecord('demo'));
    const lock = await folder.lock('cluster delete');
    const journal = await folder.journal('cluster delete');
    await folder.remove();
    journal.append({ at: '2026-11-20T10:00:00.000Z', event: 'operation-finished', outcome: 'done' });
    await journal.close();
    await lock.release();
    expect(readdirSync(join(path, 'clusters'))).toEqual([]);
    expect(await workspace.clusterNames()).toEqual([]);
    expect(existsSync(folderOf(folder))).toBe(false);
  });

  it('does not take a folder without a record for a cluster', async () => {
    const path = temporaryFolder();
    mkdirSync(join(path, 'clusters', 'stray'), { recursive: true });
    writeFileSync(join(path, 'clusters', 'file'), '');
    expect(await testWorkspace(path).clusterNames()).toEqual([]);
  });
});
