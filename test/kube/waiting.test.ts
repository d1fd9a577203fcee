import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SlipwayError } from '../../src/errors/index.js';
import type { Kube, KubeObject, ObjectWait } from '../../src/kube/types.js';
import { configMap, orderDefinition, readyNode, SandboxKube } from '../support/sandbox-kube.js';

let cluster: SandboxKube;
let kube: Kube;
const signal = new AbortController().signal;
const options = { signal };
const patient = { ...options, deadlineMs: 20_000, hint: 'look at it' };
const maps = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' };

beforeEach(async () => {
  cluster = await SandboxKube.start(2);
  kube = await cluster.client();
});
afterEach(() => cluster.close());

const value = (object: KubeObject | undefined): string | undefined =>
  (object?.['data'] as Record<string, string> | undefined)?.['key'];

const until = (desired: string, kinds = [maps]): ObjectWait<string> => ({
  what: `a to say ${desired}`,
  code: 'NODE_TIMEOUT',
  kinds,
  check: (view, say) => {
    const found = value(view.get(configMap('a')));
    say(found === undefined ? 'a is not there' : `a says ${found}`);
    return found === desired ? found : undefined;
  },
});

const watches = (): number => cluster.requests.filter((request) => request.includes('watch=true')).length;

/** Resolves once `count` watches were asked for: the wait is on its way. */
const watched = (count: number): Promise<void> => expect.poll(watches, { interval: 5 }).toBeGreaterThanOrEqual(count);

const reasonOf = (work: Promise<unknown>): Promise<SlipwayError> =>
  work.then(
    () => Promise.reject(new Error('it was not to succeed')),
    (error: unknown) => (error instanceof SlipwayError ? error : Promise.reject(error as Error)),
  );

