import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { expectHarmless, hostile } from '../support/outside-text.js';

const cli = new Cli();
const folder = join(cli.home, 'ws', 'clusters', 'demo');
let api: Server;

beforeAll(async () => {
  await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes']);
  api = createServer((_, answer) => {
    answer.writeHead(422, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ error: { code: 'invalid_input', message: hostile } }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  api.close();
  await cli.close();
});

describe('control characters from outside never reach the terminal', () => {
  it('out of words of the command line', async () => {
    expectHarmless(await cli.run(['cluster', 'status', 'demo', `--${hostile}`]));
    expectHarmless(await cli.run([`cluster${hostile}`, 'status']));
  });

  it.each([['plain'], ['pretty'], ['json']])('out of an API’s error message, with progress as %s', async (progress) => {
    const { port } = api.address() as AddressInfo;
    const env = { HCLOUD_TOKEN: 'x'.repeat(64), HCLOUD_ENDPOINT: `http://127.0.0.1:${port}/v1` };
    const args = ['cluster', 'plan', 'other', '--provider', 'hetzner', '--progress', progress];
    expectHarmless(await cli.run(args, env));
    expectHarmless(await cli.run([...args, '--json'], env));
  });

  it('out of a journal, by `cluster status --history`', async () => {
    const journal = join(folder, 'journal');
    const [file] = readdirSync(journal) as [string];
    const text = readFileSync(join(journal, file), 'utf8');
    writeFileSync(
      join(journal, file.replace('2', '1')),
      text.replaceAll('"operation":"cluster create"', `"operation":${JSON.stringify(hostile)}`),
    );
    expectHarmless(await cli.run(['cluster', 'status', 'demo', '--history']));
    expectHarmless(await cli.run(['cluster', 'status', 'demo', '--history', '--json']));
  });

  it('out of a lock that another computer left', async () => {
    mkdirSync(folder, { recursive: true });
    const holder = { operation: hostile, pid: 1, host: hostile, user: hostile, since: '2026-01-01', nonce: 'n' };
    writeFileSync(join(folder, 'lock'), JSON.stringify(holder));
    const refused = await cli.run(['cluster', 'delete', 'demo', '--yes', '--confirm', 'demo']);
    expect(refused.code).toBe(7);
    expectHarmless(refused);
    expectHarmless(await cli.run(['cluster', 'status', 'demo']));
  });
});
