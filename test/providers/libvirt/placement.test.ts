import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  addressesOf,
  freeAddress,
  groupOf,
  isAtLimit,
  macOf,
  place,
  type Room,
  shortage,
  type Tenant,
} from '../../../providers/libvirt/placement.js';

const GiB = 1024;
const small = { name: 'small', cpu: 1, memory: 1, disk: 10 };
const large = { name: 'large', cpu: 4, memory: 8, disk: 100 };
const types = [small, large];

const tenant = (uuid: string, change: Partial<Tenant> = {}): Tenant => ({
  ...{ uuid, memoryMiB: GiB, diskBytes: 0, group: undefined, address: undefined },
  ...change,
});
const room = (host: string, change: Partial<Room> = {}): Room => ({
  ...{ host, location: 'local', cpus: 8, memoryMiB: 16 * GiB, freeBytes: 500e9, machines: undefined, tenants: [] },
  ...change,
});
const request = (pool: string, names = ['small']) => ({ pool, types: names, location: 'local', elsewhere: [] });
const cp = (uuid: string): Tenant => tenant(uuid, { group: groupOf('k3f9x2', 'cp') });

describe('A host', () => {
  it.each([
    ['has room', {}, small, undefined],
    ['has as much memory as is asked for, and no more', { memoryMiB: 8 * GiB }, large, undefined],
    ['lacks a MiB of memory', { memoryMiB: 8 * GiB - 1 }, large, 'memory'],
    ['has promised its memory to another', { memoryMiB: 8 * GiB, tenants: [tenant('a')] }, large, 'memory'],
    ['has fewer processors than one machine', { cpus: 3 }, large, 'processors'],
    ['has no room for the disk', { freeBytes: 99e9 }, large, 'disk'],
    ['has promised its disk', { freeBytes: 15e9, tenants: [tenant('a', { diskBytes: 10e9 })] }, small, 'disk'],
    ['has as many of ours as it may', { machines: 1, tenants: [cp('a')] }, small, 'machines'],
    ['has machines of others, which are not counted', { machines: 1, tenants: [tenant('a')] }, small, undefined],
  ])('that %s says so', (_what, change, type, lacks) => {
    expect(shortage(room('kvm1', change), type)).toBe(lacks);
  });
});

describe('A machine', () => {
  it('of the control plane goes where none of its like is, however full that host is', () => {
    const rooms = [room('kvm1', { tenants: [cp('a')] }), room('kvm2', { tenants: [tenant('b'), tenant('c')] })];
    expect(place(request('cp'), 'k3f9x2', rooms, types)?.host).toBe('kvm2');
  });

  it('of another cluster’s control plane is no reason to stay away', () => {
    const rooms = [room('kvm1', { tenants: [cp('a')] }), room('kvm2', { tenants: [tenant('b'), tenant('c')] })];
    expect(place(request('cp'), 'other1', rooms, types)?.host).toBe('kvm1');
  });

  it('goes where most memory is left, and by name where that is equal', () => {
    expect(place(request('web'), 'k3f9x2', [room('kvm1', { memoryMiB: 4 * GiB }), room('kvm2')], types)?.host).toBe(
      'kvm2',
    );
    expect(place(request('web'), 'k3f9x2', [room('kvm2'), room('kvm1')], types)?.host).toBe('kvm1');
  });

  it('shares a host with its like rather than not to be', () => {
    const rooms = [room('kvm1', { tenants: [cp('a')] }), room('kvm2', { memoryMiB: 0 })];
    expect(place(request('cp'), 'k3f9x2', rooms, types)?.host).toBe('kvm1');
  });

  it('is of the next type where no host has room for the first', () => {
    const rooms = [room('kvm1', { memoryMiB: 2 * GiB })];
    expect(place(request('web', ['large', 'small']), 'k3f9x2', rooms, types)?.type).toBe(small);
    expect(place(request('web', ['large']), 'k3f9x2', rooms, types)).toBeUndefined();
  });

  it('is kept out by a limit of machines only where nothing else does', () => {
    const full = room('kvm1', { machines: 1, tenants: [cp('a')] });
    expect(isAtLimit(request('web'), [full], types)).toBe(true);
    expect(isAtLimit(request('web'), [{ ...full, memoryMiB: GiB }], types)).toBe(false);
  });

  it('never has memory that another was promised, in whatever order machines come', () => {
    const asked = fc.array(fc.constantFrom('small', 'large'), { maxLength: 40 });
    fc.assert(
      fc.property(asked, fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }), (names, sizes) => {
        let rooms = sizes.map((size, index) => room(`kvm${index}`, { memoryMiB: size * GiB }));
        for (const [index, name] of names.entries()) {
          const found = place(request('web', [name]), 'k3f9x2', rooms, types);
          if (!found) continue;
          const one = tenant(String(index), { memoryMiB: found.type.memory * GiB, diskBytes: 1e9 });
          rooms = rooms.map((at) => (at.host === found.host ? { ...at, tenants: [...at.tenants, one] } : at));
        }
        for (const { tenants, memoryMiB } of rooms)
          expect(tenants.reduce((sum, one) => sum + one.memoryMiB, 0)).toBeLessThanOrEqual(memoryMiB);
      }),
    );
  });
});

describe('Addresses', () => {
  const bridge = {
    bridge: 'br0',
    gateway: '192.168.1.1/24',
    addresses: '192.168.1.100-192.168.1.103',
    nameservers: undefined,
  };

  it('of a network of our own lie in its lower half, so that the upper is free for the API’s', () => {
    const { gateway, nameservers, ...span } = addressesOf(
      { network: { mode: 'nat', nameservers: undefined } },
      '10.0.0.1/24',
    );
    expect({ gateway, nameservers, prefix: span.prefix }).toEqual({
      gateway: '10.0.0.1',
      nameservers: ['10.0.0.1'],
      prefix: 24,
    });
    const all = new Set<string>();
    for (let next = freeAddress(span as never, 'a', all); next; next = freeAddress(span as never, 'a', all))
      all.add(next);
    expect(all.size).toBe(112);
    expect(all).toContain('10.0.0.16');
    expect(all).toContain('10.0.0.127');
  });

  it('are each given once, until none is left', () => {
    const addresses = addressesOf({ network: bridge }, bridge.gateway);
    const taken = new Set<string>();
    for (let count = 0; count < 4; count += 1) taken.add(freeAddress(addresses, 'demo-web-1', taken)!);
    expect([...taken].sort()).toEqual([100, 101, 102, 103].map((last) => `192.168.1.${last}`));
    expect(freeAddress(addresses, 'demo-web-1', taken)).toBeUndefined();
  });

  it('are the same for the same name, and mostly others for another', () => {
    const addresses = addressesOf({ network: { mode: 'nat', nameservers: undefined } }, '10.0.0.1/16');
    const of = (name: string) => freeAddress(addresses, name, new Set());
    expect(of('demo-cp-1-x7k2p')).toBe(of('demo-cp-1-x7k2p'));
    expect(new Set(Array.from({ length: 100 }, (_, index) => of(`demo-web-${index}`))).size).toBeGreaterThan(95);
  });

  it('have a hardware address each, always the same', () => {
    expect(macOf('10.0.0.16')).toBe('52:54:0a:00:00:10');
    expect(macOf('192.168.1.255')).toBe('52:54:c0:a8:01:ff');
  });
});