describe('a wait for objects', () => {
  it('ends at once when all is as wished', async () => {
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await kube.until(until('one'), patient)).toBe('one');
  });

  it('ends with the change that was waited for', async () => {
    const waiting = kube.until(until('two'), patient);
    await watched(1);
    await kube.apply(configMap('a', { key: 'one' }), options);
    await kube.apply(configMap('a', { key: 'two' }), options);
    expect(await waiting).toBe('two');
  });

  it('shares one connection with others of its kind', async () => {
    const waits = Array.from({ length: 10 }, () => kube.until(until('one'), patient));
    await watched(1);
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await Promise.all(waits)).toHaveLength(10);
    expect(watches()).toBe(1);
  });

  it('leaves connections to those who ask, however many kinds are followed', async () => {
    const kinds = (await kube.kinds(options)).slice(0, 30);
    const stop = new AbortController();
    const waits = kinds.map((kind) =>
      kube
        .until({ ...until('never'), kinds: [kind] }, { ...patient, signal: stop.signal })
        .catch((error: unknown) => error),
    );
    await watched(kinds.length);
    expect(await kube.nodes(options)).toEqual([]);
    stop.abort(new Error('enough'));
    expect(await Promise.all(waits)).toHaveLength(kinds.length);
  });

  it('goes on where it was when the connection breaks', async () => {
    const waiting = kube.until(until('one'), patient);
    await watched(1);
    cluster.cut();
    await watched(2);
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await waiting).toBe('one');
    expect(cluster.requests.filter((request) => request.includes('/configmaps?limit'))).toHaveLength(1);
  });

  it('goes on at another server when its own is gone', async () => {
    const waiting = kube.until(until('one'), patient);
    await watched(1);
    await cluster.kill(0);
    await watched(2);
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await waiting).toBe('one');
  });

  it('lists anew when the server has forgotten where it was', async () => {
    let forgotten = 0;
    cluster.intercept = (request, response) => {
      if (!request.url?.includes('watch=true') || forgotten > 0) return false;
      forgotten += 1;
      const status = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(status)}\n`);
      return true;
    };
    const waiting = kube.until(until('one'), patient);
    await watched(2);
    await kube.apply(configMap('a', { key: 'one' }), options);
    expect(await waiting).toBe('one');
    expect(cluster.requests.filter((request) => request.includes('/configmaps?limit'))).toHaveLength(2);
  });

  it('takes a kind that is not served yet for one without objects, and follows it once it is', async () => {
    const orders = { apiVersion: 'shop.example/v1', kind: 'Order' };
    const order: KubeObject = { ...orders, metadata: { name: 'a', namespace: 'default' } };
    const said: string[] = [];
    const waiting = kube.until(
      {
        what: 'an order',
        code: 'NODE_TIMEOUT',
        kinds: [orders],
        check: (view, say) => {
          say(`${view.all(orders).length} orders`);
          return view.get(order)?.metadata.name;
        },
      },
      { ...patient, progress: (text) => said.push(text) },
    );
    await expect.poll(() => said).toContain('0 orders');
    await kube.apply(orderDefinition, options);
    await kube.apply(order, options);
    expect(await waiting).toBe('a');
  });

  it('ends at its deadline with what was seen last and what to do', async () => {
    await kube.apply(configMap('a', { key: 'one' }), options);
    const error = await reasonOf(kube.until(until('two'), { ...patient, deadlineMs: 150 }));
    expect(error).toMatchObject({ code: 'NODE_TIMEOUT', hint: 'look at it', exitCode: 4 });
    expect(error.message).toContain('a to say two');
    expect(error.details).toEqual(['last seen: a says one']);
  });

  it('says at its deadline that the API did not answer', async () => {
    const hasty = await cluster.client({ tuning: { patienceMs: 50 } });
    await cluster.kill(0);
    await cluster.kill(1);
    const error = await reasonOf(hasty.until(until('one'), { ...patient, deadlineMs: 400 }));
    expect(error.details[0]).toMatch(/the API does not answer: .*connection refused/);
  });

  it('ends at once where credentials are refused', async () => {
    cluster.intercept = (_, response) => {
      response.writeHead(401).end();
      return true;
    };
    expect((await reasonOf(kube.until(until('one'), patient))).code).toBe('KUBE_UNAUTHORIZED');
  });

  it('ends with what its check throws', async () => {
    const broken = new Error('never mind');
    const wait = { ...until('one'), check: () => Promise.reject(broken) as never };
    wait.check = () => {
      throw broken;
    };
    await expect(kube.until(wait, patient)).rejects.toBe(broken);
  });

  it('ends with the signal, and with the client', async () => {
    const stop = new AbortController();
    const stopped = expect(kube.until(until('one'), { ...patient, signal: stop.signal })).rejects.toThrow('enough');
    await watched(1);
    stop.abort(new Error('enough'));
    await stopped;
    const closed = reasonOf(kube.until(until('one'), patient));
    await watched(2);
    kube.close();
    expect((await closed).code).toBe('WATCH_CLOSED');
  });
});

describe('the watch on nodes', () => {
  it('tells of one node what was asked, over one connection for all', async () => {
    const watch = kube.watchNodes(signal);
    const ready = (name: string) =>
      watch.until(name, 'to be Ready', (node) => node?.ready === true, { ...patient, progress: () => {} });
    const both = Promise.all([ready('web-1'), ready('web-2')]);
    await watched(1);
    cluster.put(readyNode('web-2'));
    cluster.put(readyNode('web-1'));
    expect((await both).map((node) => node?.name)).toEqual(['web-1', 'web-2']);
    expect(watches()).toBe(1);
    watch.close();
  });

  it('names the node and its state when it takes too long', async () => {
    const watch = kube.watchNodes(signal);
    const never = watch.until('web-1', 'to be Ready', (node) => node?.ready === true, { ...patient, deadlineMs: 100 });
    expect(await reasonOf(never)).toMatchObject({
      code: 'NODE_TIMEOUT',
      message: expect.stringContaining('web-1 to be Ready') as string,
      details: ['last seen: not in the cluster'],
    });
    watch.close();
  });

  it('sees that a node is gone', async () => {
    cluster.put(readyNode('web-1'));
    const watch = kube.watchNodes(signal);
    const gone = watch.until('web-1', 'to be gone', (node) => node === undefined, patient);
    await watched(1);
    await kube.deleteNode('web-1', options);
    expect(await gone).toBeUndefined();
    watch.close();
  });
});
