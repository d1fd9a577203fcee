import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { publicKey, Rig, type Created, type WireAction, type WireServer } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

const order = { name: 'web-1', server_type: 'cx23', image: 'ubuntu-24.04', location: 'fsn1' };
const look = async (id: number): Promise<WireServer> =>
  (await rig.get<{ server: WireServer }>(`/servers/${id}`)).body.server;
const actionOf = async (id: number): Promise<WireAction> =>
  (await rig.get<{ action: WireAction }>(`/actions/${id}`)).body.action;

describe('a server that is created', () => {
  it('is initializing at first, and runs when its action and all that follow have ended', async () => {
    const network = await rig.network();
    const { status, body } = await rig.post<Created>('/servers', { ...order, networks: [network] });
    expect(status).toBe(201);
    expect(body.server).toMatchObject({ status: 'initializing', locked: true, private_net: [] });
    expect([body.action.command, body.action.status]).toEqual(['create_server', 'running']);
    expect(body.next_actions.map((one) => one.command)).toEqual(['start_server', 'attach_to_network']);

    rig.clock.advance(4_500);
    expect((await actionOf(body.action.id)).progress).toBe(50);
    expect(rig.host.calls).toEqual([]);
    rig.clock.advance(4_500);
    expect(await look(body.server.id)).toMatchObject({ status: 'starting', private_net: [] });
    expect(rig.host.calls).toEqual(['create web-1']);
    rig.clock.advance(1_000);
    const server = await look(body.server.id);
    expect(server).toMatchObject({ status: 'running', locked: false, private_net: [{ network, ip: '10.0.0.2' }] });
    expect(rig.host.calls).toEqual(['create web-1', 'attach 10.0.0.2 to web-1']);
    for (const { id } of [body.action, ...body.next_actions]) {
      expect(await actionOf(id)).toMatchObject({ status: 'success', progress: 100, error: null });
    }
  });

  it('hands its machine what it was ordered with', async () => {
    await rig.post('/ssh_keys', { name: 'mine', public_key: publicKey });
    const server = await rig.server('arm-1', {
      server_type: 'cax21',
      ssh_keys: ['mine'],
      user_data: '#cloud-config\n',
    });
    expect(rig.host.specs.get(server.id)).toEqual({
      id: server.id,
      name: 'arm-1',
      image: 'ubuntu-24.04',
      architecture: 'arm64',
      cores: 4,
      memoryMiB: 8192,
      diskGB: 80,
      userData: '#cloud-config\n',
      sshKeys: [publicKey],
      publicAddress: server.public_net.ipv4?.ip,
    });
  });

  it('gets a root password only when it was given no key', async () => {
    await rig.post('/ssh_keys', { name: 'mine', public_key: publicKey });
    const without = await rig.post<Created>('/servers', order);
    expect(without.body.root_password).toMatch(/^\S{12,}$/);
    const withKey = await rig.post<Created>('/servers', { ...order, name: 'web-2', ssh_keys: ['mine'] });
    expect(withKey.body.root_password).toBeNull();
  });

  it('stays off when it is not to be started, and its machine is made by the first power on', async () => {
    const server = await rig.server('later', { start_after_create: false });
    expect(server.status).toBe('off');
    expect(rig.host.calls).toEqual([]);
    await rig.post(`/servers/${server.id}/actions/poweron`);
    rig.settle();
    expect((await look(server.id)).status).toBe('running');
    expect(rig.host.calls).toEqual(['create later']);
  });

  it('gets a public address that nobody ever had', async () => {
    const first = await rig.server('a');
    await rig.delete(`/servers/${first.id}`);
    rig.settle();
    const second = await rig.server('a');
    expect(first.public_net.ipv4?.ip).toBe('198.18.0.1');
    expect(second.public_net.ipv4?.ip).toBe('198.18.0.2');
    expect(second.public_net.ipv6?.ip).toBe('2001:db8:0:2::/64');
  });
});

