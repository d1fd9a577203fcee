import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

describe('who answers', () => {
  it('at a private address is the server that has it, for its neighbours, while its port listens', async () => {
    const network = await rig.network();
    const a = await rig.server('a', { networks: [network] });
    const b = await rig.server('b', { networks: [network] });
    const stranger = await rig.server('stranger');
    const address = b.private_net[0]?.ip ?? '';
    expect(rig.cloud.resolve(a.id, address, 6443)).toEqual([]);
    rig.host.listen(b.id, 6443);
    expect(rig.cloud.resolve(a.id, address, 6443)).toEqual([b.id]);
    expect(rig.cloud.resolve(b.id, address, 6443)).toEqual([b.id]);
    expect(rig.cloud.resolve(stranger.id, address, 6443)).toEqual([]);
    await rig.post(`/servers/${b.id}/actions/poweroff`);
    expect(rig.cloud.resolve(a.id, address, 6443)).toEqual([]);
  });

  it('on another network with the same addresses is somebody else', async () => {
    const [one, two] = [await rig.network('one'), await rig.network('two')];
    const [a, b] = [await rig.server('a', { networks: [one] }), await rig.server('b', { networks: [two] })];
    expect(a.private_net[0]?.ip).toBe(b.private_net[0]?.ip);
    for (const server of [a, b]) {
      rig.host.listen(server.id, 22);
      expect(rig.cloud.resolve(server.id, '10.0.0.2', 22)).toEqual([server.id]);
    }
  });

  it('at a public address depends on its firewalls, which a private address does not care for', async () => {
    const network = await rig.network();
    const wall = await rig.post<{ firewall: { id: number } }>('/firewalls', { name: 'wall', rules: [] });
    rig.settle();
    const a = await rig.server('a', { networks: [network] });
    const b = await rig.server('b', {
      networks: [network],
      firewalls: [{ firewall: wall.body.firewall.id }],
    });
    rig.host.listen(b.id, 22);
    expect(rig.cloud.resolve(a.id, b.public_net.ipv4?.ip ?? '', 22)).toEqual([]);
    expect(rig.cloud.resolve(a.id, b.private_net[0]?.ip ?? '', 22)).toEqual([b.id]);
    await rig.post(`/firewalls/${wall.body.firewall.id}/actions/set_rules`, {
      rules: [{ direction: 'in', protocol: 'tcp', port: '22', source_ips: ['198.18.0.0/15'] }],
    });
    rig.settle();
    expect(rig.cloud.resolve(a.id, b.public_net.ipv4?.ip ?? '', 22)).toEqual([b.id]);
  });
});

it('tells a cloud controller what it needs of a server, and nothing of one that is gone', async () => {
  const network = await rig.network();
  const server = await rig.server('a', { networks: [network] });
  expect(rig.cloud.server(server.id)).toEqual({
    name: 'a',
    publicAddress: '198.18.0.1',
    privateAddress: '10.0.0.2',
    type: 'cx23',
    location: 'fsn1',
  });
  await rig.delete(`/servers/${server.id}`);
  rig.settle();
  expect(rig.cloud.server(server.id)).toBeUndefined();
  expect(rig.cloud.allowed(server.id, 22, '203.0.113.1')).toBe(false);
});
