import type { IncomingMessage, ServerResponse } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Clock, systemClock } from '../../src/domain/clock.js';
import { AnswerTooLarge } from '../../src/http/body.js';
import { SlipwayError } from '../../src/errors/index.js';
import type { Kube } from '../../src/kube/types.js';
import { configMap, SandboxKube } from '../support/sandbox-kube.js';

let cluster: SandboxKube;
let kube: Kube;
const { signal } = new AbortController();
const options = { signal };
const timeouts = { connectMs: 4_000, silenceMs: 4_000, wholeMs: 300 };
const megabyte = Buffer.alloc(2 ** 20, 'x');

/** Milliseconds of the pauses that were made, deadlines left out. */
let pauses: number[];
const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => {
    if (ms < 10_000) pauses.push(ms);
    return systemClock.sleep(ms, signal);
  },
};

beforeEach(async () => {
  pauses = [];
  cluster = await SandboxKube.start();
  kube = await cluster.client({ clock, tuning: { patienceMs: 0, timeouts } });
  // Which kinds there are is known before anything goes wrong.
  await kube.kinds(options);
});
afterEach(() => cluster.close());

const watches = (): number => cluster.requests.filter((request) => request.includes('watch=true')).length;
const failed = async (work: Promise<unknown>): Promise<SlipwayError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof SlipwayError) return error;
  throw new Error(`no SlipwayError: ${String(error)}`);
};

/** Answers what fits with text that never ends; counts the bytes that were taken. */
function endless(fits: (url: string) => boolean, chunk: string | Buffer = megabyte): () => number {
  let sent = 0;
  cluster.intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!fits(request.url ?? '')) return false;
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
    };
    response.on('drain', more);
    more();
    return true;
  };
  return () => sent;
}

/** Answers what fits with a byte at a time, never silent and never at an end. */
function trickling(fits: (url: string) => boolean): void {
  cluster.intercept = (request, response) => {
    if (!fits(request.url ?? '')) return false;
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
    return true;
  };
}

