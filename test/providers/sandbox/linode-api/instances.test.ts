import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { linodeApiAbsence } from '../../../support/openapi-linode.js';
import { type Listed, LinodeRig, type WireInstance } from './rig.js';

const absence = linodeApiAbsence();
if (absence) console.log(`skipped: answers are not compared with the official description, for ${absence}`);

let rig: LinodeRig;
beforeEach(async () => {
  rig = await new LinodeRig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==';
const order = { type: 'g6-standard-2', region: 'eu-central', image: 'linode/ubuntu24.04', authorized_keys: [key] };

describe('an instance of the sandbox’s Linode', () => {
  it('is provisioned, then boots, then runs, and tells of it by an event', async () => {
    const { body } = await rig.post<WireInstance>('/linode/instances', { ...order, label: 'web-1' });
    const status = async (): Promise<string> =>
      (await rig.get<WireInstance>(`/linode/instances/${body.id}`)).body.status;
    expect(body.status).toBe('provisioning');
    expect(rig.host.calls).toEqual([]);
    rig.clock.advance(9_000);
    expect(await status()).toBe('booting');
    rig.clock.advance(1_000);
    expect(await status()).toBe('running');
    const events = await rig.get<Listed<{ status: string }>>('/account/events', {
      action: 'linode_create',
      'entity.type': 'linode',
      'entity.id': body.id,
    });
    expect(events.body.data).toMatchObject([{ status: 'finished', percent_complete: 100 }]);
  });

  it('gets its user data decoded, its keys, and its address in the VPC', async () => {
    const { id: vpc, subnet } = await rig.vpc();
    const made = await rig.instance('web-1', {
      interface_generation: 'legacy_config',
      interfaces: [
        { purpose: 'public', primary: true },
        { purpose: 'vpc', subnet_id: subnet },
      ],
      metadata: { user_data: Buffer.from('#cloud-config\n').toString('base64') },
    });
    expect(made.has_user_data).toBe(true);
    expect(rig.host.specs.get(made.id)).toMatchObject({
      userData: '#cloud-config\n',
      sshKeys: [key],
      image: 'ubuntu-24.04',
    });
    expect(rig.host.calls).toEqual(['create web-1', 'attach 10.0.0.2 to web-1']);
    const { body } = await rig.get<Listed<object>>(`/vpcs/${vpc}/ips`);
    expect(body.data).toMatchObject([{ address: '10.0.0.2', linode_id: made.id, active: true }]);
  });

  it('is busy while something runs on it, and is gone a little after its delete', async () => {
    const { body } = await rig.post<WireInstance>('/linode/instances', order);
    expect(await rig.refusal('DELETE', `/linode/instances/${body.id}`)).toBe('400 Linode busy.');
    rig.settle();
    expect((await rig.delete(`/linode/instances/${body.id}`)).body).toEqual({});
    expect((await rig.get<WireInstance>(`/linode/instances/${body.id}`)).body.status).toBe('deleting');
    rig.settle();
    expect(await rig.refusal('GET', `/linode/instances/${body.id}`)).toBe('404 Not found');
  });

  it('stays off without an image, and can be shut down, booted and rebooted', async () => {
    const bare = await rig.post<WireInstance>('/linode/instances', { type: 'g6-nanode-1', region: 'eu-central' });
    rig.settle();
    expect((await rig.get<WireInstance>(`/linode/instances/${bare.body.id}`)).body.status).toBe('offline');
    const { id } = await rig.instance('web-1');
    await rig.post(`/linode/instances/${id}/shutdown`);
    rig.settle();
    expect(rig.host.powered.has(id)).toBe(false);
    await rig.post(`/linode/instances/${id}/boot`);
    rig.settle();
    await rig.post(`/linode/instances/${id}/reboot`);
    rig.settle();
    expect((await rig.get<WireInstance>(`/linode/instances/${id}`)).body.status).toBe('running');
    expect(rig.host.powered.has(id)).toBe(true);
  });

  it.each([
    [{ region: 'nowhere' }, '400 region: region is not valid'],
    [{ type: 'g6-none' }, '400 type: A valid plan type by that ID was not found'],
    [{ type: 'g7-premium-2' }, '400 type: A valid plan type by that ID was not found'],
    [{ authorized_keys: [] }, '400 Must provide valid root_pass, authorized_keys, or authorized_users'],
    [{ tags: ['ab'] }, '400 tags.0: Length must be 3-50 characters'],
    [{ label: 'taken' }, '400 label: Label must be unique among your linodes'],
  ])('is refused where %j', async (change, refused) => {
    await rig.instance('taken');
    expect(await rig.refusal('POST', '/linode/instances', { ...order, ...change })).toBe(refused);
  });

  it('is refused to a token that may only read, and to one that nobody knows', async () => {
    expect(await rig.refusal('POST', '/linode/instances', order, undefined, 'reader')).toBe(
      '401 Your OAuth token is not authorized to use this endpoint.',
    );
    expect(await rig.refusal('GET', '/linode/instances', undefined, undefined, 'nobody')).toBe('401 Invalid Token');
  });

  it('is found by its tags, and by no field that can’t be filtered', async () => {
    await rig.instance('web-1', { tags: ['slipway:cluster=demo', 'blue'] });
    await rig.instance('web-2', { tags: ['blue'] });
    const named = async (filter: object): Promise<string[]> =>
      (await rig.get<Listed<WireInstance>>('/linode/instances', filter)).body.data.map(({ label }) => label);
    expect(await named({ tags: 'slipway:cluster=demo' })).toEqual(['web-1']);
    expect(await named({ '+or': [{ label: 'web-2' }, { tags: { '+contains': 'cluster' } }] })).toEqual([
      'web-1',
      'web-2',
    ]);
    expect(await named({ tags: 'blue', '+order_by': 'label', '+order': 'desc' })).toEqual(['web-2', 'web-1']);
    expect(await rig.refusal('GET', '/linode/instances', undefined, { status: 'running' })).toBe(
      '400 X-Filter: Cannot filter on status',
    );
  });

  it('goes on being made after the sandbox was started again', async () => {
    const { body } = await rig.post<WireInstance>('/linode/instances', order);
    rig = await rig.reborn();
    rig.settle();
    expect((await rig.get<WireInstance>(`/linode/instances/${body.id}`)).body.status).toBe('running');
  });
});

describe('requests to the sandbox’s Linode', () => {
  it('are too many after twenty instances in a quarter of a minute, and say how long to wait', async () => {
    for (let i = 0; i < 20; i += 1) await rig.post('/linode/instances', order);
    const refused = await rig.post<object>('/linode/instances', order);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('15');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    rig.clock.advance(15_000);
    expect((await rig.post('/linode/instances', order)).status).toBe(200);
  });

  it('are answered in pages of 25 to 500', async () => {
    const { body } = await rig.get<Listed<object>>('/regions?page=2&page_size=25');
    expect(body).toMatchObject({ page: 2, pages: 2, results: 34 });
    expect(body.data).toHaveLength(9);
    expect(await rig.refusal('GET', '/regions?page_size=10')).toBe('400 page_size: Must be 25-500');
    expect(await rig.refusal('GET', '/regions?page=3&page_size=25')).toBe('404 Not found');
  });

  it('find regions with their countries, types and their prices, and what is sold out where', async () => {
    const { body } = await rig.get<{ country: string }>('/regions/eu-west');
    expect(body.country).toBe('gb');
    for (const path of ['/linode/types', '/images', '/nodebalancers/types', '/volumes/types', '/lke/types', '/regions'])
      expect((await rig.get<Listed<object>>(path)).body.data.length).toBeGreaterThan(0);
    rig.faults.add({ effect: { soldOut: { type: 'g6-standard-2', location: 'eu-central' } } });
    const { body: plans } = await rig.get<Listed<object>>('/regions/availability?page_size=500', {
      region: 'eu-central',
      available: false,
    });
    expect(plans.data).toEqual([{ region: 'eu-central', plan: 'g6-standard-2', available: false }]);
    expect(await rig.refusal('POST', '/linode/instances', order)).toBe(
      '400 type: The selected plan is currently unavailable in this region.',
    );
  });
});
