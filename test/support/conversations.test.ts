import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { conversations } from '../conversations/lists/index.js';
import { type Conversation, converse, normalise, recorded, recordings, replay } from './conversations.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serving(listener: RequestListener): Promise<{ url: string }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Answers every path from a table; what is not in it is not found. */
const table =
  (answers: Readonly<Record<string, unknown>>, seen: string[] = []): RequestListener =>
  (request, response) => {
    const path = request.url ?? '';
    seen.push(`${request.method} ${path}`);
    response.writeHead(path in answers ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[path] ?? { kind: 'Status', code: 404 }));
  };

const talk: Conversation = {
  name: 'two',
  about: 'One thing, then what it names.',
  exchanges: [
    { name: 'first', method: 'GET', path: '/first' },
    { name: 'second', method: 'GET', path: '/{{first:/metadata/name}}', keep: ['/data'] },
  ],
  cleanup: [{ name: 'away', method: 'DELETE', path: '/first' }],
};
const first = { metadata: { name: 'b', uid: 'random', creationTimestamp: '2026-01-01T00:00:00Z' } };

describe('a recorded conversation', () => {
  it('asks with values of earlier answers, and cleans up', async () => {
    const seen: string[] = [];
    await converse(await serving(table({ '/first': first, '/b': { data: 1 } }, seen)), talk);
    expect(seen).toEqual(['GET /first', 'GET /b', 'DELETE /first']);
  });

  it('replays without a difference where only identities, times and what does not count are others', async () => {
    const answers = await converse(await serving(table({ '/first': first, '/b': { data: 1, other: 1 } })), talk);
    const another = { metadata: { name: 'b', uid: 'another', creationTimestamp: '2027-01-01T00:00:00Z' } };
    const server = await serving(table({ '/first': another, '/b': { data: 1, other: 2 } }));
    expect(await replay(server, recorded(talk, answers, 'v1'))).toEqual([]);
  });

  it('names the request, the place and both values where an answer differs', async () => {
    const answers = await converse(await serving(table({ '/first': first, '/b': { data: 1 } })), talk);
    const server = await serving(table({ '/first': first, '/b': { data: { x: 'y' } } }));
    expect(await replay(server, recorded(talk, answers, 'v1'))).toEqual(['second /body/~1data: {"x":"y"} is not 1']);
  });

  it('says that it broke off, and what differed until then', async () => {
    const answers = await converse(await serving(table({ '/first': first, '/b': { data: 1 } })), talk);
    const lines = await replay(await serving(table({})), recorded(talk, answers, 'v1'));
    expect(lines).toContain('first /status: 404 is not 200');
    expect(lines.at(-1)).toBe('broke off: first has no value at /metadata/name');
  });
});

describe('what counts of an answer', () => {
  it('masks generated names, identities, versions and addresses, and keeps everything else', () => {
    const object = {
      metadata: { generateName: 'web-', name: 'web-x7k2p', uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
      status: { podIP: '10.42.0.9', phase: 'Running' },
    };
    expect(normalise(object)).toEqual({
      metadata: {
        generateName: 'web-',
        name: 'web-<random>',
        uid: '<uid>',
        resourceVersion: '<version>',
        labels: { a: 'b' },
      },
      status: { podIP: '<ip>', phase: 'Running' },
    });
  });
});

describe('the recordings', () => {
  it('are of the conversations as the lists have them now', () => {
    const asked = (one: Pick<Conversation, 'name' | 'exchanges'>) => [one.name, one.exchanges];
    const stored = new Map(recordings().map((one) => [one.name, one]));
    for (const one of conversations) {
      const found = stored.get(one.name);
      expect(found, `${one.name}: run test/e2e/record.sh`).toBeDefined();
      if (found) expect(asked(found)).toEqual(JSON.parse(JSON.stringify(asked(one))));
    }
    expect(stored.size).toBe(conversations.length);
  });

  it('hold an answer to every request', () => {
    for (const { exchanges, answers } of recordings()) {
      const names = exchanges.flatMap(({ name, watch }) => [...(watch?.during ?? []).map((inner) => inner.name), name]);
      expect(Object.keys(answers).sort()).toEqual([...new Set(names)].sort());
    }
  });
});
