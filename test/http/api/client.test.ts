import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { openBoundary, type BoundaryPoint } from '../../../src/domain/boundary.js';
import { Secret } from '../../../src/domain/secret.js';
import { ApiClient, type ApiOptions } from '../../../src/http/api/client.js';
import { FakeClock, fixedRandom } from '../../support/fake-clock.js';
import { type Reply, type Script, type ScriptedServer, scriptedServer } from '../../support/scripted-server.js';
import { exampleDialect } from './example-cloud.js';

const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const thing = z.object({ id: z.number() });
const found: Reply = { status: 200, body: { id: 1 } };
const says = (status: number, reason: string, field?: string): Reply => ({
  status,
  body: { errors: [{ reason, ...(field === undefined ? {} : { field }) }] },
});
const call = { signal: new AbortController().signal };

async function start(script: Script, change: Partial<ApiOptions> = {}) {
  const server = await scriptedServer(script);
  servers.push(server);
  const clock = new FakeClock();
  const api = new ApiClient(exampleDialect, {
    endpoint: server.endpoint,
    token: new Secret('hunter2'),
    clock,
    random: fixedRandom,
    boundary: openBoundary,
    timeScale: 1,
    ...change,
  });
  return { api, clock, ...server };
}

describe('the client of another cloud', () => {
  it('sends the token, and passes one boundary point on either side of each try', async () => {
    const points: BoundaryPoint[] = [];
    const boundary = async (point: BoundaryPoint): Promise<void> => void points.push(point);
    const { api, seen } = await start((_request, nth) => (nth === 1 ? { status: 503 } : found), { boundary });
    expect(await api.get('/things/1', thing, call)).toEqual({ id: 1 });
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer hunter2', 'Bearer hunter2']);
    expect(points.map(({ when, what }) => `${when} ${what}`)).toEqual(
      Array.from({ length: 2 }, () => ['before GET /things/1', 'after GET /things/1']).flat(),
    );
  });

  it('asks nothing without a token, and says which one is missing', async () => {
    const { api, seen } = await start(() => found, { token: undefined });
    await expect(api.get('/things/1', thing, call)).rejects.toMatchObject({
      code: 'TOKEN_MISSING',
      message: 'No token of Example Cloud is set.',
    });
    expect(seen).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])('goes nowhere with its token when a %i tells it to', async (status) => {
    const elsewhere = await start(() => found);
    const home = await start(({ path }) =>
      path === '/moved' ? found : { status, headers: { location: path === '/near' ? '/moved' : elsewhere.endpoint } },
    );
    for (const path of ['/far', '/near']) {
      await expect(home.api.post(path, {}, thing, call)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
      await expect(home.api.get(path, thing, call)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    }
    expect(elsewhere.seen).toEqual([]);
    expect(home.seen.filter(({ path }) => path === '/moved')).toEqual([]);
  });

  it('reads the pages of a list as that cloud counts them', async () => {
    const { api, seen } = await start(({ query }) => {
      const page = Number(query.get('page'));
      return { status: 200, body: { data: [{ id: page }], page, pages: 3 } };
    });
    expect(await api.list('/things', 'data', thing, call)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(seen.map(({ query }) => query.toString())).toEqual([1, 2, 3].map((page) => `page=${page}&page_size=100`));
  });

  it('names what is odd about a list that does not tell its pages', async () => {
    const { api } = await start(() => ({ status: 200, body: { data: [] } }));
    await expect(api.list('/things', 'data', thing, call)).rejects.toMatchObject({
      code: 'PROVIDER_ANSWER',
      message: expect.stringContaining('Example Cloud returned an unexpected response to GET /things') as string,
      hint: 'Please report this.',
    });
  });

  it('tells an error in that cloud’s words, with its advice and the id for its support', async () => {
    const { api } = await start(() => ({ ...says(401, 'Invalid Token', 'token'), headers: { 'x-trace': 'c0ffee' } }));
    await expect(api.get('/things/1', thing, call)).rejects.toMatchObject({
      message: 'Example Cloud refused GET /things/1: Invalid Token (unauthorized).',
      code: 'TOKEN_REJECTED',
      exitCode: 2,
      details: ['token', 'correlation id c0ffee'],
    });
  });

  it('counts what that cloud does not find as gone, whatever it calls it', async () => {
    const { api } = await start(() => says(404, 'Not found'));
    expect(await api.find('/things/1', thing, call)).toBeUndefined();
    expect(await api.delete('/things/1', thing, call)).toBeUndefined();
    expect(await api.put('/things/1', {}, thing, call)).toBeUndefined();
    await expect(api.get('/things/1', thing, call)).rejects.toMatchObject({ status: 404 });
  });

  it('sends a create again only where it certainly had no effect', async () => {
    for (const [reply, times] of [
      [says(429, 'Too many requests'), 2],
      [says(409, 'Being changed'), 2],
      [says(500, 'Oops'), 1],
      [says(400, 'Label must be unique'), 1],
    ] as const) {
      const { api, seen } = await start((_request, nth) => (nth === 1 ? reply : found));
      await api.post('/things', {}, thing, call).catch(() => undefined);
      expect(seen, JSON.stringify(reply.body)).toHaveLength(times);
    }
  });

  it('hides that cloud’s secrets in the log, and every cloud’s passwords', async () => {
    const lines: string[] = [];
    const { api } = await start(() => found, { log: (line) => void lines.push(line) });
    await api.post('/things', { label: 'a', root_pass: 'x', deep: [{ password: 'y' }] }, thing, call);
    expect(lines).toEqual([
      expect.stringMatching(
        /^POST \/things \{"label":"a","root_pass":"\[hidden\]","deep":\[\{"password":"\[hidden\]"\}\]\} → 200 in \d+ ms$/,
      ),
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });

  it('spaces its requests out once that cloud’s allowance runs low', async () => {
    const headers = { 'x-ratelimit-limit': '3600', 'x-ratelimit-remaining': '0' };
    const { api, clock } = await start(() => ({ ...found, headers }));
    const started = clock.now();
    for (let i = 0; i < 3; i += 1) await api.get('/things/1', thing, call);
    expect(clock.now() - started).toBe(2000);
  });
});
