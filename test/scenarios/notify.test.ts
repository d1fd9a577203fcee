import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';

let cli: Cli;
let hook: Server;
let status = 200;
const got: string[] = [];
const mails = (): string => (existsSync(join(cli.home, 'mails')) ? readFileSync(join(cli.home, 'mails'), 'utf8') : '');
const run = (...args: string[]): Promise<Run> => cli.run(args, { TEAM_HOOK: address() });
const address = (): string => `http://127.0.0.1:${(hook.address() as AddressInfo).port}/a-secret-path`;
/** What came since the last time. */
const news = (): readonly string[] => got.splice(0);

beforeAll(async () => {
  cli = new Cli();
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (status === 200) got.push((JSON.parse(body) as { text: string }).text);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    `name: demo
provider: {name: sandbox}
kubernetes: {version: v1.36.4+k3s1}
pools: [{name: workers, count: 2}]
notify:
  - {name: team, type: webhook, url: {env: TEAM_HOOK}}
  - {name: mail, type: mail, command: [sh, -c, 'cat >>mails'], to: [ops@acme.example], events: [upgrade]}
`,
  );
  const created = await run('cluster', 'create', '-f', 'cluster.yaml', '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
});
afterAll(async () => {
  hook.close();
  await cli.close();
});

it('`cluster notify --test` tells everybody, and says who could not be told without showing the address', async () => {
  const tried = await run('cluster', 'notify', 'demo', '--test');
  expect(tried, tried.err).toMatchObject({ code: 0, out: 'Told team, mail.' });
  expect(news()).toEqual(['demo: This is a test.\nSlipway can tell you.']);
  expect(mails()).toContain('To: ops@acme.example\nSubject: [demo] This is a test.\n');
  rmSync(join(cli.home, 'mails'));
  status = 500;
  const failed = await run('cluster', 'notify', 'demo', '--test', '--json');
  status = 200;
  expect(failed).toMatchObject({ code: 4 });
  expect(failed.out).toContain('NOTIFY_FAILED');
  expect(failed.out + failed.err).not.toContain('a-secret-path');
  expect(await cli.run(['cluster', 'notify', 'demo', '--test', '--channel', 'team'])).toMatchObject({ code: 4 });
  expect(await run('cluster', 'notify', 'demo', '--test', '--channel', 'nobody')).toMatchObject({ code: 2 });
});

it('a machine that was replaced is told of once, and healing goes on although nobody can be told', async () => {
  const { endpoint, info } = await cli.sandbox();
  const remove = async (): Promise<string> => {
    const { id, name } = (await cli.cloud<{ id: number; name: string }>('servers')).find((one) =>
      one.name.startsWith('demo-workers-1-'),
    )!;
    await fetch(`${endpoint}/servers/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${info.cloudToken}` },
    });
    return name;
  };
  const name = await remove();
  const healed = await run('cluster', 'heal', 'demo', '--yes');
  expect(healed, healed.err).toMatchObject({ code: 0 });
  expect(news()).toEqual([`demo: ${name} was replaced.\nits machine is gone`]);
  expect(await run('cluster', 'heal', 'demo', '--yes')).toMatchObject({ code: 0 });
  expect(news()).toEqual([]);
  status = 500;
  const again = await remove();
  const untold = await run('cluster', 'heal', 'demo', '--yes');
  status = 200;
  expect(untold, untold.err).toMatchObject({ code: 0 });
  expect(untold.err).toContain('team could not be told');
  expect(untold.err).toContain('it answered 500');
  // What was done is told in the next round, although all is well by then.
  expect(await run('cluster', 'heal', 'demo', '--yes')).toMatchObject({ code: 0 });
  expect(news()).toEqual([`demo: ${again} was replaced.\nits machine is gone`]);
  expect(await run('cluster', 'heal', 'demo', '--yes')).toMatchObject({ code: 0 });
  expect(news()).toEqual([]);
});

it('what healing leaves to a person is told of once, and again after it was well', async () => {
  const silent = { status: 429, code: 'rate_limit_exceeded', message: 'limit of 3600 requests per hour reached' };
  const heal = (): Promise<Run> => run('cluster', 'heal', 'demo', '--yes');
  for (let round = 0; round < 2; round += 1) {
    await cli.order({ cloud: [{ match: { path: '^/servers' }, times: 1000, effect: { error: silent } }] });
    const refused = await heal();
    expect(refused, refused.err).toMatchObject({ code: 3 });
    expect(news()).toEqual([expect.stringContaining('Nothing was changed.')]);
    expect(await heal()).toMatchObject({ code: 3 });
    expect(news()).toEqual([]);
    await cli.order({ clear: true });
    expect(await heal()).toMatchObject({ code: 0 });
    news();
  }
});

it('an upgrade that stops is told of to all who want to hear of it', async () => {
  await (
    await cli.sandbox()
  ).call('POST', 'machines', { act: 'change', name: 'demo-workers-2', facts: { crashesWith: 'v1.36.5+k3s1' } });
  const stopped = await run('cluster', 'upgrade', 'demo', '--to', 'v1.36.5+k3s1', '--yes');
  expect(stopped, stopped.err).toMatchObject({ code: 4 });
  expect(news()).toEqual([expect.stringMatching(/^demo: The upgrade to v1\.36\.5\+k3s1 stopped: /)]);
  expect(mails()).toContain('Subject: [demo] The upgrade to v1.36.5+k3s1 stopped: ');
});
