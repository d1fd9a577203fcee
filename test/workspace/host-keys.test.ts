import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { patientClock } from '../support/patient-clock.js';
import { folderOf, temporaryFolder, testWorkspace } from './support.js';

const bare = (publicKey: string): string => publicKey.split(' ').slice(0, 2).join(' ');

describe('host keys of a machine', () => {
  it('pins the first key before anybody connects, and gives the same one again', async () => {
    const path = temporaryFolder();
    const first = await testWorkspace(path).cluster('demo').firstHostKey('demo-cp-1');
    const again = await testWorkspace(path).cluster('demo').firstHostKey('demo-cp-1');
    expect(again.privateKey.reveal()).toBe(first.privateKey.reveal());
    expect(await testWorkspace(path).cluster('demo').pins('demo-cp-1')).toEqual([bare(first.publicKey)]);
  });

  it('goes on with the same new key after a kill in the middle of a swap', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    const first = await folder.firstHostKey('demo-cp-1');
    const next = await folder.nextHostKey('demo-cp-1');
    await folder.addPin('demo-cp-1', next.publicKey);

    const later = testWorkspace(path).cluster('demo');
    expect((await later.nextHostKey('demo-cp-1')).publicKey).toBe(next.publicKey);
    expect(await later.pins('demo-cp-1')).toEqual([bare(first.publicKey), bare(next.publicKey)]);
    expect(await later.hostKeySwapped('demo-cp-1')).toBe(false);
  });

  it('forgets both private halves once only the new key counts', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.firstHostKey('demo-cp-1');
    const next = await folder.nextHostKey('demo-cp-1');
    await folder.onlyPin('demo-cp-1', next.publicKey);
    expect(await folder.pins('demo-cp-1')).toEqual([bare(next.publicKey)]);
    expect(await folder.hostKeySwapped('demo-cp-1')).toBe(true);
    expect(readFileSync(join(folderOf(folder), 'hosts', 'demo-cp-1.json'), 'utf8')).not.toContain('PRIVATE');
  });

  it('takes a machine that is yet to be made for another one than that which had its name and is gone', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.firstHostKey('demo-web-1');
    await folder.onlyPin('demo-web-1', (await folder.nextHostKey('demo-web-1')).publicKey);
    const first = await folder.firstHostKey('demo-web-1');
    expect(await folder.pins('demo-web-1')).toEqual([bare(first.publicKey)]);
    expect(await folder.hostKeySwapped('demo-web-1')).toBe(false);
  });

  it('loses no pin when many are added at once, from several openings of the workspace', async () => {
    const path = temporaryFolder();
    const openings = Array.from({ length: 4 }, () => testWorkspace(path, { clock: patientClock }).cluster('demo'));
    const keys = Array.from({ length: 24 }, (_, i) => `ssh-ed25519 KEY${i}`);
    await Promise.all(keys.map((key, i) => openings[i % 4]!.addPin('demo-cp-1', key)));
    expect([...(await openings[0]!.pins('demo-cp-1'))].sort()).toEqual([...keys].sort());
  });

  it('will not guess at a damaged file', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.addPin('demo-cp-1', 'ssh-ed25519 AAAA');
    writeFileSync(join(folderOf(folder), 'hosts', 'demo-cp-1.json'), '{"version":1,"pi');
    for (const use of [() => folder.pins('demo-cp-1'), () => folder.addPin('demo-cp-1', 'ssh-ed25519 BBBB')])
      await expect(use()).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' });
  });
});
