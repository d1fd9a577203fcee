import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import {
  parseCertificates,
  putTokens,
  readCertificates,
  rotateCertificates,
  rotateToken,
} from '../../src/distributions/k3s/host/index.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

/** Two certificates, the second valid ten days longer. */
const one = `-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIULqXBklxulHIOXBiDeVAAZ6c8Rf0wCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMB4XDTI2MTEyNjIwMDQwOFoXDTI2MTIyNjIwMDQwOFow
DjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9i7XI9St
taUcjxjF5dlGfWBTqhhThFCt3qb9X/iIM/mooRZDc4hxqDuJnV26MyOjmeNKoucG
BEnTy8Jlfgq3p6NTMFEwHQYDVR0OBBYEFFvrlTCL8rXe+bv9vFzAv5Tynd4NMB8G
A1UdIwQYMBaAFFvrlTCL8rXe+bv9vFzAv5Tynd4NMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIhAJFBJn8zDXmXR9OBG+R1ImY3W5HjgKs1US5MmNTH
bm60AiBxqCL20BZZ0I/+3CLHQG7BaWHKsA5T+Oe1so6AIHLmhw==
-----END CERTIFICATE-----
`;
const two = `-----BEGIN CERTIFICATE-----
MIIBcjCCARegAwIBAgIUH2fTjfc6t1tqX5eYhGEnTKIy2zkwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMB4XDTI2MTEyNjIwMDQwOFoXDTI3MDEwNTIwMDQwOFow
DjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEB8s6fXE1
uPlE8fXJs5UYxKsnIUZ/1zZzUrRdn3fEYjVtDTSJWtQ95ebhMaSFRv2Uk5BqqgXp
iaDCCnq34r+336NTMFEwHQYDVR0OBBYEFBK36hzixUced1yknUXGT8xkZlsfMB8G
A1UdIwQYMBaAFBK36hzixUced1yknUXGT8xkZlsfMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhAMVQuabqZrAi20QmS0un311YqUeg/5e8qAyvm+TK
sfhwAiEA3zWCF1aO1OE4fcf6RhNc1jX47WTp1WA9WMgqHyRfUNM=
-----END CERTIFICATE-----
`;
const ends = { one: '2026-12-26T20:04:08.000Z', two: '2027-01-05T20:04:08.000Z' };

const data = 'var/lib/rancher/k3s';
const config = 'etc/rancher/k3s/config.yaml';
const old = 'a-former-token';
const next = new Secret('0123456789abcdef0123456789abcdef');
const agent = new Secret('fedcba9876543210fedcba9876543210');