describe('an order that is refused', () => {
  const refused: [string, object, string][] = [
    ['a name that is no host name', { name: 'web_1' }, '422 invalid_input'],
    ['an unknown type', { server_type: 'cx1' }, '422 invalid_input'],
    ['an unknown location', { location: 'mars1' }, '422 invalid_input'],
    ['a type that is not offered there', { location: 'ash' }, '422 invalid_input'],
    ['an unknown image', { image: 'windows-95' }, '422 invalid_input'],
    ['an image for the other architecture', { image: 161547270 }, '422 invalid_input'],
    ['an unknown SSH key', { ssh_keys: ['nobody'] }, '404 not_found'],
    ['an unknown network', { networks: [1] }, '404 not_found'],
    ['an unknown firewall', { firewalls: [{ firewall: 1 }] }, '404 not_found'],
    ['user data over 32 KiB', { user_data: 'ä'.repeat(16 * 1024 + 1) }, '422 invalid_input'],
    ['a reserved label', { labels: { 'hetzner.cloud/mine': 'x' } }, '422 invalid_input'],
    ['neither address nor network', { public_net: { enable_ipv4: false, enable_ipv6: false } }, '422 invalid_input'],
  ];
  it.each(refused)('names %s and bills nothing', async (_what, change, answer) => {
    expect(await rig.refusal('POST', '/servers', { ...order, ...change })).toBe(answer);
    expect((await rig.get<{ servers: [] }>('/servers')).body.servers).toEqual([]);
  });

  it('takes 32 KiB of user data to the byte', async () => {
    const { status } = await rig.post('/servers', { ...order, user_data: 'a'.repeat(32 * 1024) });
    expect(status).toBe(201);
  });

  it('names every wrong field at once', async () => {
    const answer = await rig.post<{ error: { details: { fields: { name: string }[] } } }>('/servers', { labels: 3 });
    expect(answer.body.error.details.fields.map((field) => field.name).sort()).toEqual([
      'image',
      'labels',
      'name',
      'server_type',
    ]);
  });

  it('knows a name that is taken, even by one that is just going', async () => {
    const server = await rig.server('web-1');
    expect(await rig.refusal('POST', '/servers', order)).toBe('409 uniqueness_error');
    await rig.delete(`/servers/${server.id}`);
    expect(await rig.refusal('POST', '/servers', order)).toBe('409 uniqueness_error');
    rig.clock.advance(3_000);
    expect((await rig.post('/servers', order)).status).toBe(201);
  });

  it('stops at the account’s limit', async () => {
    rig.cloud.setLimits({ servers: 1 });
    await rig.server('web-1');
    expect(await rig.refusal('POST', '/servers', { ...order, name: 'web-2' })).toBe('403 resource_limit_exceeded');
  });
});

describe('a server that is changed', () => {
  it('answers locked while an action of its runs', async () => {
    const { body } = await rig.post<Created>('/servers', order);
    const path = `/servers/${body.server.id}`;
    expect(await rig.refusal('POST', `${path}/actions/reboot`)).toBe('423 locked');
    expect(await rig.refusal('DELETE', path)).toBe('423 locked');
    rig.settle();
    expect((await rig.post(`${path}/actions/reboot`)).status).toBe(201);
    expect(rig.host.calls.at(-1)).toBe('reboot web-1');
  });

  it('goes off by itself some time after a shutdown that succeeded at once', async () => {
    const server = await rig.server('web-1');
    const { body } = await rig.post<{ action: WireAction }>(`/servers/${server.id}/actions/shutdown`);
    rig.clock.advance(1_000);
    expect((await actionOf(body.action.id)).status).toBe('success');
    expect((await look(server.id)).status).toBe('running');
    rig.clock.advance(2_000);
    expect((await look(server.id)).status).toBe('off');
  });

  it('does not go off when it was reset meanwhile', async () => {
    const server = await rig.server('web-1');
    await rig.post(`/servers/${server.id}/actions/shutdown`);
    rig.clock.advance(1_000);
    await rig.post(`/servers/${server.id}/actions/reset`);
    rig.settle();
    expect((await look(server.id)).status).toBe('running');
    expect(rig.host.calls.slice(-2)).toEqual(['powerOff web-1', 'powerOn web-1']);
  });

  it('loses power and gets it back', async () => {
    const server = await rig.server('web-1');
    await rig.post(`/servers/${server.id}/actions/poweroff`);
    expect((await look(server.id)).status).toBe('stopping');
    rig.settle();
    expect((await look(server.id)).status).toBe('off');
    expect(await rig.refusal('POST', `/servers/${server.id}/actions/reboot`)).toBe('422 unsupported_error');
    await rig.post(`/servers/${server.id}/actions/poweron`);
    rig.settle();
    expect(rig.host.calls.slice(-2)).toEqual(['powerOff web-1', 'powerOn web-1']);
  });

  it('grows only while it is off, only within its architecture, and never to a smaller disk', async () => {
    const server = await rig.server('web-1', { server_type: 'cx33' });
    const path = `/servers/${server.id}/actions/change_type`;
    const to = (server_type: string) => ({ server_type, upgrade_disk: false });
    expect(await rig.refusal('POST', path, to('cx43'))).toBe('422 server_not_stopped');
    await rig.post(`/servers/${server.id}/actions/poweroff`);
    rig.settle();
    expect(await rig.refusal('POST', path, to('cx23'))).toBe('422 invalid_server_type');
    expect(await rig.refusal('POST', path, to('cax31'))).toBe('422 invalid_server_type');
    expect((await rig.post(path, to('cx43'))).status).toBe(201);
    rig.settle();
    expect(await look(server.id)).toMatchObject({ status: 'off', server_type: { name: 'cx43' } });
  });

  it('is kept by its protection until that is lifted', async () => {
    const server = await rig.server('web-1');
    const protect = (on: boolean) =>
      rig.post(`/servers/${server.id}/actions/change_protection`, { delete: on, rebuild: on });
    await protect(true);
    expect(await rig.refusal('DELETE', `/servers/${server.id}`)).toBe('423 protected');
    await protect(false);
    expect((await rig.delete(`/servers/${server.id}`)).status).toBe(200);
  });

  it('is renamed, and never to a name that another has', async () => {
    const one = await rig.server('one');
    await rig.server('two');
    expect(await rig.refusal('PUT', `/servers/${one.id}`, { name: 'two' })).toBe('409 uniqueness_error');
    const { body } = await rig.put<{ server: WireServer }>(`/servers/${one.id}`, { name: 'three', labels: { a: 'b' } });
    expect(body.server).toMatchObject({ name: 'three', labels: { a: 'b' } });
  });
});

