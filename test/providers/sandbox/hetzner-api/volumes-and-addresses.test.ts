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

interface WireVolume {
  readonly id: number;
  readonly status: string;
  readonly server: number | null;
  readonly size: number;
}
const volume = async (name: string, more: object = {}): Promise<number> => {
  const { status, body } = await rig.post<{ volume: WireVolume }>('/volumes', {
    name,
    size: 10,
    location: 'fsn1',
    ...more,
  });
  expect(status).toBe(201);
  rig.settle();
  return body.volume.id;
};
const look = async (id: number): Promise<WireVolume> =>
  (await rig.get<{ volume: WireVolume }>(`/volumes/${id}`)).body.volume;
const act = (id: number, verb: string, body?: object) =>
  rig.post<{ action: WireAction }>(`/volumes/${id}/actions/${verb}`, body);

describe('a volume', () => {
  it('made for a server is attached when it is ready', async () => {
    const server = await rig.server('a');
    const { body } = await rig.post<{ volume: WireVolume; next_actions: WireAction[] }>('/volumes', {
      name: 'data',
      size: 20,
      server: server.id,
    });
    expect(body.volume).toMatchObject({ status: 'creating', server: null });
    expect(body.next_actions.map((one) => one.command)).toEqual(['attach_volume']);
    rig.settle();
    expect(await look(body.volume.id)).toMatchObject({ status: 'available', server: server.id });
  });

  it('is attached to one server, in its own location, and deleted only when it is free', async () => {
    const id = await volume('data');
    const [near, far] = [await rig.server('near'), await rig.server('far', { location: 'hel1' })];
    const attach = `/volumes/${id}/actions/attach`;
    expect(await rig.refusal('POST', attach, { server: far.id })).toBe('422 invalid_input');
    await act(id, 'attach', { server: near.id });
    expect(await rig.refusal('POST', attach, { server: near.id })).toBe('423 locked');
    rig.settle();
    expect(await rig.refusal('POST', attach, { server: near.id })).toBe('422 volume_already_attached');
    expect(await rig.refusal('DELETE', `/volumes/${id}`)).toBe('422 volume_still_attached');
    await act(id, 'detach');
    rig.settle();
    expect((await look(id)).server).toBeNull();
    expect((await rig.delete(`/volumes/${id}`)).status).toBe(204);
  });

  it('is the sixteenth at most', async () => {
    const server = await rig.server('a');
    for (let i = 0; i < 16; i++) await volume(`v-${i}`, { server: server.id, location: undefined });
    const last = await volume('last');
    expect(await rig.refusal('POST', `/volumes/${last}/actions/attach`, { server: server.id })).toBe(
      '403 resource_limit_exceeded',
    );
  });

  it('has 10 to 10240 GB and only grows', async () => {
    for (const size of [9, 10_241, 10.5]) {
      const order = { name: 'v', size, location: 'fsn1' };
      expect(await rig.refusal('POST', '/volumes', order)).toBe('422 invalid_input');
    }
    const id = await volume('v');
    expect(await rig.refusal('POST', `/volumes/${id}/actions/resize`, { size: 10 })).toBe('422 invalid_input');
    await act(id, 'resize', { size: 11 });
    rig.settle();
    expect((await look(id)).size).toBe(11);
    await act(id, 'change_protection', { delete: true });
    expect(await rig.refusal('DELETE', `/volumes/${id}`)).toBe('423 protected');
  });
});

describe('a primary IP', () => {
  const order = { name: 'ip', type: 'ipv4', location: 'fsn1', assignee_type: 'server' };
  interface WireIp {
    readonly id: number;
    readonly ip: string;
    readonly assignee_id: number | null;
    readonly assignee_type: string;
  }
  const make = async (more: object = {}): Promise<WireIp> =>
    (await rig.post<{ primary_ip: WireIp }>('/primary_ips', { ...order, ...more })).body.primary_ip;

  it('moves only between servers that are off, and is deleted only when it is free', async () => {
    const ip = await make();
    expect(ip.assignee_type).toBe('unassigned');
    const path = `/primary_ips/${ip.id}`;
    const server = await rig.server('a');
    const desired = { assignee_type: 'server', assignee_id: server.id };
    expect(await rig.refusal('POST', `${path}/actions/assign`, desired)).toBe('422 server_not_stopped');
    await rig.post(`/servers/${server.id}/actions/poweroff`);
    rig.settle();
    expect(await rig.refusal('POST', `${path}/actions/assign`, desired)).toBe('422 server_has_ipv4');
    await rig.post(`/primary_ips/${server.public_net.ipv4?.id ?? 0}/actions/unassign`);
    rig.settle();
    expect((await rig.post(`${path}/actions/assign`, desired)).status).toBe(201);
    rig.settle();
    const { body } = await rig.get<{ server: WireServer }>(`/servers/${server.id}`);
    expect(body.server.public_net.ipv4?.ip).toBe(ip.ip);
    expect(await rig.refusal('DELETE', path)).toBe('422 must_be_unassigned');
    await rig.post(`${path}/actions/unassign`);
    rig.settle();
    expect((await rig.delete(path)).status).toBe(204);
  });

  it('fits a new server only if it is free, of the right version and in its place', async () => {
    const [v6, far, taken] = [
      await make({ name: 'v6', type: 'ipv6' }),
      await make({ name: 'far', location: 'hel1' }),
      await make({ name: 'taken' }),
    ];
    const server = { name: 'a', server_type: 'cx23', image: 'debian-13', location: 'fsn1' };
    const withIp = (ipv4: number) => ({ ...server, public_net: { ipv4 } });
    expect(await rig.refusal('POST', '/servers', withIp(v6.id))).toBe('412 primary_ip_version_mismatch');
    expect(await rig.refusal('POST', '/servers', withIp(far.id))).toBe('422 primary_ip_datacenter_mismatch');
    expect((await rig.post('/servers', withIp(taken.id))).status).toBe(201);
    expect(await rig.refusal('POST', '/servers', { ...withIp(taken.id), name: 'b' })).toBe('422 primary_ip_assigned');
  });

  it('is protected and found by its address', async () => {
    const ip = await make();
    await rig.post(`/primary_ips/${ip.id}/actions/change_protection`, { delete: true });
    expect(await rig.refusal('DELETE', `/primary_ips/${ip.id}`)).toBe('423 protected');
    const found = await rig.get<{ primary_ips: WireIp[] }>(`/primary_ips?ip=${ip.ip}`);
    expect(found.body.primary_ips.map((one) => one.id)).toEqual([ip.id]);
    const changed = await rig.put<{ primary_ip: { auto_delete: boolean } }>(`/primary_ips/${ip.id}`, {
      auto_delete: true,
    });
    expect(changed.body.primary_ip.auto_delete).toBe(true);
  });
});
