import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();

interface Server {
  readonly id: number;
  readonly name: string;
}
interface Answer {
  readonly node: string;
  readonly complete: boolean;
  readonly times: {
    readonly noticedMs?: number;
    readonly capacityMs?: number;
    readonly url?: { readonly failedSeconds: number; readonly answeredMs?: number };
  };
  readonly earlier: readonly object[];
  readonly error?: { readonly code: string; readonly message: string };
}

const servers = (): Promise<readonly Server[]> => cli.cloud<Server>('servers');
const ids = async (): Promise<readonly number[]> => (await servers()).map(({ id }) => id).sort();
const drill = async (...args: string[]) => {
  const { code, out, err } = await cli.run(['drill', 'node-loss', 'demo', '--json', ...args]);
  return { code, err, ...(JSON.parse(out) as Answer) };
};

/** A page that fails twice, some seconds after it was first asked. */
let asked = 0;
const page = createServer((_, response) => {
  asked += 1;
  response.writeHead(asked === 2 || asked === 3 ? 503 : 200).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
pools: [{name: web, count: 2, standby: 1}]
components: {preset: none}
`,
  );
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 300_000);
afterAll(async () => {
  page.close();
  await cli.close();
});

describe('`drill node-loss`', () => {
  it('deletes nothing that it cannot ask about, or whose loss would cost the quorum', async () => {
    const before = await ids();
    expect(await drill()).toMatchObject({ code: 2, error: { code: 'CONFIRMATION_NEEDED' } });
    const refused = await drill('--node', 'cp-1', '--yes');
    expect(refused).toMatchObject({ code: 3, error: { code: 'DRILL_REFUSED' } });
    expect(refused.error!.message).toContain('etcd would lose its quorum');
    expect(await drill('--node', 'web-9', '--yes')).toMatchObject({ code: 2, error: { code: 'UNKNOWN_MACHINE' } });
    expect(await drill('--url', 'ftp://x', '--yes')).toMatchObject({ code: 2, error: { code: 'BAD_USAGE' } });
    expect(await ids()).toEqual(before);
  }, 300_000);

  it('times how a lost worker comes back by way of its standby, and keeps that to compare with', async () => {
    const { port } = page.address() as AddressInfo;
    const lost = (await servers()).find(({ name }) => name.startsWith('demo-web-2-'))!;
    const url = `http://127.0.0.1:${port}/`;
    const first = await drill('--node', 'web-2', '--heal', '--yes', '--url', url, '--html', 'drill.html');
    expect(first.code, first.err).toBe(0);
    expect(first).toMatchObject({ node: lost.name, complete: true, earlier: [] });
    expect(first.times.noticedMs).toBeGreaterThan(0);
    expect(first.times.capacityMs).toBeGreaterThan(0);
    expect(first.times.url).toMatchObject({ failedSeconds: 2, answeredMs: expect.any(Number) as number });
    expect(await ids()).not.toContain(lost.id);
    expect(await servers()).toHaveLength(4);
    expect(readFileSync(join(cli.home, 'drill.html'), 'utf8')).toContain(`Drill: demo lost ${lost.name}`);

    const again = await cli.run(['drill', 'node-loss', 'demo', '--heal', '--yes']);
    expect(again, again.err).toMatchObject({ code: 0 });
    // The next one stands by: healing was not cut short.
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
    expect(again.out).toMatch(/capacity back +\d+\.\d s +\(before: \d+\.\d s\)/);
  }, 300_000);

  it('says what did not come back where nobody heals, and it is healed then', async () => {
    const report = await drill('--node', 'web-1', '--yes', '--give-up-after', '3s');
    expect(report).toMatchObject({ code: 4, error: { code: 'DRILL_INCOMPLETE' } });
    expect(report.error!.message).toContain('no node took its place');
    expect(await cli.run(['cluster', 'heal', 'demo', '--yes'])).toMatchObject({ code: 0 });
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 300_000);
});
