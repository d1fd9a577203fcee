import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { dialect } from '../../../providers/hetzner/client.js';
import { ApiError, UnreachableError } from '../../../src/http/api/errors.js';
import type { BoundaryPoint } from '../../../src/domain/boundary.js';
import { systemClock } from '../../../src/domain/clock.js';
import {
  scriptedApi,
  wireError,
  type Answer,
  type Reply,
  type ScriptedApi,
  type ScriptOptions,
  type SeenRequest,
} from './support/scripted-api.js';

const thing = z.object({ thing: z.object({ id: z.number() }) });
const found: Reply = { status: 200, body: { thing: { id: 1 } } };
const { signal } = new AbortController();
const call = { signal };

let open: ScriptedApi | undefined;
const start = async (
  script: (request: SeenRequest, nth: number) => Answer,
  options?: ScriptOptions,
): Promise<ScriptedApi> => (open = await scriptedApi(script, options));
afterEach(async () => {
  await open?.close();
  open = undefined;
});

describe('a request', () => {
  it('carries the token, and passes one boundary point on either side', async () => {
    const points: BoundaryPoint[] = [];
    const { api, seen } = await start(() => found, { boundary: async (point) => void points.push(point) });
    await api.get('/thing', thing, call, { name: 'a b' });
    expect(seen[0]).toMatchObject({ method: 'GET', path: '/thing', authorization: 'Bearer token-of-the-test' });
    expect(seen[0]?.query.get('name')).toBe('a b');
    expect(points).toEqual([
      { when: 'before', kind: 'provider', what: 'GET /thing' },
      { when: 'after', kind: 'provider', what: 'GET /thing' },
    ]);
  });

  it('is not sent at all without a token', async () => {
    const { api, seen } = await start(() => found, { token: '' });
    await expect(api.get('/thing', thing, call)).rejects.toMatchObject({ code: 'TOKEN_MISSING', exitCode: 2 });
    expect(seen).toEqual([]);
  });

  it('is never sent twice when it creates something and the answer stays open', async () => {
    const open: Answer[] = ['cut', { status: 502, body: '<html>' }, wireError(504, 'timeout')];
    for (const answer of [...open, wireError(500, 'server_error'), wireError(503, 'unavailable')]) {
      const cloud = await scriptedApi(() => answer);
      await expect(cloud.api.post('/servers', {}, thing, call)).rejects.toThrow(/POST \/servers/);
      expect(cloud.seen).toHaveLength(1);
      await cloud.close();
    }
  });

  it('is sent again when it only reads', async () => {
    const { api, seen } = await start((_request, nth) => (nth === 1 ? 'cut' : nth === 2 ? { status: 502 } : found));
    expect(await api.get('/thing', thing, call)).toEqual({ thing: { id: 1 } });
    expect(seen).toHaveLength(3);
  });

  it.each([500, 503])('a delete that is answered with a single %i is sent again, and done', async (status) => {
    const { api, seen } = await start((_request, nth) => (nth === 1 ? wireError(status, 'oops') : { status: 200 }));
    expect(await api.delete('/servers/1', z.object({}), call)).toEqual({});
    expect(seen).toHaveLength(2);
  });

  it('a delete that was done before its answer was a 500 is found done', async () => {
    const { api } = await start((_request, nth) =>
      nth === 1 ? wireError(500, 'server_error') : wireError(404, 'not_found'),
    );
    expect(await api.delete('/servers/1', z.object({}), call)).toBeUndefined();
  });

  it('is sent again after a conflict, even when it creates something', async () => {
    const { api, seen } = await start((_request, nth) => (nth < 4 ? wireError(409, 'conflict') : found));
    await api.post('/networks', { name: 'a' }, thing, call);
    expect(seen.map((request) => request.body)).toEqual([{ name: 'a' }, { name: 'a' }, { name: 'a' }, { name: 'a' }]);
  });

  it('counts a delete of what is gone as done', async () => {
    const { api } = await start(() => wireError(404, 'not_found'));
    expect(await api.delete('/servers/1', thing, call)).toBeUndefined();
  });

  it('ends at once when it is aborted, with the reason', async () => {
    const controller = new AbortController();
    const { api, seen } = await start(() => (controller.abort(new Error('Ctrl-C')), 'hang'));
    await expect(api.get('/thing', thing, { signal: controller.signal })).rejects.toThrow('Ctrl-C');
    await expect(api.get('/thing', thing, { signal: controller.signal })).rejects.toThrow('Ctrl-C');
    expect(seen).toHaveLength(1);
  });

  it('says that the provider can’t be reached when nothing listens', async () => {
    const cloud = await scriptedApi(() => found);
    await cloud.close();
    const error: unknown = await cloud.api.post('/servers', {}, thing, call).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ code: 'PROVIDER_UNREACHABLE', exitCode: 4, sent: false });
  });
});