describe.skipIf(sshdMissing)(`what rotations do on a host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const calls = async (): Promise<string> => (await rig.host.systemctlCalls()).join('\n');
  /** `k3s` that puts certificates aside, or does not. */
  const k3s = (code = 0): Promise<void> =>
    rig.host.write(
      'usr/local/bin/k3s',
      `#!/bin/sh\necho "$*" >>"$SLIPWAY_PREFIX/var/calls"\necho 'it says why'\nexit ${code}\n`,
      0o755,
    );
  /** `curl` that answers so, and keeps what it was told: as arguments, and on its standard input. */
  const curl = (status: number): Promise<void> =>
    rig.host.write(
      '../bin/curl',
      `#!/bin/sh\necho "$*" >"$SLIPWAY_PREFIX/var/arguments"\ncat >"$SLIPWAY_PREFIX/var/told"\nprintf 'token answer\\n${status}'\n`,
      0o755,
    );

  beforeEach(async () => {
    for (const path of ['usr', 'etc/systemd', 'etc/rancher', 'var/lib', 'var/stand-in', 'var/calls'])
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    await rig.host.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await rig.host.write('var/stand-in/k3s.service.state', 'active\n');
  });

  it('every certificate of k3s is told with its end, but for those of its authorities, and nothing else of its files', async () => {
    await rig.host.write(`${data}/server/tls/client-admin.crt`, `${one}${two}`);
    await rig.host.write(`${data}/server/tls/client-admin.key`, 'a secret');
    await rig.host.write(`${data}/server/tls/client-ca.crt`, two);
    await rig.host.write(`${data}/server/tls/etcd/peer-server-client.crt`, two);
    await rig.host.write(`${data}/agent/client-kubelet.crt`, one);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    await rig.host.write(
      `${data}/server/tls/dynamic-cert.json`,
      JSON.stringify({ kind: 'Secret', data: { 'tls.crt': base64(two), 'tls.key': base64('a secret') } }),
    );
    const facts = await rig.run(readCertificates());
    expect(Object.keys(facts)).toEqual(['certificates']);
    expect(parseCertificates(facts)).toEqual([
      { path: 'server/tls/client-admin.crt', until: ends.one },
      { path: 'server/tls/etcd/peer-server-client.crt', until: ends.two },
      { path: 'agent/client-kubelet.crt', until: ends.one },
      { path: 'server/tls/dynamic-cert.json', until: ends.two },
    ]);
    expect(parseCertificates({ certificates: '' })).toEqual([]);
    expect(() => parseCertificates({ certificates: 'a.crt=bm9uZQ==' })).toThrow('no certificate');
  });

  it('certificates are put aside while k3s is stopped, once for each rotation, and k3s is started again', async () => {
    await k3s();
    const rotate = (rotation: string) => rig.run(rotateCertificates({ role: 'server', rotation }));
    expect(await rotate('one')).toEqual({ changed: 'true' });
    expect(await rig.host.read('var/calls')).toBe('certificate rotate\n');
    const made = await calls();
    expect(made.indexOf('stop k3s.service')).toBeGreaterThanOrEqual(0);
    expect(made.indexOf('stop k3s.service')).toBeLessThan(made.lastIndexOf('start --no-block k3s.service'));
    expect(await rotate('one')).toEqual({ changed: 'false' });
    expect(await rotate('two')).toEqual({ changed: 'true' });
    expect(await rig.host.read('var/calls')).toBe('certificate rotate\ncertificate rotate\n');
    await expect(rig.run(rotateCertificates({ role: 'agent', rotation: 'one' }))).rejects.toMatchObject({
      taskCode: 'K3S_MISSING',
    });
  });

  it('where k3s does not put them aside it is started again all the same', async () => {
    await k3s(1);
    const failed = rig.run(rotateCertificates({ role: 'server', rotation: 'one' }));
    await expect(failed).rejects.toMatchObject({
      taskCode: 'CERTIFICATES_STAY',
      message: expect.stringContaining('it says why') as string,
    });
    expect((await calls()).split('\n').at(-1)).toContain('k3s.service');
    expect(await rig.host.read('var/stand-in/k3s.service.state')).not.toBe('inactive\n');
    expect(await rig.host.read('var/lib/slipway/certificates.rotated')).toBeUndefined();
  });

  it('tokens alone change in a configuration, and what stands before them stays', async () => {
    const server = `server: "https://10.0.0.2:6443"\ntoken: "K10abc::server:${old}"\nagent-token: "one"\ntls-san:\n  - "token: \\"no\\""\nnode-name: "cp-2"`;
    await rig.host.write(config, server, 0o600);
    expect(await rig.run(putTokens({ password: next, agent }))).toEqual({ changed: 'true' });
    expect(await rig.host.read(config)).toBe(
      server.replace(old, next.reveal()).replace('agent-token: "one"', `agent-token: "${agent.reveal()}"`),
    );
    expect((await stat(join(rig.host.prefix, config))).mode & 0o777).toBe(0o600);
    expect(await rig.run(putTokens({ password: next, agent }))).toEqual({ changed: 'false' });
    // That of a first server, and that of an agent, which has no other.
    await rig.host.write(config, `token: ${old}\ncluster-init: true\n`, 0o600);
    await rig.run(putTokens({ password: next }));
    expect(await rig.host.read(config)).toBe(`token: "${next.reveal()}"\ncluster-init: true\n`);
    await rig.host.write(config, `token: "K10abc::node:${old}"\nagent-token: "x"\n`, 0o600);
    await rig.run(putTokens({ password: next }));
    expect(await rig.host.read(config)).toBe(`token: "K10abc::node:${next.reveal()}"\nagent-token: "x"\n`);
  });

  it('k3s is asked for another token with what no other process can read, and not again once it has it', async () => {
    await curl(200);
    await rig.host.write(`${data}/server/token`, `K10abc::server:${old}\n`);
    expect(await rig.run(rotateToken({ password: next }))).toEqual({ changed: 'true' });
    const told = (await rig.host.read('var/told'))!;
    expect(told).toContain(`user = "server:${old}"`);
    expect(told).toContain(`data = "{\\"newToken\\":\\"${next.reveal()}\\"}"`);
    expect(told).toContain('request = "PUT"\nurl = "https://127.0.0.1:6443/v1-k3s/token"');
    for (const secret of [old, next.reveal()]) expect(await rig.host.read('var/arguments')).not.toContain(secret);
    await rig.host.write(`${data}/server/token`, `K10abc::server:${next.reveal()}\n`);
    await curl(500);
    expect(await rig.run(rotateToken({ password: next }))).toEqual({ changed: 'false' });
  });

  it('k3s that has the token takes it once more where it is to save what it has on its disk; one that has not is left', async () => {
    await curl(200);
    const again = rotateToken({ password: next, again: 'yes' });
    await rig.host.write(`${data}/server/token`, `K10abc::server:${next.reveal()}\n`);
    await rig.host.write(`${data}/server/cred/passwd`, 'users');
    expect(await rig.run(again)).toEqual({ changed: 'true' });
    const told = (await rig.host.read('var/told'))!;
    expect(told).toContain(`user = "server:${next.reveal()}"`);
    expect(told).toContain(`data = "{\\"newToken\\":\\"${next.reveal()}\\"}"`);
    expect(await rig.host.read(`${data}/server/cred/passwd`)).toBe('users');
    await curl(500);
    await rig.host.write(`${data}/server/token`, `K10abc::server:${old}\n`);
    expect(await rig.run(again)).toEqual({ changed: 'false' });
    // One that works with the other token still has nothing to save.
    await rig.host.write(`${data}/server/token`, `K10abc::server:${next.reveal()}\n`);
    await curl(401);
    expect(await rig.run(rotateToken({ password: next, again: 'try' }))).toEqual({ changed: 'false' });
    await expect(rig.run(again)).rejects.toMatchObject({ taskCode: 'TOKEN_NOT_ROTATED' });
    // One that is down as it was killed before it could save them: it makes them anew of what etcd has.
    await rig.host.write('var/stand-in/k3s.service.state', 'failed\n');
    await rig.host.write(`${data}/server/token`, `K10abc::server:${next.reveal()}\n`);
    expect(await rig.run(again)).toEqual({ changed: 'false' });
    expect(await rig.host.read(`${data}/server/cred/passwd`)).toBeUndefined();
  });

  it('a token that k3s does not take is told of, without it', async () => {
    await curl(401);
    await rig.host.write(`${data}/server/token`, `K10abc::server:${old}\n`);
    const failed: unknown = await rig.run(rotateToken({ password: next })).catch((error: unknown) => error);
    expect(failed).toMatchObject({ taskCode: 'TOKEN_NOT_ROTATED', message: expect.stringContaining('401') as string });
    expect(String(failed)).not.toContain(old);
    expect(String(failed)).not.toContain(next.reveal());
  });
});
