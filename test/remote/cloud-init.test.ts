import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Secret } from '../../src/domain/index.js';
import { cloudInit, generateKeyPair } from '../../src/remote/index.js';
import { quoteYaml } from '../../src/remote/cloud-init.js';

const hostKey = generateKeyPair('demo-cp-1');
const login = generateKeyPair('slipway-demo');
const base = { hostname: 'demo-cp-1-x7k2p', sshPublicKey: login.publicKey, hostKey };

describe('user data', () => {
  it('brings our host key and nobody else’s, our login and no password', async () => {
    const text = await cloudInit(base);
    expect(text.startsWith('#cloud-config\n')).toBe(true);
    expect(parse(text)).toEqual({
      hostname: 'demo-cp-1-x7k2p',
      preserve_hostname: false,
      package_update: false,
      package_upgrade: false,
      ssh_pwauth: false,
      disable_root: false,
      ssh_deletekeys: true,
      ssh_genkeytypes: ['ed25519'],
      ssh_keys: { ed25519_private: hostKey.privateKey.reveal(), ed25519_public: hostKey.publicKey },
      ssh_authorized_keys: [login.publicKey],
    });
  });

  it('makes another user who may become root', async () => {
    expect(parse(await cloudInit({ ...base, user: 'ops' }))).toMatchObject({
      disable_root: true,
      users: [
        { name: 'ops', lock_passwd: true, sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [login.publicKey] },
      ],
    });
    expect(parse(await cloudInit({ ...base, user: 'ops' }))).not.toHaveProperty('ssh_authorized_keys');
  });

  it('never lets a value become anything but that value', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'a: b',
        '"\nruncmd: [reboot]\n',
        '{{x}}',
        '{{{x}}}',
        '!!python/object',
        '\u2028x',
        '- a',
        '*ref',
        '&a',
        '%TAG',
        'no',
        '~',
        '0x10',
        '\ufeff',
        '\x85',
      ),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (hostname, sshPublicKey, secret) => {
        const data: unknown = parse(
          await cloudInit({ hostname, sshPublicKey, hostKey: { publicKey: 'p', privateKey: new Secret(secret) } }),
        );
        expect(data).toMatchObject({
          hostname,
          ssh_authorized_keys: [sshPublicKey],
          ssh_keys: { ed25519_private: secret },
        });
        expect(Object.keys(data as object)).toHaveLength(10);
      }),
    );
  });

  it('is refused beyond the 32 KiB that providers take', async () => {
    expect(Buffer.byteLength(await cloudInit(base))).toBeLessThan(2048);
    await expect(cloudInit({ ...base, hostname: 'x'.repeat(33_000) })).rejects.toMatchObject({
      code: 'USER_DATA_TOO_LONG',
    });
  });

  it('quotes on one line of plain characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = quoteYaml(value);
        expect(quoted).not.toMatch(/[\n\r\u0085\u2028\u2029\ufeff]/);
        expect(parse(quoted)).toBe(value);
      }),
    );
    expect(() => quoteYaml(undefined)).toThrow(TypeError);
  });
});