describe('an error', () => {
  it('keeps Hetzner’s code, status, fields and correlation id', async () => {
    const reply = wireError(422, 'invalid_input', 'invalid input in field name', {
      fields: [{ name: 'name', messages: ['is too long', 'is odd'] }],
    });
    const { api } = await start(() => ({ ...reply, headers: { 'x-correlation-id': 'c0ffee' } }));
    const error: unknown = await api.post('/servers', {}, thing, call).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      apiCode: 'invalid_input',
      status: 422,
      correlationId: 'c0ffee',
      details: ['name: is too long: is odd', 'correlation id c0ffee'],
    });
  });

  it.each([
    [401, 'unauthorized', 'TOKEN_REJECTED', 2],
    [401, 'token_readonly', 'TOKEN_READ_ONLY', 2],
    [403, 'forbidden', 'HETZNER_FORBIDDEN', 1],
    [403, 'resource_limit_exceeded', 'RESOURCE_LIMIT', 4],
    [423, 'protected', 'PROTECTED', 3],
    [503, 'unavailable', 'HETZNER_UNAVAILABLE', 4],
    [422, 'invalid_input', 'HETZNER_INVALID_INPUT', 1],
    [418, 'a_word_of_tomorrow', 'PROVIDER_ANSWER', 1],
  ])('%i %s ends as %s with exit code %i', async (status, wire, code, exitCode) => {
    const { api } = await start(() => wireError(status, wire));
    await expect(api.get('/thing', thing, call)).rejects.toMatchObject({ code, exitCode });
  });

  it.each([
    [401, 'token_readonly'],
    [403, 'forbidden'],
  ])('a change that is refused with %i %s tells how to get a token that may write', async (status, wire) => {
    const { api } = await start(() => wireError(status, wire));
    await expect(api.post('/servers', {}, thing, call)).rejects.toMatchObject({
      code: 'TOKEN_READ_ONLY',
      exitCode: 2,
      hint: expect.stringContaining('read and write permission') as string,
    });
  });

  it('falls back to the status when the answer is not JSON', async () => {
    const { api } = await start(() => ({ status: 401, body: 'who are you?' }));
    await expect(api.get('/thing', thing, call)).rejects.toMatchObject({
      apiCode: 'unauthorized',
      code: 'TOKEN_REJECTED',
    });
  });

  it('names what is odd about an answer in an unknown form', async () => {
    const { api } = await start(() => ({ status: 200, body: { thing: { id: 'one' } } }));
    await expect(api.get('/thing', thing, call)).rejects.toMatchObject({
      code: 'PROVIDER_ANSWER',
      details: [expect.stringContaining('thing.id')],
    });
  });
});

