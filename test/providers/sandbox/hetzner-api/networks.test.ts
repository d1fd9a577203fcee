import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { profile, Rig, type Created, type WireAction, type WireServer } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

interface WireNetwork {
  readonly id: number;
  readonly ip_range: string;
  readonly subnets: readonly { readonly ip_range: string; readonly gateway: string }[];
  readonly servers: readonly number[];
}
const look = async (id: number): Promise<WireNetwork> =>
  (await rig.get<{ network: WireNetwork }>(`/networks/${id}`)).body.network;
const privateIp = async (server: number): Promise<string | undefined> =>
  (await rig.get<{ server: WireServer }>(`/servers/${server}`)).body.server.private_net[0]?.ip;
const attach = (server: number, network: number, more: object = {}) =>
  rig.post<{ action: WireAction }>(`/servers/${server}/actions/attach_to_network`, { network, ...more });

describe('a network', () => {
  const cloud = { type: 'cloud', network_zone: 'eu-central' };
  const refused: [string, object][] = [
    ['a range that is not private', { ip_range: '8.8.8.0/24' }],
    ['a range smaller than a /24', { ip_range: '10.0.0.0/25' }],
    ['a range with bits behind its prefix', { ip_range: '10.0.0.1/16' }],
    ['a subnet outside of it', { subnets: [{ ...cloud, ip_range: '10.1.0.0/24' }] }],
    ['a subnet smaller than a /30', { subnets: [{ ...cloud, ip_range: '10.0.0.0/31' }] }],
    [
      'subnets that overlap',
      {
        subnets: [
          { ...cloud, ip_range: '10.0.0.0/23' },
          { ...cloud, ip_range: '10.0.1.0/24' },
        ],
      },
    ],
    ['a subnet in an unknown zone', { subnets: [{ type: 'cloud', network_zone: 'moon' }] }],
  ];
  it.each(refused)('refuses %s', async (_what, change) => {
    const answer = await rig.refusal('POST', '/networks', { name: 'net', ip_range: '10.0.0.0/16', ...change });
    expect(answer).toBe('422 invalid_input');
  });

  it('gives a subnet without a range the first free /24, and every subnet the network’s gateway', async () => {
    const id = await rig.network();
    expect((await rig.post(`/networks/${id}/actions/add_subnet`, cloud)).status).toBe(201);
    expect((await look(id)).subnets).toMatchObject([
      { ip_range: '10.0.0.0/24', gateway: '10.0.0.1' },
      { ip_range: '10.0.1.0/24', gateway: '10.0.0.1' },
    ]);
  });

  it('only grows', async () => {
    const id = await rig.network('net', { ip_range: '10.0.0.0/16' });
    const path = `/networks/${id}/actions/change_ip_range`;
    expect(await rig.refusal('POST', path, { ip_range: '10.0.0.0/17' })).toBe('422 invalid_input');
    expect((await rig.post(path, { ip_range: '10.0.0.0/12' })).status).toBe(201);
    expect((await look(id)).ip_range).toBe('10.0.0.0/12');
  });

  it('answers conflict to whoever comes while it is being changed', async () => {
    const id = await rig.network();
    await rig.post(`/networks/${id}/actions/add_subnet`, cloud);
    expect(await rig.refusal('POST', `/networks/${id}/actions/add_subnet`, cloud)).toBe('409 conflict');
    rig.clock.advance(1_000);
    expect((await rig.post(`/networks/${id}/actions/add_subnet`, cloud)).status).toBe(201);
  });

  it('keeps a subnet that is in use', async () => {
    const id = await rig.network();
    await rig.server('a', { networks: [id] });
    expect(await rig.refusal('POST', `/networks/${id}/actions/delete_subnet`, { ip_range: '10.0.0.0/24' })).toBe(
      '422 resource_in_use',
    );
  });

  it('takes routes to what is not its own, and gives them up again', async () => {
    const id = await rig.network();
    const route = { destination: '192.168.7.0/24', gateway: '10.0.0.9' };
    expect((await rig.post(`/networks/${id}/actions/add_route`, route)).status).toBe(201);
    rig.settle();
    const bad = { destination: '10.0.0.0/25', gateway: '10.0.0.9' };
    expect(await rig.refusal('POST', `/networks/${id}/actions/add_route`, bad)).toBe('422 invalid_input');
    expect((await rig.post(`/networks/${id}/actions/delete_route`, route)).status).toBe(201);
  });

  it('detaches everybody when it is deleted, unless it is protected', async () => {
    const id = await rig.network();
    const server = await rig.server('a', { networks: [id] });
    await rig.post(`/networks/${id}/actions/change_protection`, { delete: true });
    expect(await rig.refusal('DELETE', `/networks/${id}`)).toBe('423 protected');
    await rig.post(`/networks/${id}/actions/change_protection`, { delete: false });
    expect((await rig.delete(`/networks/${id}`)).status).toBe(204);
    expect(await privateIp(server.id)).toBeUndefined();
    expect(rig.host.calls.at(-1)).toBe('detach a');
  });
});

