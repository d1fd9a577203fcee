import { describe, expect, it } from 'vitest';

import { toMachine } from '../../../../providers/hetzner/machines/map.js';
import { pendingOf } from '../../../../providers/hetzner/machines/pending.js';
import { machine, ours, server } from '../support/fixtures.js';

describe('what a server still lacks', () => {
  const footing = { network: 40, firewall: 50 };
  it.each([
    ['nothing, when it runs on its network behind its firewall', {}, []],
    ['time, while it is made', { status: 'initializing', private_net: [] }, ['wait']],
    ['time, while it starts', { status: 'starting' }, ['wait']],
    ['power, when it is off', { status: 'off' }, ['power-on']],
    ['its network', { private_net: [] }, ['attach']],
    ['its network, when it is on another', { private_net: [{ network: 41, ip: '10.9.0.2' }] }, ['attach']],
    ['its address, while it is attached', { private_net: [{ network: 40 }] }, ['wait']],
    ['its firewall', { public_net: { firewalls: [] } }, ['firewall']],
    ['everything', { status: 'off', private_net: [], public_net: {} }, ['attach', 'firewall', 'power-on']],
    ['time, when it is moved to another host', { status: 'migrating' }, ['wait']],
  ])('%s', (_what, change, expected) => {
    expect(pendingOf(server(1, ours, change), footing)).toEqual(expected);
  });
});

describe('a server as a machine', () => {
  it('has the slot that its labels tell of', () => {
    const desired = machine(3);
    expect(toMachine(server(1, desired.labels, { name: desired.name }))).toEqual({
      id: '1',
      name: desired.name,
      pool: 'web',
      role: 'worker',
      slot: 3,
      generation: 1,
      type: 'cax21',
      location: 'fsn1',
      status: 'running',
      publicAddress: '203.0.113.9',
      privateAddress: '10.0.0.2',
      labels: desired.labels,
      createdAt: '2026-11-20T09:00:00Z',
    });
  });

  it('is not lost when somebody took its slot labels away: it still costs money', () => {
    expect(toMachine(server(1, ours))).toMatchObject({ pool: 'unknown', slot: 0, generation: 0 });
  });

  it('is reached at the first address of its IPv6 range when it has no IPv4', () => {
    const net = { ipv4: null, ipv6: { ip: '2001:db8:1::/64' } };
    expect(toMachine(server(1, ours, { public_net: net })).publicAddress).toBe('2001:db8:1::1');
  });

  it.each([
    ['initializing', 'creating'],
    ['rebuilding', 'creating'],
    ['deleting', 'deleting'],
    ['migrating', 'unknown'],
    ['something new', 'unknown'],
  ])('that is %s is %s', (status, expected) => {
    expect(toMachine(server(1, ours, { status })).status).toBe(expected);
  });
});
