import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { KubernetesServer } from '../../../../providers/sandbox/kube-api/index.js';

const server = new KubernetesServer({
  version: 'v1.36.5+k3s1',
  clock: new ScaledClock(0.001),
  podStartMs: 1_000,
  podStopMs: 1_000,
  nodeLostMs: 1e9,
  ids: randomUUID,
});
const listener = createServer((request, response) =>
  server.handle(request, response, { user: 'admin', groups: ['system:masters'] }),
);
let base = '';
const written: string[] = [];
const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
  written.push(String(text));
  return true;
});

beforeAll(async () => {
  server.start();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterEach(() => {
  // A controller that threw is written down: here, that is a failure.
  expect(written.splice(0).join('')).toBe('');
});
afterAll(() => {
  stderr.mockRestore();
  server.stop();
  listener.close();
  listener.closeAllConnections();
});

const call = async (method: string, path: string, body?: unknown, type = 'application/json') => {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { code: response.status, text: await response.text() };
};
const at = { ConfigMap: 'configmaps', Service: 'services', Secret: 'secrets', Pod: 'pods' } as const;
type Kind = keyof typeof at;
const specs: Readonly<Record<Kind, object>> = {
  ConfigMap: { data: { key: 'value' } },
  Service: { spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'web' } } },
  Secret: { data: {} },
  Pod: { spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } },
};
const make = (namespace: string, kind: Kind, name: string, metadata: object = {}) =>
  call('POST', `/api/v1/namespaces/${namespace}/${at[kind]}`, {
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace, ...metadata },
    ...specs[kind],
  });
const namespace = (name: string) =>
  call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const isGone = async (name: string): Promise<boolean> => (await call('GET', `/api/v1/namespaces/${name}`)).code === 404;

describe('deleting a namespace', () => {
  it.each(Object.keys(at) as Kind[])('takes several objects of kind %s with it', async (kind) => {
    const name = `several-${kind.toLowerCase()}`;
    await namespace(name);
    for (const one of ['a', 'b', 'c']) expect((await make(name, kind, one)).code).toBe(201);
    const { code, text } = await call('DELETE', `/api/v1/namespaces/${name}`);
    expect(code, text).toBeLessThan(300);
    await expect.poll(() => isGone(name)).toBe(true);
  });

  it('waits for what holds one of its objects, then goes', async () => {
    await namespace('held');
    for (const one of ['a', 'b']) await make('held', 'Service', one, { finalizers: ['example.com/held'] });
    expect((await call('DELETE', '/api/v1/namespaces/held')).code).toBeLessThan(300);
    for (const one of ['a', 'b']) {
      expect(await isGone('held')).toBe(false);
      const path = `/api/v1/namespaces/held/services/${one}`;
      await call('PATCH', path, { metadata: { finalizers: [] } }, 'application/merge-patch+json');
    }
    await expect.poll(() => isGone('held')).toBe(true);
  });
});

it('answers whatever is written and deleted in whatever order, and goes on', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const where = fc.constantFrom('fuzz-1', 'fuzz-2', 'default');
  const kind = fc.constantFrom(...(Object.keys(at) as Kind[]));
  const type = fc.constantFrom(
    'application/json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/json-patch+json',
    'application/apply-patch+yaml',
    'text/plain',
  );
  const action = fc.oneof(
    fc.record({ act: fc.constant('namespace' as const), where }),
    fc.record({ act: fc.constant('make' as const), where, kind, name, finalizer: fc.boolean() }),
    fc.record({ act: fc.constant('delete' as const), where, kind, name }),
    fc.record({ act: fc.constant('empty' as const), where: fc.constantFrom('fuzz-1', 'fuzz-2') }),
    fc.record({ act: fc.constant('deleteAll' as const), where, kind }),
    fc.record({ act: fc.constant('garbage' as const), where, kind, name, type, body: fc.json({ maxDepth: 3 }) }),
  );
  type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
  const run = async (one: Action): Promise<number> => {
    switch (one.act) {
      case 'namespace':
        return (await namespace(one.where)).code;
      case 'make':
        return (await make(one.where, one.kind, one.name, one.finalizer ? { finalizers: ['example.com/f'] } : {})).code;
      case 'delete':
        return (await call('DELETE', `/api/v1/namespaces/${one.where}/${at[one.kind]}/${one.name}`)).code;
      case 'deleteAll':
        return (await call('DELETE', `/api/v1/namespaces/${one.where}/${at[one.kind]}`)).code;
      case 'empty':
        return (await call('DELETE', `/api/v1/namespaces/${one.where}`)).code;
      case 'garbage':
        return (await call('PATCH', `/api/v1/namespaces/${one.where}/${at[one.kind]}/${one.name}`, one.body, one.type))
          .code;
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
      for (const one of actions) expect(await run(one), JSON.stringify(one)).toBeLessThan(500);
      expect((await call('GET', '/api/v1/namespaces')).code).toBe(200);
      // What a controller cannot make sense of is written down and holds up nothing.
      written.length = 0;
    }),
    { seed: 20261125, numRuns: 400, endOnFailure: true },
  );
});

describe('a request that means harm', () => {
  const path = '/api/v1/namespaces/default/configmaps/harm';
  beforeAll(() => make('default', 'ConfigMap', 'harm'));

  it.each([
    ['a JSON patch of what all objects have', [{ op: 'add', path: '/__proto__/polluted', value: 1 }]],
    ['a JSON patch of their constructor', [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }]],
    ['a JSON patch that moves a prototype', [{ op: 'remove', path: '/metadata/__proto__' }]],
  ])('is refused: %s', async (_, patch) => {
    expect((await call('PATCH', path, patch, 'application/json-patch+json')).code).toBe(422);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('changes no prototype through a merge patch', async () => {
    const patch = '{"data":{"__proto__":{"polluted":"1"}},"__proto__":{"polluted":"1"}}';
    expect((await call('PATCH', path, patch, 'application/merge-patch+json')).code).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is refused when its body is larger than the API server takes', async () => {
    const { code } = await call('POST', '/api/v1/namespaces/default/configmaps', 'x'.repeat(3 * 2 ** 20 + 1));
    expect(code).toBe(413);
  });

  it('is refused when it is nested too deep to be stored', async () => {
    const deep = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const { code, text } = await call('POST', '/api/v1/namespaces/default/configmaps', deep);
    expect([code, text.includes('exceeded max depth')]).toEqual([400, true]);
  });

  it('is refused when its path cannot be read', async () => {
    expect((await call('GET', '/api/v1/namespaces/%E0%A4%A')).code).toBe(400);
  });
});

it('a watch hears of changes in the order of their versions, whatever controllers change in between', async () => {
  const seen: number[] = [];
  const stop = server.store.watch(({ version }) => seen.push(version));
  await make('default', 'Pod', 'ordered');
  await namespace('ordered');
  await call('DELETE', '/api/v1/namespaces/ordered');
  stop();
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});