describe('the Kubernetes client', () => {
  it('gives up a log of which more comes than was asked for', async () => {
    const sent = endless((url) => url.includes('/log'));
    const error = await failed(kube.podLog('default', 'web', { ...options, tailLines: 5 }));
    expect(error).toMatchObject({ code: 'KUBE_ERROR', exitCode: 4 });
    expect(error.message).toBe('the log of default/web failed: the answer is larger than 4 MiB.');
    expect(sent()).toBeLessThan(64 * 2 ** 20);
  });

  it('asks for a mebibyte of a log at most', async () => {
    await kube.podLog('default', 'web', { ...options, tailLines: 5 });
    expect(cluster.requests.at(-1)).toContain('limitBytes=1048576');
  });

  it('gives up a list that comes to no end', async () => {
    // A page that each time names the next one, as a server does that has lost count.
    let page = 0;
    cluster.intercept = (request, response) => {
      if (!request.url?.includes('/configmaps')) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ metadata: { continue: String(++page) }, items: [] }));
      return true;
    };
    const error = await failed(kube.list('v1', 'ConfigMap', {}, options));
    expect(error).toMatchObject({ code: 'KUBE_ERROR', exitCode: 4 });
    expect(error.message).toContain('it has more than 1000 pages');
    page = -1;
    cluster.intercept = (request, response) => {
      if (!request.url?.includes('/configmaps')) return false;
      response.writeHead(200).end(JSON.stringify({ metadata: { continue: 'again' }, items: [] }));
      return true;
    };
    expect((await failed(kube.list('v1', 'ConfigMap', {}, options))).message).toContain('page again follows itself');
  });

  it('gives up a list whose pages are too large together, however small each is', async () => {
    const bounded = await cluster.client({ clock, tuning: { patienceMs: 0, timeouts, listAtMost: 2 ** 20 } });
    let page = 0;
    cluster.intercept = (request, response) => {
      if (!request.url?.includes('/nodes')) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ metadata: { continue: String(++page) }, items: [], filler: 'x'.repeat(2 ** 19) }));
      return true;
    };
    const error = await failed(bounded.nodes(options));
    expect(error).toMatchObject({ code: 'KUBE_ERROR', exitCode: 4 });
    expect(error.message).toContain('its pages are larger than 1 MiB together');
    expect(page).toBe(2);
  });

  it.each([
    ['an object', (kept: Kube) => kept.get(configMap('a'), options), (url: string) => url.includes('/configmaps')],
    ['a list', (kept: Kube) => kept.nodes(options), (url: string) => url.includes('/nodes')],
    ['a log', (kept: Kube) => kept.podLog('default', 'web', options), (url: string) => url.includes('/log')],
  ])('gives up %s that trickles in without an end, though it is never silent', async (_what, ask, fits) => {
    trickling(fits);
    const error = await failed(ask(kube));
    expect(error).toMatchObject({ code: 'KUBE_UNREACHABLE', exitCode: 4 });
    expect(error.details.join()).toContain('no answer in time');
  });

  const unreadable: readonly (readonly [string, number, Readonly<Record<string, string>>, string, string])[] = [
    ['a page of a proxy', 200, { 'content-type': 'text/html' }, '<html>token-of-the-secret', 'HTTP 200, text/html'],
    ['a text that breaks off', 200, { 'content-type': 'application/json' }, '{"data": {"token', 'application/json'],
    ['a list where an object is due', 200, { 'content-type': 'application/json' }, '[]', 'application/json'],
    ['nothing', 200, {}, '', 'HTTP 200, of no type'],
    ['a way to a login elsewhere', 302, { location: 'https://login.example' }, '', 'HTTP 302, of no type'],
  ];
  it.each(unreadable)(
    'says of an answer that is %s that it cannot be read, and shows nothing of it',
    async (_what, status, headers, body, told) => {
      cluster.intercept = (_request, response) => {
        response.writeHead(status, headers).end(body);
        return true;
      };
      const calls = [
        () => kube.nodes(options),
        () => kube.get(configMap('a'), options),
        () => kube.list('v1', 'ConfigMap', {}, options),
        () => kube.apply(configMap('a', { key: 'one' }), options),
        () => kube.delete(configMap('a'), options),
      ];
      for (const ask of calls) {
        const error = await failed(ask());
        expect(error).toMatchObject({ code: 'KUBE_ERROR', exitCode: 4 });
        expect(error.message).toContain(`failed: the answer is no JSON object (`);
        expect(error.message).toContain(told);
        expect(error.hint).toContain('what answers at the API’s address');
        for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
          expect(String(cause.stack)).not.toContain('token');
      }
    },
  );

  it.each([
    ['a line without an end', 'x'.repeat(2 ** 20), 'the answer is larger than 16 MiB'],
    ['lines that are no events', '<html>\n'.repeat(100), 'is not valid JSON'],
  ])(
    'follows objects on after a watch that sent %s, and does not ask without a pause',
    async (_what, chunk, trouble) => {
      const sent = endless((url) => url.includes('watch=true'), chunk);
      const said: string[] = [];
      const wait = kube.until(
        {
          what: 'a to be there',
          code: 'NODE_TIMEOUT',
          kinds: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }],
          check: (view, say) => (say('a is not there'), view.get(configMap('a'))),
        },
        { ...options, deadlineMs: 60_000, hint: 'look', progress: (text) => said.push(text) },
      );
      await expect.poll(() => said.join('\n')).toContain(trouble);
      const asked = cluster.requests.filter((request) => request.includes('watch=true')).length;
      expect(asked).toBeLessThan(5);
      expect(sent()).toBeLessThan(256 * 2 ** 20);
      cluster.intercept = () => false;
      await kube.apply(configMap('a', { key: 'one' }), options);
      expect(await wait).toMatchObject({ data: { key: 'one' } });
    },
  );

  it('does not ask without a pause where each watch ends at once', async () => {
    cluster.intercept = (request, response) => {
      if (!request.url?.includes('watch=true')) return false;
      response.writeHead(200).end();
      return true;
    };
    const controller = new AbortController();
    const wait = kube.until(
      {
        what: 'a to be there',
        code: 'NODE_TIMEOUT',
        kinds: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }],
        check: (view) => view.get(configMap('a')),
      },
      { signal: controller.signal, deadlineMs: 60_000, hint: 'look' },
    );
    const ended = wait.catch(() => 'ended');
    await expect.poll(() => pauses).toEqual(expect.arrayContaining([100, 200, 400]));
    expect(watches()).toBeLessThanOrEqual(pauses.length + 1);
    controller.abort();
    expect(await ended).toBe('ended');
  });
});

it('an answer too large is told from one that did not arrive: it is not asked for again', async () => {
  const patient = await cluster.client({ tuning: { patienceMs: 60_000, timeouts: { ...timeouts, wholeMs: 60_000 } } });
  await patient.kinds(options);
  endless((url) => url.includes('/log'));
  const before = cluster.requests.length;
  const error = await failed(patient.podLog('default', 'web', options));
  expect(error.cause).toBeInstanceOf(AnswerTooLarge);
  expect(cluster.requests).toHaveLength(before + 1);
});
