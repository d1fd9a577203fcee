import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import ssh2 from 'ssh2';
import { afterAll, describe, expect, it } from 'vitest';

import { fingerprint, generateIdentity, generateKeyPair, keyBlob } from '../../src/remote/index.js';

const keygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
const folder = mkdtempSync(join(tmpdir(), 'slipway-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('key pairs', () => {
  it('are readable, fit together and sign, one like the other', () => {
    for (let n = 0; n < 300; n++) {
      const pair = generateKeyPair('x');
      const key = ssh2.utils.parseKey(pair.privateKey.reveal());
      if (key instanceof Error) throw key;
      expect(key.getPublicSSH()).toEqual(keyBlob(pair.publicKey));
      expect(key.verify('data', key.sign('data'))).toBe(true);
    }
  });

  it('carry a name for people and hide their private half', () => {
    const pair = generateIdentity('demo');
    expect(pair.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68} slipway-demo$/);
    expect(JSON.stringify(pair)).not.toContain('PRIVATE');
  });

  it.skipIf(!keygen)('are what OpenSSH takes, and have the fingerprint it shows', () => {
    const pair = generateKeyPair('demo');
    const file = join(folder, 'key');
    writeFileSync(file, pair.privateKey.reveal(), { mode: 0o600 });
    writeFileSync(`${file}.pub`, `${pair.publicKey}\n`);
    const run = (...args: string[]): string => execFileSync('ssh-keygen', args, { encoding: 'utf8' });
    expect(run('-y', '-f', file).split(' ').slice(0, 2)).toEqual(pair.publicKey.split(' ').slice(0, 2));
    expect(run('-l', '-f', `${file}.pub`)).toContain(` ${fingerprint(pair.publicKey)} `);
  });

  it.each(['', 'ssh-ed25519', 'ssh-ed25519 !!!', 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAA', 'AAAA ssh-ed25519'])(
    'are not seen in %j',
    (line) => expect(keyBlob(line)).toBeUndefined(),
  );
});