describe('a private address', () => {
  it('is the first free one after the gateway, and free again when its server goes', async () => {
    const id = await rig.network();
    const [a, b] = [await rig.server('a', { networks: [id] }), await rig.server('b', { networks: [id] })];
    expect([await privateIp(a.id), await privateIp(b.id)]).toEqual(['10.0.0.2', '10.0.0.3']);
    await rig.delete(`/servers/${a.id}`);
    rig.settle();
    const c = await rig.server('c', { networks: [id] });
    expect(await privateIp(c.id)).toBe('10.0.0.2');
  });

  it('comes from a subnet in the server’s own zone', async () => {
    const id = await rig.network('net', {
      subnets: [
        { type: 'cloud', network_zone: 'us-east', ip_range: '10.0.5.0/24' },
        { type: 'cloud', network_zone: 'eu-central', ip_range: '10.0.9.0/24' },
      ],
    });
    const server = await rig.server('a', { networks: [id] });
    expect(await privateIp(server.id)).toBe('10.0.9.1');
  });

  it('can be asked for, if it is free and no gateway', async () => {
    const id = await rig.network();
    const server = await rig.server('a');
    const other = await rig.server('b', { networks: [id] });
    for (const ip of ['10.0.0.1', '10.0.0.0', '10.0.0.255', '10.7.0.1', (await privateIp(other.id)) ?? '']) {
      const path = `/servers/${server.id}/actions/attach_to_network`;
      expect(await rig.refusal('POST', path, { network: id, ip })).toBe('422 ip_not_available');
    }
    await attach(server.id, id, { ip: '10.0.0.77', alias_ips: ['10.0.0.78'] });
    rig.settle();
    const { body } = await rig.get<{ server: WireServer }>(`/servers/${server.id}`);
    expect(body.server.private_net).toMatchObject([{ network: id, ip: '10.0.0.77', alias_ips: ['10.0.0.78'] }]);
    expect(rig.host.calls.at(-1)).toBe('attach 10.0.0.77 to a');
    const path = `/servers/${server.id}/actions/change_alias_ips`;
    expect((await rig.post(path, { network: id, alias_ips: ['10.0.0.90'] })).status).toBe(201);
  });

  it('is missing from a server whose network has no subnet in its zone: the action says so, the server runs', async () => {
    const id = await rig.network('net', { subnets: [] });
    const { body } = await rig.post<Created>('/servers', {
      name: 'a',
      server_type: 'cx23',
      image: 'ubuntu-24.04',
      location: 'fsn1',
      networks: [id],
    });
    rig.settle();
    const actions = await rig.get<{ actions: WireAction[] }>(`/servers/${body.server.id}/actions?status=error`);
    expect(actions.body.actions).toMatchObject([
      { command: 'attach_to_network', error: { code: 'no_subnet_available' } },
    ]);
    expect((await look(id)).servers).toEqual([]);
    expect(await rig.refusal('POST', `/servers/${body.server.id}/actions/attach_to_network`, { network: id })).toBe(
      '422 no_subnet_available',
    );
  });
});

describe('attaching', () => {
  it('happens once, to networks that do not overlap, and to no more than three', async () => {
    const ids = [
      await rig.network('n1', { ip_range: '10.0.0.0/16', subnets: [{ type: 'cloud', network_zone: 'eu-central' }] }),
      await rig.network('n2', { ip_range: '10.1.0.0/16', subnets: [{ type: 'cloud', network_zone: 'eu-central' }] }),
      await rig.network('n3', { ip_range: '10.2.0.0/16', subnets: [{ type: 'cloud', network_zone: 'eu-central' }] }),
      await rig.network('n4', { ip_range: '10.3.0.0/16', subnets: [{ type: 'cloud', network_zone: 'eu-central' }] }),
    ];
    const same = await rig.network('n5', { ip_range: '10.0.0.0/12' });
    const server = await rig.server('a', { networks: [ids[0]] });
    const path = `/servers/${server.id}/actions/attach_to_network`;
    expect(await rig.refusal('POST', path, { network: ids[0] })).toBe('422 server_already_attached');
    expect(await rig.refusal('POST', path, { network: same })).toBe('422 networks_overlap');
    for (const id of ids.slice(1, 3)) {
      await attach(server.id, id);
      rig.settle();
    }
    expect(await rig.refusal('POST', path, { network: ids[3] })).toBe('403 resource_limit_exceeded');
    expect((await rig.post(`/servers/${server.id}/actions/detach_from_network`, { network: ids[0] })).status).toBe(201);
    rig.settle();
    expect(rig.host.calls.at(-1)).toBe('detach a');
    expect((await attach(server.id, ids[3] ?? 0)).status).toBe(201);
  });

  it('of several servers at once makes all but the first come back later', async () => {
    const id = await rig.network();
    const [a, b] = [await rig.server('a'), await rig.server('b')];
    expect((await attach(a.id, id)).status).toBe(201);
    expect(await rig.refusal('POST', `/servers/${b.id}/actions/attach_to_network`, { network: id })).toBe(
      '409 conflict',
    );
    rig.clock.advance(1_000);
    expect((await attach(b.id, id)).status).toBe(201);
  });

  it('ends at the network’s limit, counting servers that are still being made', async () => {
    const small = await new Rig({ profile: { ...profile, networkLimit: 2 } }).open();
    try {
      const id = await small.network();
      const order = { server_type: 'cx23', image: 'debian-13', location: 'hel1', networks: [id] };
      for (const name of ['a', 'b']) expect((await small.post('/servers', { ...order, name })).status).toBe(201);
      expect(await small.refusal('POST', '/servers', { ...order, name: 'c' })).toBe('403 resource_limit_exceeded');
    } finally {
      await small.close();
    }
  });
});
