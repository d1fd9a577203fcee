import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { publicKey, Rig, type Meta, type WireAction } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

type Groups = Meta & { readonly placement_groups: readonly { readonly id: number; readonly name: string }[] };
const group = (name: string, labels: object = {}) => rig.post('/placement_groups', { name, type: 'spread', labels });
const names = async (query: string): Promise<string[]> =>
  (await rig.get<Groups>(`/placement_groups${query}`)).body.placement_groups.map((one) => one.name);

describe('a list', () => {
  it('comes in pages of 25 that know of each other', async () => {
    rig.cloud.setLimits({ placementGroups: 60 });
    for (let i = 10; i < 62; i++) await group(`g-${i}`);
    const first = await rig.get<Groups>('/placement_groups');
    expect(first.body.placement_groups).toHaveLength(25);
    expect(first.body.meta.pagination).toEqual({
      page: 1,
      per_page: 25,
      previous_page: null,
      next_page: 2,
      last_page: 3,
      total_entries: 52,
    });
    expect(first.headers.get('link')).toBe(
      `<${rig.base}/placement_groups?page=2&per_page=25>; rel="next", ` +
        `<${rig.base}/placement_groups?page=3&per_page=25>; rel="last"`,
    );
    expect(await names('?page=3')).toEqual(['g-60', 'g-61']);
    expect(await names('?page=4')).toEqual([]);
    expect(await names('?per_page=500')).toHaveLength(50);
    expect(await rig.refusal('GET', '/placement_groups?page=0')).toBe('422 invalid_input');
  });

  it('is narrowed down by an exact name and by labels, and sorted as asked', async () => {
    await group('b', { env: 'prod', tier: 'web' });
    await group('a', { env: 'test' });
    await group('c', {});
    expect(await names('?name=a')).toEqual(['a']);
    expect(await names('?name=')).toEqual([]);
    expect(await names(`?label_selector=${encodeURIComponent('env in (prod,test),!tier')}`)).toEqual(['a']);
    expect(await names('?sort=name')).toEqual(['a', 'b', 'c']);
    expect(await names('?sort=name:desc')).toEqual(['c', 'b', 'a']);
    expect(await rig.refusal('GET', '/placement_groups?sort=colour')).toBe('422 invalid_input');
    expect(await rig.refusal('GET', '/placement_groups?label_selector=a%3D%3D%3Db')).toBe('422 invalid_input');
  });

  it('finds a key by its fingerprint, and refuses a second one of the same', async () => {
    const { body } = await rig.post<{ ssh_key: { id: number; fingerprint: string } }>('/ssh_keys', {
      name: 'mine',
      public_key: publicKey,
    });
    // As `ssh-keygen -E md5 -l` prints it.
    expect(body.ssh_key.fingerprint).toBe('0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba');
    const found = await rig.get<{ ssh_keys: object[] }>(`/ssh_keys?fingerprint=${body.ssh_key.fingerprint}`);
    expect(found.body.ssh_keys).toHaveLength(1);
    const again = await rig.post<{ error: object }>('/ssh_keys', { name: 'other', public_key: publicKey });
    expect(again.body.error).toMatchObject({ code: 'uniqueness_error', details: { fields: [{ name: 'public_key' }] } });
    for (const public_key of ['ssh-ed25519 AAAA', 'hello', publicKey.replace('ssh-ed25519', 'ssh-rsa')]) {
      expect(await rig.refusal('POST', '/ssh_keys', { name: 'x', public_key })).toBe('422 invalid_input');
    }
    expect((await rig.delete(`/ssh_keys/${body.ssh_key.id}`)).status).toBe(204);
    expect(await rig.refusal('DELETE', `/ssh_keys/${body.ssh_key.id}`)).toBe('404 not_found');
  });
});

describe('actions', () => {
  it('are asked for by id, many at once, and never listed without one', async () => {
    const server = await rig.server('a');
    const all = await rig.get<{ actions: WireAction[] }>(`/servers/${server.id}/actions?sort=command:desc`);
    expect(all.body.actions.map((one) => one.command)).toEqual(['start_server', 'create_server']);
    const ids = all.body.actions.map((one) => `id=${one.id}`).join('&');
    const both = await rig.get<{ actions: WireAction[] }>(`/actions?${ids}&id=1`);
    expect(both.body.actions).toHaveLength(2);
    expect(await rig.refusal('GET', '/actions')).toBe('410 deprecated_api_endpoint');
    const id = all.body.actions[0]?.id ?? 0;
    for (const path of [`/actions/${id}`, `/servers/actions/${id}`, `/servers/${server.id}/actions/${id}`]) {
      expect((await rig.get<{ action: WireAction }>(path)).body.action.id).toBe(id);
    }
    expect(await rig.refusal('GET', `/networks/actions/${id}`)).toBe('404 not_found');
    expect(await rig.refusal('GET', '/servers/1/actions')).toBe('404 not_found');
  });

  it('show nobody the cloud’s own work', async () => {
    const server = await rig.server('a');
    await rig.post(`/servers/${server.id}/actions/shutdown`);
    rig.settle();
    const { body } = await rig.get<{ actions: WireAction[] }>('/servers/actions');
    expect(body.actions.map((one) => one.command)).toEqual(['create_server', 'start_server', 'shutdown_server']);
  });
});

