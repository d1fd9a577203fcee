import { afterEach, describe, expect, it } from 'vitest';

import type { CloudOptions } from '../../../../providers/sandbox/hetzner-api/index.js';
import { HandClock, profile, Rig, type Created, type WireError, type WireServer } from './rig.js';

const order = { name: 'web-1', server_type: 'cx23', image: 'ubuntu-24.04', location: 'fsn1' };
const rigs: Rig[] = [];
const open = async (
  options: Partial<Omit<CloudOptions, 'clock' | 'host'>> & { clock?: HandClock } = {},
): Promise<Rig> => {
  const rig = await new Rig(options).open();
  rigs.push(rig);
  return rig;
};
afterEach(async () => {
  const problems = rigs.flatMap((rig) => rig.checked?.problems ?? []);
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
  expect(problems).toEqual([]);
});

/** Resolves when the cloud has taken a request in and holds its answer back. */
const held = async (rig: Rig): Promise<void> => {
  while (rig.clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
};

describe('who asks', () => {
  it('needs a token of the project', async () => {
    const rig = await open();
    expect(await rig.refusal('GET', '/servers', undefined, 'wrong')).toBe('401 unauthorized');
    expect((await fetch(`${rig.base}/servers`)).status).toBe(401);
  });

  it('may look with a read-only token, and is refused before anything is billed', async () => {
    const rig = await open();
    expect((await rig.send('GET', '/servers', undefined, 'reader')).status).toBe(200);
    expect(await rig.refusal('POST', '/servers', order, 'reader')).toBe('403 forbidden');
    expect(await rig.refusal('DELETE', '/ssh_keys/0', undefined, 'reader')).toBe('403 forbidden');
    expect((await rig.get<{ servers: [] }>('/servers')).body.servers).toEqual([]);
  });
});

describe('what is asked', () => {
  it('is a path and a method that the API knows', async () => {
    const rig = await open();
    expect(await rig.refusal('GET', '/toasters')).toBe('404 not_found');
    expect(await rig.refusal('GET', '/servers/web-1')).toBe('404 not_found');
    expect(await rig.refusal('PUT', '/pricing', {})).toBe('405 method_not_allowed');
    expect((await fetch(rig.base.replace('/v1', '/v2/servers'))).status).toBe(404);
  });

  it('is JSON', async () => {
    const rig = await open();
    const answer = await fetch(`${rig.base}/servers`, {
      method: 'POST',
      headers: { Authorization: 'Bearer writer' },
      body: '{"name":',
    });
    expect([answer.status, ((await answer.json()) as WireError).error.code]).toEqual([400, 'json_error']);
  });
});

describe('the rate limit', () => {
  it('is told with every answer', async () => {
    const { headers } = await (await open()).get('/servers');
    expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual(['3600', '3599']);
    expect(headers.get('ratelimit-reset')).toBe(String(Date.parse('2026-11-21T10:00:01Z') / 1000));
  });

  it('ends a burst with 429, and lets one more through each second of a real cloud', async () => {
    const clock = new HandClock(0.1);
    const rate = { size: 2, perSecond: 1 };
    const rig = await open({ clock, limits: { rate }, profile: { ...profile, timeScale: 0.1 } });
    const status = async (): Promise<number> => (await rig.get('/servers')).status;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
    expect(await rig.refusal('GET', '/servers', undefined, 'wrong')).toBe('429 rate_limit_exceeded');
    expect((await rig.get<WireError>('/servers')).body.error.message).toBe('limit of 2 requests per hour reached');
    clock.advance(100);
    expect([await status(), await status()]).toEqual([200, 429]);
  });
});

describe('an answer', () => {
  it('takes its time, scaled; what it answers was done at once', async () => {
    const clock = new HandClock(0.5);
    const rig = await open({ clock, profile: { ...profile, timeScale: 0.5, apiLatencyMs: 200 } });
    let answered = false;
    const answer = rig.post<Created>('/servers', order).finally(() => (answered = true));
    await held(rig);
    expect(rig.cloud.snapshot().tables.servers).toHaveLength(1);
    clock.advance(99);
    expect(answered).toBe(false);
    clock.advance(1);
    expect((await answer).status).toBe(201);
  });
});

describe('a fault', () => {
  it('is an error on the call that was named, and on no other', async () => {
    const rig = await open();
    const effect = { error: { status: 503, code: 'unavailable', message: 'try later' } };
    rig.cloud.faults.add({ match: { method: 'POST', path: '^/servers$', nth: 2 }, effect });
    expect((await rig.post('/servers', order)).status).toBe(201);
    expect((await rig.get('/servers')).status).toBe(200);
    expect(await rig.refusal('POST', '/servers', { ...order, name: 'web-2' })).toBe('503 unavailable');
    expect((await rig.post('/servers', { ...order, name: 'web-2' })).status).toBe(201);
  });

  it('happens as often as ordered, and is gone when it is cleared', async () => {
    const rig = await open();
    const effect = { error: { status: 502, code: 'bad_gateway', message: 'oops' } };
    const id = rig.cloud.faults.add({ match: { path: '^/networks' }, times: 3, effect });
    expect([(await rig.get('/networks')).status, (await rig.get('/networks')).status]).toEqual([502, 502]);
    expect(rig.cloud.faults.list()).toMatchObject([{ id, seen: 2, happened: 2 }]);
    rig.cloud.faults.clear(id);
    expect((await rig.get('/networks')).status).toBe(200);
  });

  it('cuts the connection after the work was done', async () => {
    const rig = await open();
    rig.cloud.faults.add({ match: { method: 'POST' }, effect: { drop: true } });
    await expect(rig.post('/servers', order)).rejects.toThrow();
    expect(await rig.refusal('POST', '/servers', order)).toBe('409 uniqueness_error');
  });

  it('cuts the connection before anything was done', async () => {
    const rig = await open();
    rig.cloud.faults.add({ match: { method: 'POST' }, effect: { dropBefore: true } });
    await expect(rig.post('/servers', order)).rejects.toThrow();
    expect((await rig.post('/servers', order)).status).toBe(201);
  });

  it('holds an answer back by real time, after the work was done', async () => {
    const rig = await open();
    rig.cloud.faults.add({ match: { method: 'POST' }, effect: { delayMs: 30_000 } });
    let answered = false;
    const answer = rig.post('/placement_groups', { name: 'g', type: 'spread' }).finally(() => (answered = true));
    await held(rig);
    expect((await rig.get<{ placement_groups: [] }>('/placement_groups')).body.placement_groups).toHaveLength(1);
    rig.clock.advance(29_999);
    expect(answered).toBe(false);
    rig.clock.advance(1);
    expect((await answer).status).toBe(201);
  });

  it('empties a shelf: the catalogue says so, an order is refused, elsewhere it is to be had', async () => {
    const rig = await open();
    rig.cloud.faults.add({ effect: { soldOut: { type: 'cx23', location: 'fsn1' } } });
    const { body } = await rig.get<{
      server_types: { locations: { name: string; available: boolean }[] }[];
    }>('/server_types?name=cx23');
    expect(body.server_types[0]?.locations.map((one) => one.available)).toEqual([false, true, true]);
    expect(await rig.refusal('POST', '/servers', order)).toBe('412 resource_unavailable');
    expect((await rig.post('/servers', { ...order, location: 'nbg1' })).status).toBe(201);
  });

  it('lowers the account’s limit in the middle', async () => {
    const rig = await open();
    rig.cloud.faults.add({ effect: { limit: { servers: 1 } } });
    expect((await rig.post('/servers', order)).status).toBe(201);
    expect(await rig.refusal('POST', '/servers', { ...order, name: 'web-2' })).toBe('403 resource_limit_exceeded');
    rig.cloud.faults.clear();
    expect((await rig.post('/servers', { ...order, name: 'web-2' })).status).toBe(201);
  });

  it('keeps a machine from ever booting, though the cloud says it runs; its replacement boots', async () => {
    const rig = await open();
    rig.cloud.faults.add({ effect: { neverBoots: '^web-' }, times: 1 });
    const dead = await rig.server('web-1');
    expect(dead.status).toBe('running');
    await rig.post(`/servers/${dead.id}/actions/reset`);
    rig.settle();
    expect(rig.host.calls).toEqual([]);
    await rig.delete(`/servers/${dead.id}`);
    rig.settle();
    await rig.server('web-1');
    expect(rig.host.calls).toEqual(['create web-1']);
  });

  it('is refused when its pattern can’t be read', async () => {
    const rig = await open();
    expect(() => rig.cloud.faults.add({ match: { path: '(' }, effect: { drop: true } })).toThrow(SyntaxError);
  });
});

describe('a cloud that is started again', () => {
  it('goes on where it stopped: what was under way ends when it would have', async () => {
    const rig = await open();
    const network = await rig.network();
    const { body } = await rig.post<Created>('/servers', { ...order, networks: [network] });
    rig.clock.advance(5_000);
    const next = await rig.reborn();
    rigs.push(next);
    const status = async (): Promise<string> =>
      (await next.get<{ server: WireServer }>(`/servers/${body.server.id}`)).body.server.status;
    expect(await status()).toBe('initializing');
    next.clock.advance(3_999);
    expect(await status()).toBe('initializing');
    next.clock.advance(1);
    expect(await status()).toBe('starting');
    next.clock.advance(1_000);
    expect(await status()).toBe('running');
    expect(next.host.calls).toEqual(['create web-1', 'attach 10.0.0.2 to web-1']);
  });

  it('ends at once what would have ended while nobody was there', async () => {
    const rig = await open();
    await rig.post('/servers', order);
    const stopped = rig.cloud.snapshot();
    await rig.close();
    rig.clock.advance(3_600_000);
    const next = await open({ clock: rig.clock });
    next.cloud.restore(stopped);
    next.clock.advance(0);
    next.clock.advance(1_000);
    const { body } = await next.get<{ servers: WireServer[] }>('/servers');
    expect(body.servers[0]?.status).toBe('running');
  });

  it('never gives an id or an address twice, and keeps ordered faults', async () => {
    const rig = await open();
    const first = await rig.server('a');
    rig.cloud.faults.add({ match: { path: '^/networks', nth: 2 }, effect: { dropBefore: true } });
    await rig.get('/networks');
    await rig.delete(`/servers/${first.id}`);
    rig.settle();
    const next = await rig.reborn();
    rigs.push(next);
    const second = await next.server('a');
    expect(second.id).toBeGreaterThan(first.id);
    expect(second.public_net.ipv4?.ip).not.toBe(first.public_net.ipv4?.ip);
    await expect(next.get('/networks')).rejects.toThrow();
  });

  it('shares nothing with the snapshot it gave', async () => {
    const rig = await open();
    await rig.server('a');
    const before = JSON.stringify(rig.cloud.snapshot());
    const snapshot = rig.cloud.snapshot();
    await rig.server('b');
    expect(JSON.stringify(snapshot)).toBe(before);
  });
});
