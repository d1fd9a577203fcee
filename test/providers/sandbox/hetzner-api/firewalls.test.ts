import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Rig, type WireAction, type WireServer } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

const inbound = (port: string, ...source_ips: string[]) => ({ direction: 'in', protocol: 'tcp', port, source_ips });
const ssh = inbound('22', '203.0.113.0/24');

interface WireFirewall {
  readonly id: number;
  readonly rules: readonly { readonly source_ips: readonly string[] }[];
  readonly applied_to: readonly { readonly type: string }[];
}
const make = async (name: string, rules: readonly object[], more: object = {}): Promise<number> => {
  const { body } = await rig.post<{ firewall: WireFirewall }>('/firewalls', { name, rules, ...more });
  rig.settle();
  return body.firewall.id;
};
const on = (id: number) => ({ type: 'server', server: { id } });
const labelled = (selector: string) => ({ type: 'label_selector', label_selector: { selector } });
const act = (id: number, verb: string, body: object) =>
  rig.post<{ actions: WireAction[] }>(`/firewalls/${id}/actions/${verb}`, body);
const statusOn = async (server: number): Promise<readonly { status: string }[]> =>
  (await rig.get<{ server: WireServer }>(`/servers/${server}`)).body.server.public_net.firewalls;

describe('what comes through', () => {
  it('is everything without a firewall, and nothing with one that has no rule', async () => {
    const open = await rig.server('open');
    const closed = await rig.server('closed', { firewalls: [{ firewall: await make('none', []) }] });
    expect(rig.cloud.allowed(open.id, 22, '198.51.100.1')).toBe(true);
    expect(rig.cloud.allowed(closed.id, 22, '198.51.100.1')).toBe(false);
  });

  const cases: [string, object, number, string, boolean][] = [
    ['its port from its network', ssh, 22, '203.0.113.9', true],
    ['its port from elsewhere', ssh, 22, '198.51.100.1', false],
    ['another port', ssh, 6443, '203.0.113.9', false],
    ['the edge of a range of ports', inbound('1024-5000', '0.0.0.0/0'), 5000, '198.51.100.1', true],
    ['just beyond it', inbound('1024-5000', '0.0.0.0/0'), 5001, '198.51.100.1', false],
    ['IPv6 from its network', inbound('22', '2001:db8::/32'), 22, '2001:db8:7::1', true],
    ['IPv6 where only IPv4 is named', inbound('22', '0.0.0.0/0'), 22, '2001:db8:7::1', false],
    ['IPv4 as an IPv6 socket sees it', ssh, 22, '::ffff:203.0.113.9', true],
    ['TCP where only UDP is named', { ...ssh, protocol: 'udp' }, 22, '203.0.113.9', false],
    [
      'inbound where only outbound is named',
      { direction: 'out', protocol: 'tcp', port: '22', destination_ips: ['0.0.0.0/0'] },
      22,
      '203.0.113.9',
      false,
    ],
  ];
  it.each(cases)('%s', async (_what, rule, port, source, expected) => {
    const server = await rig.server('web', { firewalls: [{ firewall: await make('wall', [rule]) }] });
    expect(rig.cloud.allowed(server.id, port, source)).toBe(expected);
  });

  it('is what any of several firewalls lets in', async () => {
    const walls = [await make('one', [ssh]), await make('two', [inbound('80', '0.0.0.0/0')])];
    const server = await rig.server('web', { firewalls: walls.map((firewall) => ({ firewall })) });
    expect(rig.cloud.allowed(server.id, 22, '203.0.113.9')).toBe(true);
    expect(rig.cloud.allowed(server.id, 80, '198.51.100.1')).toBe(true);
  });

  it('follows new rules, which replace the old ones whole', async () => {
    const wall = await make('wall', [ssh]);
    const server = await rig.server('web', { firewalls: [{ firewall: wall }] });
    const { body } = await act(wall, 'set_rules', { rules: [inbound('80', '0.0.0.0/0')] });
    expect(body.actions.map((one) => one.command)).toEqual(['set_firewall_rules', 'apply_firewall']);
    rig.settle();
    expect(rig.cloud.allowed(server.id, 22, '203.0.113.9')).toBe(false);
    expect(rig.cloud.allowed(server.id, 80, '203.0.113.9')).toBe(true);
  });
});

