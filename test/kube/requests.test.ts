import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type BoundaryPoint, openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { SlipwayError } from '../../src/errors/index.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { configMap, orderDefinition, readyNode, SandboxKube } from '../support/sandbox-kube.js';

let cluster: SandboxKube;
let kube: Kube;
const signal = new AbortController().signal;
const options = { signal };

beforeEach(async () => {
  cluster = await SandboxKube.start(2);
  kube = await cluster.client({ tuning: { patienceMs: 600 } });
});
afterEach(() => cluster.close());

const failed = async (work: Promise<unknown>): Promise<SlipwayError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SlipwayError) return error;
  throw new Error(`no SlipwayError: ${String(error)}`);
};

describe('objects', () => {
  it('are made, read, listed and deleted', async () => {
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await kube.get(configMap('a'), options)).toMatchObject({ data: { key: 'one' } });
    expect(await kube.list('v1', 'ConfigMap', { namespace: 'default' }, options)).toContainEqual(
      expect.objectContaining({ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'one' } }),
    );
    await kube.delete(configMap('a'), options);
    await kube.delete(configMap('a'), options);
    expect(await kube.get(configMap('a'), options)).toBeUndefined();
  });

  it('are all listed, however many there are', async () => {
    for (let i = 0; i < 1_001; i++) cluster.put(configMap(`map-${i}`));
    const maps = await kube.list('v1', 'ConfigMap', { namespace: 'default' }, options);
    expect(maps.filter(({ metadata }) => metadata.name.startsWith('map-'))).toHaveLength(1_001);
    expect(cluster.requests.filter((request) => request.includes('/configmaps'))).toHaveLength(3);
  });

  it('lose the fields that an apply no longer names', async () => {
    await kube.apply(configMap('a', { one: '1', two: '2' }), options);
    await kube.apply(configMap('a', { one: '1' }), options);
    expect((await kube.get(configMap('a'), options))!['data']).toEqual({ one: '1' });
  });

  it('are not taken from another manager without force', async () => {
    const path = `${cluster.address()}/api/v1/namespaces/default/configmaps/a`;
    await kube.apply(configMap('a', { key: 'ours' }), options);
    const theirs = await fetch(`${path}?fieldManager=theirs&force=true`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(configMap('a', { key: 'theirs' })),
    });
    expect(theirs.status).toBe(200);
    expect((await failed(kube.apply(configMap('a', { key: 'ours' }), options))).code).toBe('KUBE_CONFLICT');
    await kube.apply(configMap('a', { key: 'ours' }), { ...options, force: true });
    expect((await kube.get(configMap('a'), options))!['data']).toEqual({ key: 'ours' });
  });

  it('are created by one of any number that ask at once', async () => {
    const made = await Promise.all([1, 2, 3].map((key) => kube.create(configMap('a', { key: `${key}` }), options)));
    expect(made.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await kube.get(configMap('a'), options)).toMatchObject({ data: made.find((one) => one)!['data'] });
  });

  it('are patched and deleted only as they were read', async () => {
    const { metadata } = (await kube.create(configMap('a', { one: '1' }), options))!;
    const read = { ...configMap('a', { two: '2' }), metadata };
    const patched = await kube.patch(read, options);
    expect(patched).toMatchObject({ data: { one: '1', two: '2' } });
    expect(await kube.patch(read, options)).toBeUndefined();
    await kube.delete(read, { ...options, resourceVersion: metadata.resourceVersion });
    expect(await kube.get(read, options)).toEqual(patched);
    await kube.delete(read, { ...options, resourceVersion: patched!.metadata.resourceVersion });
    expect(await kube.get(read, options)).toBeUndefined();
    expect(await kube.patch(read, options)).toBeUndefined();
  });

  it('of a kind that is not there are a mistake of the caller', async () => {
    const error = await failed(kube.list('shop.example/v1', 'Order', {}, options));
    expect(error).toMatchObject({ code: 'KUBE_NO_SUCH_KIND', exitCode: 2 });
  });

  it('are found under the name of a definition that came later', async () => {
    await failed(kube.list('shop.example/v1', 'Order', {}, options));
    await kube.apply(orderDefinition, options);
    expect(await kube.list('shop.example/v1', 'Order', {}, options)).toEqual([]);
    expect(await kube.kinds(options)).toContainEqual({
      apiVersion: 'shop.example/v1',
      kind: 'Order',
      namespaced: true,
    });
  });
});

describe('kinds', () => {
  it('of a group are asked for once, however many ask at the same time', async () => {
    await Promise.all(['ConfigMap', 'Secret', 'Namespace'].map((kind) => kube.list('v1', kind, {}, options)));
    expect(cluster.requests.filter((request) => request === 'GET /api/v1')).toHaveLength(1);
  });
});