describe('a server that is deleted', () => {
  it('is deleting first, takes its own addresses with it and leaves the project’s', async () => {
    const kept = await rig.post<{ primary_ip: { id: number } }>('/primary_ips', {
      name: 'kept',
      type: 'ipv4',
      location: 'fsn1',
      assignee_type: 'server',
    });
    const volume = await rig.post<{ volume: { id: number } }>('/volumes', { name: 'data', size: 10, location: 'fsn1' });
    rig.settle();
    const server = await rig.server('web-1', {
      public_net: { ipv4: kept.body.primary_ip.id },
      volumes: [volume.body.volume.id],
    });
    expect(server.volumes).toEqual([volume.body.volume.id]);
    await rig.delete(`/servers/${server.id}`);
    expect((await look(server.id)).status).toBe('deleting');
    expect(rig.host.calls.at(-1)).toBe('delete web-1');
    rig.clock.advance(3_000);
    expect(await rig.refusal('GET', `/servers/${server.id}`)).toBe('404 not_found');
    const left = await rig.get<{ primary_ips: { name: string; assignee_type: string }[] }>('/primary_ips');
    expect(left.body.primary_ips).toMatchObject([{ name: 'kept', assignee_type: 'unassigned', assignee_id: null }]);
    const free = await rig.get<{ volume: { server: null } }>(`/volumes/${volume.body.volume.id}`);
    expect(free.body.volume.server).toBeNull();
  });
});

describe('a snapshot', () => {
  it('is being created until its action ends, and serves for new servers then', async () => {
    const server = await rig.server('web-1');
    await rig.post(`/servers/${server.id}/actions/poweroff`);
    rig.settle();
    const { body } = await rig.post<{ image: { id: number; status: string } }>(
      `/servers/${server.id}/actions/create_image`,
      { description: 'prepared', labels: { role: 'node' } },
    );
    expect(body.image.status).toBe('creating');
    expect(await rig.refusal('POST', '/servers', { ...order, name: 'x', image: body.image.id })).toBe(
      '422 invalid_input',
    );
    rig.settle();
    const found = await rig.get<{ images: { id: number }[] }>('/images?type=snapshot&label_selector=role%3Dnode');
    expect(found.body.images.map((one) => one.id)).toEqual([body.image.id]);
    const second = await rig.server('web-2', { image: body.image.id });
    expect(rig.host.specs.get(second.id)?.image).toBe('ubuntu-24.04');
    expect((await rig.delete(`/images/${body.image.id}`)).status).toBe(204);
    expect(await rig.refusal('DELETE', '/images/161547269')).toBe('422 unsupported_error');
  });

  it('of a server that runs may not be readable: what is made from it does not boot', async () => {
    const server = await rig.server('web-1');
    const { body } = await rig.post<{ image: { id: number } }>(`/servers/${server.id}/actions/create_image`, {});
    rig.settle();
    const second = await rig.server('web-2', { image: body.image.id });
    expect(rig.host.specs.has(server.id)).toBe(true);
    expect(rig.host.specs.has(second.id)).toBe(false);
  });
});