describe('applying', () => {
  it('is pending until its action ends', async () => {
    const wall = await make('wall', []);
    const server = await rig.server('web');
    await act(wall, 'apply_to_resources', { apply_to: [on(server.id)] });
    expect(await statusOn(server.id)).toEqual([{ id: wall, status: 'pending' }]);
    expect(rig.cloud.allowed(server.id, 22, '203.0.113.9')).toBe(true);
    rig.settle();
    expect(await statusOn(server.id)).toEqual([{ id: wall, status: 'applied' }]);
    expect(rig.cloud.allowed(server.id, 22, '203.0.113.9')).toBe(false);
    await act(wall, 'remove_from_resources', { remove_from: [on(server.id)] });
    rig.settle();
    expect(await statusOn(server.id)).toEqual([]);
  });

  it('is refused twice, to nobody, and where there is no public interface', async () => {
    const wall = await make('wall', []);
    const network = await rig.network();
    const hidden = await rig.server('hidden', {
      networks: [network],
      public_net: { enable_ipv4: false, enable_ipv6: false },
    });
    const server = await rig.server('web', { firewalls: [{ firewall: wall }] });
    const path = `/firewalls/${wall}/actions/apply_to_resources`;
    expect(await rig.refusal('POST', path, { apply_to: [on(server.id)] })).toBe('422 firewall_already_applied');
    expect(await rig.refusal('POST', path, { apply_to: [on(1)] })).toBe('404 firewall_resource_not_found');
    expect(await rig.refusal('POST', path, { apply_to: [on(hidden.id)] })).toBe('422 private_net_only_server');
  });

  it('by label reaches new servers after a while, and can’t be undone by hand', async () => {
    const wall = await make('wall', [], { apply_to: [labelled('tier=web')] });
    const { body } = await rig.post<{ server: WireServer }>('/servers', {
      name: 'web',
      server_type: 'cx23',
      image: 'ubuntu-24.04',
      location: 'fsn1',
      labels: { tier: 'web' },
    });
    expect(await statusOn(body.server.id)).toEqual([]);
    rig.clock.advance(1_000);
    expect(await statusOn(body.server.id)).toEqual([{ id: wall, status: 'applied' }]);
    const path = `/firewalls/${wall}/actions/remove_from_resources`;
    expect(await rig.refusal('POST', path, { remove_from: [on(body.server.id)] })).toBe(
      '422 firewall_managed_by_label_selector',
    );
    rig.settle();
    await rig.put(`/servers/${body.server.id}`, { labels: {} });
    rig.settle();
    expect(await statusOn(body.server.id)).toEqual([]);
  });

  it('keeps a firewall from being deleted until the last server is gone', async () => {
    const wall = await make('wall', []);
    const server = await rig.server('web', { firewalls: [{ firewall: wall }] });
    expect(await rig.refusal('DELETE', `/firewalls/${wall}`)).toBe('422 resource_in_use');
    await rig.delete(`/servers/${server.id}`);
    expect(await rig.refusal('DELETE', `/firewalls/${wall}`)).toBe('422 resource_in_use');
    rig.settle();
    expect((await rig.delete(`/firewalls/${wall}`)).status).toBe(204);
  });

  it('stops at five firewalls for one server', async () => {
    const server = await rig.server('web');
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await act(await make(name, []), 'apply_to_resources', { apply_to: [on(server.id)] });
      rig.settle();
    }
    const sixth = await make('f', []);
    const path = `/firewalls/${sixth}/actions/apply_to_resources`;
    expect(await rig.refusal('POST', path, { apply_to: [on(server.id)] })).toBe('403 resource_limit_exceeded');
  });
});

describe('a rule', () => {
  const bad: [string, object][] = [
    ['an address without its prefix', inbound('22', '203.0.113.9')],
    ['bits behind the prefix', inbound('22', '203.0.113.9/24')],
    ['a number for a port', { ...ssh, port: 22 }],
    ['a port beyond 65535', inbound('65536', '0.0.0.0/0')],
    ['a range that runs backwards', inbound('90-80', '0.0.0.0/0')],
    ['no port for TCP', { ...ssh, port: undefined }],
    ['a port for ICMP', { ...ssh, protocol: 'icmp' }],
    ['no source', inbound('22')],
    ['over a hundred networks', inbound('22', ...Array.from({ length: 101 }, (_, i) => `10.0.${i}.0/24`))],
  ];
  it.each(bad)('is refused for %s', async (_what, rule) => {
    expect(await rig.refusal('POST', '/firewalls', { name: 'wall', rules: [rule] })).toBe('422 invalid_input');
  });

  it('is one of fifty at most', async () => {
    const rules = Array.from({ length: 51 }, () => ssh);
    expect(await rig.refusal('POST', '/firewalls', { name: 'wall', rules })).toBe('422 invalid_input');
  });

  it('shows IPv6 networks in their canonical form', async () => {
    const id = await make('wall', [inbound('22', '2001:0DB8:00ff:0042::/64')]);
    const { body } = await rig.get<{ firewall: WireFirewall }>(`/firewalls/${id}`);
    expect(body.firewall.rules[0]?.source_ips).toEqual(['2001:db8:ff:42::/64']);
  });
});
