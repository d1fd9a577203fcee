import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { KubernetesServer } from '../../../../providers/sandbox/kube-api/index.js';
import { type ApiServer, recordings, replay } from '../../../support/conversations.js';

const admin = 'admin';
const [{ from: version } = { from: '' }] = recordings();
const kubernetes = new KubernetesServer({
  version,
  clock: new ScaledClock(0.005),
  podStartMs: 3_000,
  podStopMs: 2_000,
  nodeLostMs: 1e12,
  ids: randomUUID,
  disabled: [],
});
let listener: Server;
let server: ApiServer;

beforeAll(async () => {
  kubernetes.start();
  const { store } = kubernetes;
  store.create(store.resource('v1', 'Node'), {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'kubernetes.io/os': 'linux' } },
    spec: {},
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    },
  });
  listener = createServer((request, response) => {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const identity =
      bearer === admin
        ? { user: 'system:admin', groups: ['system:masters', 'system:authenticated'] }
        : bearer === undefined
          ? undefined
          : kubernetes.identityOf(bearer);
    kubernetes.handle(request, response, identity);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  server = { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`, token: admin, timeoutMs: 10_000 };
});
afterAll(() => {
  kubernetes.stop();
  listener.close();
});

/** What the sandbox answers otherwise than a real server, by conversation and exchange, each with its reason. Not to grow. */
const known = JSON.parse(readFileSync(new URL('known-differences.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;

/** The same recordings are held against a real k3s by the end-to-end ring. */
describe('what clients say to an API server', () => {
  it.each(recordings().map((talk) => [talk.name, talk] as const))(
    'is answered as recorded, but for what is written down: %s',
    async (name, talk) => {
      const lines = await replay(server, talk);
      expect(lines.filter((line) => line.startsWith('broke off'))).toEqual([]);
      // A name may have blanks in it; what differs begins at a pointer.
      const differing = new Set(lines.map((line) => line.slice(0, line.search(/ \/(status|body|text|events)/))));
      const unexpected = lines.filter(
        (line) => !Object.keys(known[name] ?? {}).some((exchange) => line.startsWith(`${exchange} /`)),
      );
      expect(unexpected).toEqual([]);
      expect(Object.keys(known[name] ?? {}).filter((exchange) => !differing.has(exchange))).toEqual([]);
    },
    60_000,
  );
});