describe('an answer without end', () => {
  it('is read to a limit, is not asked for again, and is no reason to send a create twice', async () => {
    for (const method of ['get', 'post'] as const) {
      const cloud = await scriptedApi(() => ({ status: 200, body: 'x'.repeat(17 * 2 ** 20) }));
      const work =
        method === 'get' ? cloud.api.get('/things', thing, call) : cloud.api.post('/things', {}, thing, call);
      await expect(work).rejects.toMatchObject({
        code: 'PROVIDER_ANSWER',
        message: expect.stringContaining('larger than 16 MiB') as string,
      });
      expect(cloud.seen).toHaveLength(1);
      await cloud.close();
    }
  });
});

describe('a list', () => {
  it('is read page by page, 50 at a time', async () => {
    const { api, seen } = await start(({ query }) => {
      const page = Number(query.get('page'));
      const items = [{ thing: { id: page * 2 } }, { thing: { id: page * 2 + 1 } }];
      return { status: 200, body: { things: items, meta: { pagination: { next_page: page < 3 ? page + 1 : null } } } };
    });
    const all = await api.list('/things', 'things', thing, call, { label_selector: 'a=b' });
    expect(all.map((one) => one.thing.id)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(seen.map(({ query }) => query.toString())).toEqual(
      [1, 2, 3].map((n) => `label_selector=a%3Db&page=${n}&per_page=50`),
    );
  });

  it.each([
    ['the same page again', () => 1],
    ['ever new pages', (page: number) => page + 1],
  ])('that names %s as its next one is given up, with what is odd about it', async (_what, next) => {
    const { api, seen } = await start(({ query }) => ({
      status: 200,
      body: { things: [], meta: { pagination: { next_page: next(Number(query.get('page'))) } } },
    }));
    await expect(api.list('/things', 'things', thing, call)).rejects.toMatchObject({
      code: 'PROVIDER_ANSWER',
      message: expect.stringMatching(/GET \/things: (page 1 follows itself|it has more than 1000 pages)/) as string,
    });
    expect(seen.length).toBeLessThanOrEqual(1_000);
  });
});

describe('the log', () => {
  it('has a line per request, and neither the token nor user data', async () => {
    const lines: string[] = [];
    const { api } = await start(() => found, { log: (line) => void lines.push(line), token: 'hunter2' });
    await api.post('/servers', { name: 'a', user_data: 'the host’s key' }, thing, call);
    expect(lines).toEqual([
      expect.stringMatching(/^POST \/servers \{"name":"a","user_data":"\[hidden\]"\} → 200 in \d+ ms$/),
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });
});

describe('the budget', () => {
  it('is read from the headers, and unknown without them', () => {
    expect(dialect.budget(new Headers({ 'RateLimit-Limit': '3600', 'RateLimit-Remaining': '12' }))).toEqual({
      limit: 3600,
      remaining: 12,
    });
    expect(dialect.budget(new Headers())).toBeUndefined();
    expect(dialect.budget(new Headers({ 'RateLimit-Limit': 'many', 'RateLimit-Remaining': '12' }))).toBeUndefined();
  });

  it('spaces requests out when little is left, and not before', async () => {
    let remaining = 2000;
    const { api, clock } = await start(() => ({
      ...found,
      headers: { 'RateLimit-Limit': '3600', 'RateLimit-Remaining': String(remaining) },
    }));
    const started = clock.now();
    for (let i = 0; i < 3; i += 1) await api.get('/thing', thing, call);
    expect(clock.now()).toBe(started);
    remaining = 0;
    for (let i = 0; i < 4; i += 1) await api.get('/thing', thing, call);
    expect(clock.now() - started).toBe(4000);
  });
});

describe('the concurrency limit', () => {
  it('lets twenty requests be under way, and no more', async () => {
    let underWay = 0;
    let most = 0;
    const { api } = await start(() => found, {
      clock: systemClock,
      boundary: async ({ when }) => {
        underWay += when === 'before' ? 1 : -1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    await Promise.all(Array.from({ length: 60 }, () => api.get('/thing', thing, call)));
    expect(most).toBe(20);
  });
});