describe('the catalogue', () => {
  it('offers each type somewhere, at a price for everywhere it is offered', async () => {
    const { body } = await rig.get<{
      server_types: {
        name: string;
        locations: { name: string; available: boolean }[];
        prices: { location: string; price_monthly: { net: string; gross: string } }[];
      }[];
    }>('/server_types?per_page=50');
    expect(body.server_types.length).toBeGreaterThan(20);
    for (const type of body.server_types) {
      expect(type.locations.length).toBeGreaterThan(0);
      expect(type.prices.map((one) => one.location)).toEqual(type.locations.map((one) => one.name));
    }
    const cx23 = body.server_types.find((type) => type.name === 'cx23');
    expect(cx23?.prices[0]?.price_monthly).toEqual({ net: '3.4900000000', gross: '4.1531000000' });
    expect(cx23?.locations.map((one) => one.name)).toEqual(['fsn1', 'nbg1', 'hel1']);
  });

  it('drops a type where its time is over', async () => {
    const places = async () =>
      (
        await rig.get<{ server_types: { locations: { name: string; deprecation: object | null }[] }[] }>(
          '/server_types?name=cpx21',
        )
      ).body.server_types[0]?.locations;
    expect((await places())?.map((one) => [one.name, one.deprecation !== null])).toEqual([
      ['fsn1', true],
      ['nbg1', true],
      ['hel1', true],
      ['ash', false],
      ['hil', false],
    ]);
    rig.clock.advance(Date.parse('2036-01-02T00:00:00Z') - rig.clock.now());
    expect((await places())?.map((one) => one.name)).toEqual(['ash', 'hil']);
    const order = { name: 'a', server_type: 'cpx21', image: 'debian-13' };
    expect(await rig.refusal('POST', '/servers', { ...order, location: 'fsn1' })).toBe('422 invalid_input');
    expect((await rig.post('/servers', { ...order, location: 'ash' })).status).toBe(201);
  });

  it('has system images for both architectures under one name', async () => {
    const { body } = await rig.get<{ images: { name: string; architecture: string }[] }>(
      '/images?type=system&name=ubuntu-26.04',
    );
    expect(body.images.map((one) => one.architecture)).toEqual(['x86', 'arm']);
  });

  it('answers what there is none of with empty lists, and what is no more with 410', async () => {
    for (const kind of ['isos', 'certificates']) {
      expect((await rig.get<Record<string, object[]>>(`/${kind}`)).body[kind]).toEqual([]);
    }
    expect(await rig.refusal('GET', '/datacenters')).toBe('410 deprecated_api_endpoint');
    expect(await rig.refusal('GET', '/isos/7')).toBe('404 not_found');
  });

  it('tells prices and places', async () => {
    const pricing = await rig.get<{ pricing: { currency: string; server_types: object[] } }>('/pricing');
    expect(pricing.body.pricing.currency).toBe('EUR');
    const one = await rig.get<{ location: { country: string } }>('/locations/3');
    expect(one.body.location.country).toBe('FI');
    const types = await rig.get<{ load_balancer_types: { name: string }[] }>('/load_balancer_types');
    expect(types.body.load_balancer_types.map((type) => type.name)).toEqual(['lb11', 'lb21', 'lb31']);
    expect((await rig.get('/load_balancer_types/1')).status).toBe(200);
    expect((await rig.get('/server_types/114')).status).toBe(200);
    expect((await rig.get('/images/161547269')).status).toBe(200);
  });
});

describe('a placement group', () => {
  it('has room for ten servers', async () => {
    await group('spread');
    const { body } = await rig.get<Groups>('/placement_groups');
    const id = body.placement_groups[0]?.id ?? 0;
    for (let i = 0; i < 10; i++) await rig.server(`s-${i}`, { placement_group: id });
    const order = { name: 's-10', server_type: 'cx23', image: 'debian-12', location: 'fsn1', placement_group: id };
    expect(await rig.refusal('POST', '/servers', order)).toBe('422 placement_error');
    expect((await rig.delete(`/placement_groups/${id}`)).status).toBe(204);
  });
});
