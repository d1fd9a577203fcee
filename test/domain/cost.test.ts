import { describe, expect, it } from 'vitest';

import { type Machine, priceChange, type DesiredMachine } from '../../src/domain/index.js';
import { noStandbys } from '../support/no-standbys.js';

const offers = (monthly: number) => [
  { location: 'fsn1', monthly },
  { location: 'hel1', monthly: monthly + 1 },
];
const list = {
  machineTypes: [
    { name: 'cax21', offers: offers(7.99) },
    { name: 'cax41', offers: offers(31.49) },
  ],
  balancers: offers(5.39),
  addresses: offers(0.5),
};
const machine = (change: Partial<Machine> = {}): Machine => ({
  pool: 'web',
  role: 'worker',
  slot: 1,
  generation: 1,
  id: '1',
  name: 'demo-web-1-abc123',
  type: 'cax21',
  location: 'fsn1',
  status: 'running',
  publicAddress: '203.0.113.7',
  privateAddress: '10.0.0.2',
  labels: {},
  createdAt: '2026-11-20T10:00:00Z',
  ...change,
});
const toCome = (...types: string[]): DesiredMachine => ({
  pool: 'web',
  role: 'worker',
  slot: 2,
  generation: 1,
  name: 'demo-web-2-abc123',
  types,
  location: 'fsn1',
  image: 'ubuntu-26.04',
  labels: {},
});
const nothing = { apiBalancer: undefined, made: [] };

describe('what a cluster costs', () => {
  it('is that of machines as they are, whatever the file says now', () => {
    const { now, then, difference } = priceChange(
      { current: [machine()], missing: [], excess: [], standbys: noStandbys },
      list,
      nothing,
    );
    expect(now).toEqual({ machines: 7.99, loadBalancers: 0, addresses: 0.5, volumes: 0, total: 8.49, unknown: 0 });
    expect(then).toEqual(now);
    expect(difference).toBe(0);
  });

  it('counts a machine in quarantine as long as it stays', () => {
    const held = [machine({ name: 'demo-web-2-abc123', slot: 2 })];
    const { now, then } = priceChange(
      { current: [machine()], held, missing: [], excess: [], standbys: noStandbys },
      list,
      nothing,
    );
    expect(now.machines).toBeCloseTo(15.98);
    expect(then).toEqual(now);
  });

  it('takes machines to come for what is to be had now, of their types and then of their locations', () => {
    const soldOut = (name: string, monthly: number, at: string) => ({
      name,
      offers: offers(monthly).map((one) => ({ ...one, available: one.location !== at })),
    });
    const then = (missing: DesiredMachine) =>
      priceChange(
        { current: [], missing: [missing], excess: [], standbys: noStandbys },
        { ...list, machineTypes: [soldOut('cax21', 7.99, 'fsn1'), soldOut('cax41', 31.49, 'hel1')] },
        nothing,
      ).then.machines;
    expect(then(toCome('cax21', 'cax41'))).toBe(31.49);
    expect(then({ ...toCome('cax21'), elsewhere: ['hel1'] })).toBe(8.99);
    expect(then(toCome('cax21'))).toBe(7.99);
  });

  it('changes by the machines that come, of their first type, and by those that go', () => {
    const { now, then, difference } = priceChange(
      {
        current: [machine()],
        missing: [toCome('cax41', 'cax21')],
        excess: [machine({ location: 'hel1' })],
        standbys: noStandbys,
      },
      list,
      nothing,
    );
    expect(now).toMatchObject({ machines: 16.98, addresses: 2, total: 18.98 });
    expect(then).toMatchObject({ machines: 39.48, addresses: 1, total: 40.48 });
    expect(difference).toBe(21.5);
  });

  it('includes the balancer of the API once there is to be one, and what the cluster made itself', () => {
    const made = [
      { kind: 'volume' as const, monthly: 0.44 },
      { kind: 'volume' as const, monthly: 4.4 },
      { kind: 'load-balancer' as const, monthly: 5.39 },
    ];
    const machines = { current: [machine()], missing: [], excess: [], standbys: noStandbys };
    const before = priceChange(machines, list, { made, apiBalancer: { location: 'hel1', exists: false } });
    expect(before.now).toMatchObject({ loadBalancers: 5.39, volumes: 4.84 });
    expect(before.then).toMatchObject({ loadBalancers: 11.78, volumes: 4.84 });
    expect(before.difference).toBe(6.39);
    const after = priceChange(machines, list, { made, apiBalancer: { location: 'hel1', exists: true } });
    expect(after.now).toEqual(before.then);
    expect(after.difference).toBe(0);
  });

  it('leaves out, and counts, machines of a type that the catalogue no longer has', () => {
    const { now } = priceChange(
      { current: [machine({ type: 'cx11' })], missing: [], excess: [], standbys: noStandbys },
      list,
      nothing,
    );
    expect(now).toMatchObject({ machines: 0, unknown: 1 });
  });

  it('has no IPv4 address where a machine has none', () => {
    const { now } = priceChange(
      { current: [machine({ publicAddress: '2001:db8::1' })], missing: [], excess: [], standbys: noStandbys },
      list,
      nothing,
    );
    expect(now.addresses).toBe(0);
  });
});
