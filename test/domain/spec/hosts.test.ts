import { describe, expect, it } from 'vitest';

import { checkHosts } from '../../../src/domain/spec/rules.js';
import { hostSchema } from '../../../src/domain/spec/hosts.js';

const host = (name: string, change: object = {}) =>
  hostSchema.parse({ name, address: `10.0.0.${name.slice(-1)}`, hostKey: `SHA256:${'a'.repeat(43)}`, ...change });
const check = (hosts: ReturnType<typeof host>[], residency?: string[], api?: { address: string }) =>
  checkHosts({ provider: { name: 'ssh', hosts, residency }, controlPlane: { count: 1 }, pools: [], api }).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('hosts of a file', () => {
  it('are right when each has a name and an address of its own', () => {
    expect(check([host('rack1'), host('rack2')])).toEqual([]);
  });

  it('are named once, at one endpoint each', () => {
    expect(check([host('rack1'), host('rack1')]).join('\n')).toMatch(/hosts\.1\.name.*\n.*hosts\.1\.address/);
    expect(
      check([host('rack1'), host('rack2', { address: '10.0.0.1', port: 2222, privateAddress: '10.0.0.9' })]),
    ).toEqual([]);
  });

  it('are in the countries that residency names, each at its own line', () => {
    const hosts = [host('rack1', { country: 'DE' }), host('rack2', { country: 'US' }), host('rack3')];
    expect(check(hosts, ['DE', 'FI'])).toEqual([
      'provider.hosts.1.country: one of provider.residency: DE, FI',
      'provider.hosts.2: rack3 needs a country, since residency asks for it',
    ]);
    expect(check(hosts)).toEqual([]);
  });

  it('leave the API an address that none of them has', () => {
    expect(check([host('rack1')], undefined, { address: '10.0.0.1' })[0]).toContain('kubernetes.api.address');
  });

  it.each([
    [
      'a whole key',
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHIfBymYfNea5023KMgV5p6a5rw4kUYRRFAYp0ozGNls root@rack1',
      true,
    ],
    ['a fingerprint', `SHA256:${'a'.repeat(43)}`, true],
    ['an MD5 fingerprint', 'MD5:00:11:22', false],
    ['a key that is cut off', 'ssh-ed25519', false],
    ['nothing', '', false],
  ])('have as host key %s: %s', (_what, hostKey, taken) => {
    expect(hostSchema.safeParse({ name: 'rack1', address: '10.0.0.1', hostKey }).success).toBe(taken);
  });
});
