import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';

const old = 'v1.36.4+k3s1';
const next = 'v1.36.5+k3s1';

/** A page that users see, and Prometheus beside it. */
class Site {
  status = 200;
  /** What a query finds. */
  alerts: readonly Readonly<Record<string, string>>[] = [];
  asked = '';
  readonly #server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname !== '/api/v1/query') return void response.writeHead(this.status).end('a page');
    this.asked = url.searchParams.get('query') ?? '';
    const result = this.alerts.map((metric) => ({ metric, value: [1_795_000_000, '1'] }));
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  open = (): Promise<void> => new Promise((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
  close = (): void => void this.#server.close();
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

const cli = new Cli();
const site = new Site();
const query = 'sum(rate(traefik_service_requests_total{code=~"5.."}[1m])) > 0';

const upgrade = (to: string, ...args: readonly string[]): Promise<Run> =>
  cli.run(['cluster', 'upgrade', 'demo', '--to', to, '--yes', ...args]);

/** Releases of the nodes, by their slots. */
async function versions(): Promise<Record<string, string | undefined>> {
  const { machines } = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: { name: string; node?: { version: string } }[];
  };
  return Object.fromEntries(machines.map(({ name, node }) => [name.split('-').slice(1, 3).join('-'), node?.version]));
}

beforeAll(async () => {
  await site.open();
  const describing = ['--control-planes', '1', '--workers', '3', '--kubernetes-version', old];
  const made = await cli.run(['cluster', 'create', 'demo', '--provider', 'sandbox', ...describing, '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(async () => {
  site.close();
  await cli.close();
});

describe('an upgrade that watches what users see', () => {
  it('is refused where that fails before anything is changed, and where it is no address', async () => {
    site.status = 502;
    const failing = await upgrade(next, '--gate-url', site.url);
    expect(failing.code, failing.err).toBe(3);
    expect(failing.err).toContain('GATE_FAILS');
    expect(failing.err).toContain('10 of 10 requests fail: status 502');
    site.status = 200;
    site.alerts = [{ service: 'shop' }];
    const prometheus = ['--gate-query', query, '--gate-prometheus', `${site.url}/`];
    const alerted = await upgrade(next, ...prometheus);
    expect(alerted.code, alerted.err).toBe(3);
    expect(alerted.err).toContain(
      'The query of --gate-query finds something before anything is changed: {"service":"shop"}',
    );
    expect(site.asked).toBe(query);
    const silent = await upgrade(next, '--gate-query', query, '--gate-prometheus', 'http://127.0.0.1:1');
    expect(silent.err).toContain('Prometheus could not be asked');
    const withPassword = await upgrade(next, '--gate-url', 'https://ada:hunter2@example.com/');
    expect(withPassword.code).toBe(2);
    expect(withPassword.err).not.toContain('hunter2');
    expect(new Set(Object.values(await versions()))).toEqual(new Set([old]));
  });

  it('stops behind the first worker when users are not served any more, and goes on when they are again, also where it is killed then', async () => {
    site.alerts = [];
    const watched = ['--gate-url', site.url, '--gate-query', query, '--gate-prometheus', site.url];
    const typed = ['cluster', 'upgrade', 'demo', '--to', next, '--yes', ...watched, '--progress', 'json'];
    const running = cli.start(typed);
    let said = '';
    running.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // While the first worker is at work: the next that asks is the gate behind it.
      if (/"step-started","at":\d+,"id":"upgrade:demo-workers-1/.test(said)) site.status = 503;
    });
    const { exitCode } = await running;
    const stopped = { code: exitCode, err: said };
    expect(stopped.code, stopped.err).toBe(4);
    expect(stopped.err).toContain('ROLLOUT_STOPPED');
    expect(stopped.err).toMatch(/http:\/\/127\.0\.0\.1:\d+\/: 10 of 10 requests fail: status 503\./);
    expect(await versions()).toEqual({ 'cp-1': next, 'workers-1': next, 'workers-2': old, 'workers-3': old });
    site.status = 200;
    const kill = { when: 'before', kind: 'ssh', what: 'demo-workers-2\\S* start-k3s', act: 'kill' };
    const killed = await cli.run(typed, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) });
    expect(killed.code, killed.err).toBe(137);
    const again = await upgrade(next, ...watched);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(new Set(Object.values(await versions()))).toEqual(new Set([next]));
  }, 240_000);
});