describe('a kubeconfig', () => {
  it('whose key is no key is refused without a word of it', async () => {
    const user = { 'client-key-data': Buffer.from('no key at all').toString('base64') };
    const text = JSON.stringify({
      clusters: [{ name: 'demo', cluster: { server: 'https://127.0.0.1:6443' } }],
      users: [{ name: 'demo', user }],
      contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
    });
    const context = { kubeconfig: new Secret(text), boundary: openBoundary, clock: systemClock };
    const error = await failed(openKube(context));
    expect(error).toMatchObject({
      code: 'KUBECONFIG_INVALID',
      message: 'The kubeconfig cannot be used: its certificates or its key cannot be read.',
    });
    expect(error.cause).toBeUndefined();
  });
});

describe('a dry run', () => {
  it('tells what would come of it, changes nothing and passes no boundary', async () => {
    const points: BoundaryPoint[] = [];
    const watched = await cluster.client({ boundary: async (point) => void points.push(point) });
    const answer = await watched.apply(configMap('a', { key: 'one' }), { ...options, dryRun: true });
    expect(answer).toMatchObject({ data: { key: 'one' } });
    expect(await watched.get(configMap('a'), options)).toBeUndefined();
    expect(points).toEqual([]);
    await watched.apply(configMap('a'), options);
    expect(points.map(({ when, what }) => `${when} ${what}`)).toEqual([
      'before PATCH configmaps/default/a',
      'after PATCH configmaps/default/a',
    ]);
  });
});

describe('servers', () => {
  it('take over from one that is gone, and stay asked', async () => {
    await kube.nodes(options);
    await cluster.kill(0);
    cluster.put(readyNode('web-1'));
    expect((await kube.nodes(options)).map(({ name }) => name)).toEqual(['web-1']);
    expect(await kube.reachable(options)).toBe(true);
  });

  it('that are all gone are named with the reason', async () => {
    const addresses = [cluster.address(0), cluster.address(1)];
    await cluster.kill(0);
    await cluster.kill(1);
    expect(await kube.reachable(options)).toBe(false);
    const error = await failed(kube.nodes(options));
    expect(error.code).toBe('KUBE_UNREACHABLE');
    expect([...error.details].sort()).toEqual(addresses.map((address) => `${address}: connection refused`).sort());
  });

  it('that are starting are waited for', async () => {
    let left = 3;
    cluster.intercept = (_, response) => {
      if (left-- <= 0) return false;
      response.writeHead(503).end('starting');
      return true;
    };
    expect(await kube.nodes(options)).toEqual([]);
  });

  it('that take no credentials say so once', async () => {
    cluster.intercept = (_, response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"kind":"Status","message":"Unauthorized"}');
      return true;
    };
    expect((await failed(kube.nodes(options))).code).toBe('KUBE_UNAUTHORIZED');
    expect(cluster.requests).toHaveLength(1);
  });

  it('that take no credentials do answer: they are not said to be silent', async () => {
    let status = 401;
    cluster.intercept = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"kind":"Status"}');
      return true;
    };
    await expect(kube.reachable(options)).rejects.toMatchObject({ code: 'KUBE_UNAUTHORIZED' });
    await cluster.kill(0);
    await expect(kube.reachable(options)).rejects.toMatchObject({ code: 'KUBE_UNAUTHORIZED' });
    status = 403;
    expect(await kube.reachable(options)).toBe(true);
    status = 500;
    expect(await kube.reachable(options)).toBe(false);
  });
});

it('repeats nothing of a Secret that the API refuses', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'dns', namespace: 'default' },
    data: { token: 'aHVudGVyMg==' },
  };
  cluster.intercept = (request, response) => {
    if (request.method !== 'PATCH') return false;
    const body = { kind: 'Status', message: 'bad aHVudGVyMg==', details: { causes: [{ message: 'aHVudGVyMg==' }] } };
    response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
  const error = await failed(kube.apply(secret, options));
  expect(error.code).toBe('KUBE_INVALID');
  expect(JSON.stringify(error)).not.toContain('aHVudGVyMg');
});

it('reads the log of a pod, and knows when there is none', async () => {
  expect(await kube.podLog('default', 'gone', options)).toBeUndefined();
  cluster.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  });
  cluster.intercept = (request, response) => {
    if (!request.url?.includes('/log')) return false;
    const url = new URL(request.url, 'http://api');
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${url.search}\n`);
    return true;
  };
  expect(await kube.podLog('default', 'web', { ...options, container: 'web', previous: true, tailLines: 5 })).toBe(
    '?container=web&previous=true&tailLines=5&limitBytes=1048576\n',
  );
});

it('deletes a node, and one that is gone already', async () => {
  cluster.put(readyNode('web-1'));
  await kube.deleteNode('web-1', options);
  await kube.deleteNode('web-1', options);
  expect(await kube.nodes(options)).toEqual([]);
});
