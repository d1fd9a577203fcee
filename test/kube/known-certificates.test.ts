import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { type Clock, systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import type { SlipwayError } from '../../src/errors/index.js';
import type { Findings, Span } from '../../src/domain/findings.js';
import { openKube } from '../../src/kube/index.js';
import { firstCertificate, foreignCertificate, ourCa, renewedCertificate } from '../support/certificates.js';

const opened: Server[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** An API with one node; `asked` counts the requests that reach it. */
async function api(certificate: typeof firstCertificate, port = 0): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const server = createServer(certificate, (_, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'NodeList', items: [{ metadata: { name: 'demo-cp-1' } }] }));
  });
  opened.push(server);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, asked: () => asked };
}

async function stop(): Promise<void> {
  const server = opened.pop()!;
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}

/** Findings in memory, which show what was added. */
function memory(): Findings & { readonly spans: Map<string, Span> } {
  const spans = new Map<string, Span>();
  return {
    spans,
    holds: (key, at) => {
      const span = spans.get(key);
      return span !== undefined && span.from <= at && at <= span.until;
    },
    add: (key, span) => void spans.set(key, span),
  };
}

const everythingHolds: Findings = { holds: () => true, add: () => undefined };

/** The names of the nodes as a new run of the program sees them; or why it does not. */
async function nodesAt(port: number, findings: Findings, clock: Clock = systemClock): Promise<string> {
  const kubeconfig = JSON.stringify({
    'current-context': 'demo',
    clusters: [
      {
        name: 'demo',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(ourCa).toString('base64'),
        },
      },
    ],
    users: [{ name: 'demo', user: { token: 'token-of-demo' } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
  });
  const context = { kubeconfig: new Secret(kubeconfig), boundary: openBoundary, clock, findings };
  const kube = await openKube(context, { patienceMs: 0 });
  const { signal } = new AbortController();
  try {
    // Some at once, as plans ask: more than one connection is opened.
    const answers = await Promise.all([1, 2, 3].map(() => kube.nodes({ signal })));
    return [...new Set(answers.flat().map(({ name }) => name))].join(' ');
  } catch (error) {
    return (error as SlipwayError).details?.join(' ') ?? (error as Error).message;
  } finally {
    kube.close();
  }
}

it('a server’s certificate that OpenSSL found good is kept, once, with the time for which it and its CA hold', async () => {
  const { port } = await api(firstCertificate);
  const findings = memory();
  expect(await nodesAt(port, findings)).toBe('demo-cp-1');
  const kept = [...findings.spans];
  expect(kept).toHaveLength(2);
  for (const [, { from, until }] of kept) {
    expect(new Date(from).getUTCFullYear()).toBe(2026);
    expect(new Date(until).getUTCFullYear()).toBe(2126);
  }
  expect(await nodesAt(port, findings)).toBe('demo-cp-1');
  expect([...findings.spans]).toEqual(kept);
});

it('a certificate that is known is not verified again', async () => {
  // OpenSSL would refuse it.
  const { port } = await api(foreignCertificate);
  expect(await nodesAt(port, memory())).toMatch(/certificate is of another cluster/);
  expect(await nodesAt(port, everythingHolds)).toBe('demo-cp-1');
});

it('a server that shows a certificate of another CA in the place of a known one is refused, and is told nothing', async () => {
  const { port } = await api(firstCertificate);
  const findings = memory();
  await nodesAt(port, findings);
  await stop();
  const impostor = await api(foreignCertificate, port);
  expect(await nodesAt(port, findings)).toMatch(/certificate is of another cluster/);
  expect(impostor.asked()).toBe(0);
  expect(findings.spans.size).toBe(2);
});

it('a renewed certificate is verified and kept in its turn', async () => {
  const { port } = await api(firstCertificate);
  const findings = memory();
  await nodesAt(port, findings);
  await stop();
  await api(renewedCertificate, port);
  expect(await nodesAt(port, findings)).toBe('demo-cp-1');
  expect(findings.spans.size).toBe(3);
});

it('a certificate whose time is over is verified again, however well it is known', async () => {
  const { port } = await api(foreignCertificate);
  const findings = memory();
  const untilNow: Findings = { ...findings, holds: (_, at) => at < systemClock.now() + 1000 };
  expect(await nodesAt(port, untilNow)).toBe('demo-cp-1');
  const tomorrow: Clock = { ...systemClock, now: () => systemClock.now() + 24 * 3_600_000 };
  expect(await nodesAt(port, untilNow, tomorrow)).toMatch(/certificate is of another cluster/);
});
