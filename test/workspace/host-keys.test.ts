import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { knownHosts } from '../../src/workspace/index.js';
import { opensshKeyPair, temporaryFolder, testWorkspace } from './support.js';

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
    expect(readFileSync(join(folder.path, 'hosts', 'demo-cp-1.json'), 'utf8')).not.toContain('PRIVATE');
  });

  it('loses no pin when many are added at once, from several openings of the workspace', async () => {
    const path = temporaryFolder();
    const openings = Array.from({ length: 4 }, () => testWorkspace(path).cluster('demo'));
    const keys = Array.from({ length: 24 }, (_, i) => `ssh-ed25519 KEY${i}`);
    await Promise.all(keys.map((key, i) => openings[i % 4]!.addPin('demo-cp-1', key)));
    expect([...(await openings[0]!.pins('demo-cp-1'))].sort()).toEqual([...keys].sort());
  });

  it('will not guess at a damaged file', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.addPin('demo-cp-1', 'ssh-ed25519 AAAA');
    writeFileSync(join(folder.path, 'hosts', 'demo-cp-1.json'), '{"version":1,"pi');
    for (const use of [() => folder.pins('demo-cp-1'), () => folder.addPin('demo-cp-1', 'ssh-ed25519 BBBB')])
      await expect(use()).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' });
  });
});

describe('known_hosts', () => {
  it('is found by OpenSSH under address, address with port, and name', () => {
    const file = join(temporaryFolder(), 'known_hosts');
    const key = bare(opensshKeyPair('x').publicKey);
    const other = bare(opensshKeyPair('y').publicKey);
    writeFileSync(
      file,
      knownHosts([
        { machine: 'demo-cp-1', address: '127.0.0.1', port: 2201, pins: [key, other] },
        { machine: 'demo-cp-2', address: '192.0.2.7', port: 22, pins: [key] },
        { machine: 'demo-cp-3', address: '2001:db8::1', port: 2222, pins: [key] },
      ]),
    );
    for (const [name, count] of [
      ['[127.0.0.1]:2201', 2],
      ['demo-cp-1', 2],
      ['192.0.2.7', 1],
      ['[2001:db8::1]:2222', 1],
    ] as const) {
      const found = execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
      expect(found.match(/ssh-ed25519 \S+/g)).toHaveLength(count);
    }
  });

  it('follows the pins of its machines and leaves the others alone', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await folder.addPin('a', 'ssh-ed25519 OLD');
    await folder.addPin('b', 'ssh-ed25519 BBBB');
    await folder.writeKnownHosts([
      { machine: 'a', address: '192.0.2.1', port: 22 },
      { machine: 'b', address: '192.0.2.2', port: 2222 },
    ]);
    await Promise.all([folder.addPin('a', 'ssh-ed25519 NEW'), folder.addPin('b', 'ssh-ed25519 B2')]);
    await folder.onlyPin('a', 'ssh-ed25519 NEW');
    await folder.forgetMachine('b');
    expect(readFileSync(folder.knownHostsPath, 'utf8')).toBe('a,192.0.2.1 ssh-ed25519 NEW a\n');
  });
});
